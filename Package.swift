// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is held to the same rules: Swift 6 language mode, memory safety made visible,
/// and no warning left standing. `Lifetimes` is what lets a header view borrow the bytes it reads.
let rules: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// `make` says which revision it builds; a plain `swift build` does not, and the command says so.
let revision: [CSetting] =
    Context.environment["WEFT_REVISION"].map {
        [.define("WEFT_REVISION", to: "\"\($0)\"")]
    } ?? []

let package = Package(
    name: "weft",
    products: [
        .library(name: "Wire", targets: ["Wire"]),
        .library(name: "Dataplane", targets: ["Dataplane"]),
        .library(name: "Mesh", targets: ["Mesh"]),
        // For Benchmarks/, a package of its own.
        .library(name: "Bench", targets: ["Bench", "Capture"]),
        .executable(name: "weft", targets: ["weft"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
    ],
    targets: [
        .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
        .target(name: "CPrefetch"),
        .target(name: "Wire", dependencies: ["CPrefetch"], swiftSettings: rules),
        .target(name: "Dataplane", dependencies: ["Wire"], swiftSettings: rules),
        .target(name: "Ipvsadm", dependencies: ["Dataplane", "Wire"], swiftSettings: rules),
        .target(name: "Mesh", dependencies: ["Dataplane", "Wire"], swiftSettings: rules),
        .target(name: "Capture", dependencies: ["CPcap"], swiftSettings: rules),
        .target(
            name: "Compose",
            dependencies: ["Dataplane", "Mesh", "Wire", .product(name: "Yams", package: "Yams")],
            swiftSettings: rules),
        .target(name: "Traffic", dependencies: ["Wire"], swiftSettings: rules),
        .target(
            name: "Replay", dependencies: ["Capture", "Dataplane", "Mesh", "Wire"],
            swiftSettings: rules),
        .target(name: "CAllocationCounter"),
        .target(name: "CFloor"),
        .target(name: "CMachine", cSettings: revision),
        .target(
            name: "Bench",
            dependencies: [
                "CAllocationCounter", "CFloor", "CMachine", "Capture", "Dataplane", "Mesh",
                "Replay",
                "Traffic", "Wire", .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: rules),
        .executableTarget(
            name: "weft",
            dependencies: [
                "Bench", "CMachine", "Capture", "Compose", "Dataplane", "Ipvsadm", "Mesh", "Replay",
                "Traffic", "Wire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: rules),
        .testTarget(
            name: "WireTests", dependencies: ["Wire"], exclude: ["Fixtures"], swiftSettings: rules),
        .testTarget(
            name: "DataplaneTests",
            dependencies: ["CAllocationCounter", "Capture", "Dataplane", "Mesh", "Wire"],
            swiftSettings: rules),
        .testTarget(
            name: "DirectorTests", dependencies: ["Dataplane", "Ipvsadm", "Wire"],
            exclude: ["Fixtures"], swiftSettings: rules),
        .testTarget(
            name: "IpvsadmTests", dependencies: ["Dataplane", "Ipvsadm", "Wire"],
            exclude: ["Fixtures", "Oracle"], swiftSettings: rules),
        .testTarget(
            name: "MeshTests", dependencies: ["Mesh", "Dataplane", "Wire"], swiftSettings: rules),
        .testTarget(
            name: "CaptureTests", dependencies: ["Capture", "CPcap"], swiftSettings: rules),
        .testTarget(
            name: "ComposeTests", dependencies: ["Compose", "Dataplane", "Mesh", "Wire"],
            exclude: ["Fixtures"],
            swiftSettings: rules),
        .testTarget(name: "TrafficTests", dependencies: ["Traffic", "Wire"], swiftSettings: rules),
        .testTarget(
            name: "ReplayTests",
            dependencies: [
                "Capture", "Compose", "Dataplane", "Ipvsadm", "Mesh", "Replay", "Traffic", "Wire",
            ],
            swiftSettings: rules),
        .testTarget(
            name: "BenchTests",
            dependencies: [
                "Bench", "CAllocationCounter", "Capture", "Dataplane", "Mesh", "Replay", "Traffic",
                "Wire",
            ],
            swiftSettings: rules),
        .testTarget(
            name: "WeftTests",
            dependencies: [
                "weft", "Bench", "Capture", "Compose", "Dataplane", "Ipvsadm", "Mesh", "Replay",
                "Wire",
            ],
            swiftSettings: rules),
        .target(
            name: "FuzzTargets",
            dependencies: ["Capture", "Dataplane", "Ipvsadm", "Mesh", "Replay", "Wire"],
            path: "Tests/Fuzz/Targets", swiftSettings: rules),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], swiftSettings: rules),
        .testTarget(name: "TidyTests", swiftSettings: rules),
    ]
)
