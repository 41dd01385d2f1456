// Goal: what nodes take and what the wire takes are told apart, and add up. Method: a clock that goes on by
// ten nanoseconds whenever it is read, so that every figure follows from how often it was.

import Dataplane
import Mesh
import Replay
import Testing

@Suite struct StopwatchTests {
    /// What a mesh took for so many batches of nothing, in nanoseconds by a clock that counts its readings.
    private func times(batchCount: Int) throws -> (busy: UInt64, wire: UInt64, nodes: UInt64) {
        var runner = MeshRunner(try Replaying.cluster("web"))
        var observer = NoObserver()
        var now: UInt64 = 0
        for _ in 0..<batchCount {
            runner.run(now: 0, observer: &observer) {
                now += 10
                return now
            }
        }
        return (runner.busyNanoseconds, runner.wireNanoseconds, runner.processingNanoseconds)
    }

    @Test func `one batch of sixteen tells what part the wire has of all`() throws {
        // A batch of one round that is looked at closely reads the clock before and after its wire too: 30
        // nanoseconds, ten of them the wire's. The others are 10 altogether.
        #expect(try times(batchCount: 1) == (30, 10, 20))
        #expect(try times(batchCount: 16) == (180, 60, 120))
        #expect(try times(batchCount: 17) == (210, 70, 140))
    }

    @Test func `nothing run takes no time`() throws {
        #expect(try times(batchCount: 0) == (0, 0, 0))
    }
}
