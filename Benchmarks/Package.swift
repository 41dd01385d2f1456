// swift-tools-version: 6.2
import PackageDescription

// The cases layer by layer, in a package of their own so that whoever builds Weft needs none of this.
// Without its default traits the harness needs no allocator of its own: `weft bench` counts allocations.
let package = Package(
    name: "weft-benchmarks",
    dependencies: [
        .package(name: "weft", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Layers",
            dependencies: [
                .product(name: "Bench", package: "weft"),
                .product(name: "Dataplane", package: "weft"),
                .product(name: "Mesh", package: "weft"), .product(name: "Wire", package: "weft"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Layers",
            swiftSettings: [.swiftLanguageMode(.v6), .enableExperimentalFeature("Lifetimes")],
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ]
)
