// Several threads, each with a mesh of its own: programs, flow tables, counters, arena. Flows are
// sharded before the clock starts, by the client's address, which both directions and all fragments
// share; so no thread writes what another reads.
//
// Invariant: every packet is in one shard, the workers' ledgers add up to that of one worker with
// everything, and each worker's passes are timed while all the others run.

import CAllocationCounter
import Dataplane
import Foundation
import Mesh
import Replay
import Wire

/// What one worker did in one run.
public struct WorkerResult: Sendable {
    public var worker: Int
    /// In the passes that were timed.
    public var packetCount: UInt64
    public var nanosecondsPerPacket: Double
    public var allocationCount: UInt64
    /// Of its mesh, the first pass included.
    public var ledger: Ledger
    public var isBalanced: Bool
}

enum Workers {
    /// Runs `count` workers for `passCount` passes each, and says what each of them did.
    static func run(
        _ count: Int, _ cluster: Cluster, _ recording: Recording, now: UInt64, passCount: Int,
        clock: @escaping Clock, overhead: UInt64 = 0
    ) -> [WorkerResult] {
        let gate = WorkerGate(count: count)
        let results = WorkerResults()
        let done = DispatchSemaphore(value: 0)
        for worker in 0..<count {
            let thread = Thread {
                let pass = MeshPass(cluster, recording, now: now) { frame in
                    shard(of: frame.frame, recording.bytes(of: frame.frame), count) == worker
                }
                results.add(work(worker, pass, passCount, gate, Timing(clock, overhead: overhead)))
                done.signal()
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        for _ in 0..<count { done.wait() }
        return results.all
    }

    private static func work(
        _ worker: Int, _ pass: consuming MeshPass, _ passCount: Int, _ gate: WorkerGate,
        _ timing: Timing
    ) -> WorkerResult {
        var pass = pass
        var timing = timing
        pass.pass(&timing)
        gate.begin()
        timing.reset()
        for _ in 0..<passCount { pass.pass(&timing) }
        let result = WorkerResult(
            worker: worker, packetCount: timing.packetCount,
            nanosecondsPerPacket: timing.nanosecondsPerPacket ?? 0,
            allocationCount: timing.allocations, ledger: pass.runner.ledger,
            isBalanced: pass.runner.checkInvariants())
        gate.finish()
        // The others are still being timed, and are to have company.
        while !gate.isOver { pass.pass(&timing) }
        return result
    }

    /// By the client's address: the source of what comes from the network, the destination of what
    /// comes from a task.
    static func shard(of frame: Frame, _ bytes: RawSpan, _ count: Int) -> Int {
        let isReply = frame.arrival != .network
        guard let link = LinkHeader(bytes) else { return 0 }
        var client = IPv6Address(high: 0, low: 0)
        if link.etherType == .ipv4, let header = IPv4Header(link.payload) {
            client = IPv6Address(mapped: isReply ? header.destination : header.source)
        } else if link.etherType == .ipv6, let header = IPv6Header(link.payload) {
            client = isReply ? header.destination : header.source
        }
        let mixed = (client.high ^ client.low) &* 0x9e37_79b9_7f4a_7c15
        return Int(mixed &>> 33) % count
    }
}
