// Goal: the hash is SipHash-1-3. Method: a second implementation written byte by byte from the paper
// (Aumasson and Bernstein, 2012, section 2), with rounds as parameters. It is itself held to the
// paper's SipHash-2-4 example (appendix A) and to CPython, which hashes bytes with SipHash-1-3 and,
// when PYTHONHASHSEED is 0, a key of zeros (PEP 456).

import Dataplane
import Foundation
import Testing
import Wire

/// As in the paper: c compression rounds, d finalization rounds.
private func naiveSipHash(_ message: [UInt8], _ key: HashKey, c: Int, d: Int) -> UInt64 {
    var v: [UInt64] = [
        key.k0 ^ 0x736f_6d65_7073_6575, key.k1 ^ 0x646f_7261_6e64_6f6d,
        key.k0 ^ 0x6c79_6765_6e65_7261, key.k1 ^ 0x7465_6462_7974_6573,
    ]
    func rotated(_ x: UInt64, _ n: UInt64) -> UInt64 { x << n | x >> (64 - n) }
    func round() {
        v[0] &+= v[1]
        v[1] = rotated(v[1], 13) ^ v[0]
        v[0] = rotated(v[0], 32)
        v[2] &+= v[3]
        v[3] = rotated(v[3], 16) ^ v[2]
        v[0] &+= v[3]
        v[3] = rotated(v[3], 21) ^ v[0]
        v[2] &+= v[1]
        v[1] = rotated(v[1], 17) ^ v[2]
        v[2] = rotated(v[2], 32)
    }
    var padded = message
    while padded.count % 8 != 7 { padded.append(0) }
    padded.append(UInt8(truncatingIfNeeded: message.count))
    for start in stride(from: 0, to: padded.count, by: 8) {
        let word = padded[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        v[3] ^= word
        for _ in 0..<c { round() }
        v[0] ^= word
    }
    v[2] ^= 0xff
    for _ in 0..<d { round() }
    return v[0] ^ v[1] ^ v[2] ^ v[3]
}

/// The data plane's, fed with a message of any length.
private func hash(_ message: [UInt8], _ key: HashKey) -> UInt64 {
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    var hash = SipHash(key)
    let tailStart = message.count / 8 * 8
    for start in stride(from: 0, to: tailStart, by: 8) {
        hash.absorb(word(message[start..<start + 8]))
    }
    return hash.finish(tail: word(message[tailStart...]), byteCount: message.count)
}

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

@Suite struct SipHashTests {
    private static let python = "/usr/bin/python3"

    @Test func `the second implementation gives the paper's example`() {
        let key = HashKey(k0: 0x0706_0504_0302_0100, k1: 0x0f0e_0d0c_0b0a_0908)
        #expect(naiveSipHash([UInt8](0..<15), key, c: 2, d: 4) == 0xa129_ca61_49be_45e5)
    }

    @Test func `every length up to 63 bytes hashes as the paper says`() {
        var generator = SeededGenerator(seed: 13)
        for byteCount in 0..<64 {
            for _ in 0..<20 {
                let key = HashKey(k0: generator.next(), k1: generator.next())
                let message = generator.bytes(byteCount)
                #expect(hash(message, key) == naiveSipHash(message, key, c: 1, d: 3))
            }
        }
    }

    @Test func `CPython hashes bytes alike under a key of zeros`() throws {
        let script = """
            import sys
            assert sys.hash_info.algorithm == "siphash13", sys.hash_info
            for n in range(1, 64): print(hash(bytes((n * 7 + i) % 256 for i in range(n))))
            """
        let process = Process()
        process.executableURL = URL(filePath: Self.python)
        process.arguments = ["-c", script]
        process.environment = ["PYTHONHASHSEED": "0"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let hashes = String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap {
            Int64($0)
        }
        try #require(hashes.count == 63)
        for (byteCount, expected) in zip(1..<64, hashes) {
            let message = (0..<byteCount).map { UInt8(truncatingIfNeeded: byteCount * 7 + $0) }
            let hash = hash(message, HashKey(k0: 0, k1: 0))
            #expect(hash == UInt64(bitPattern: expected), "\(byteCount) bytes")
        }
    }

    @Test func `a flow hashes as the bytes of its fields`() {
        var generator = SeededGenerator(seed: 4)
        for index in 0..<200 {
            let key = HashKey(k0: generator.next(), k1: generator.next())
            let client = generator.client(isIPv6: index % 2 == 1)
            let flow = FlowKey(
                client: IPv6Address(client), clientPort: generator.port(),
                servicePort: generator.port(), proto: index % 3 == 0 ? .udp : .tcp)
            let ports =
                littleEndian(flow.clientPort.rawValue) + littleEndian(flow.servicePort.rawValue)
            let message: [UInt8]
            switch client {
            case .v4(let address):
                message = ports + littleEndian(address.rawValue) + [flow.proto.rawValue]
            case .v6(let address):
                message =
                    littleEndian(address.high) + littleEndian(address.low) + ports
                    + [flow.proto.rawValue]
            }
            #expect(flow.hash(key) == naiveSipHash(message, key, c: 1, d: 3))
        }
    }
}
