// Where workers wait for each other: all begin together, and all keep on until the last is done, so
// that none runs part of its time alone.
//
// A class because threads share it; it is touched once a pass, by nobody between. Invariant: `begin`
// returns in all workers or in none, and `isOver` is true once every worker has finished.

import Synchronization

final class WorkerGate: Sendable {
    private let count: Int
    private let arrived = Atomic<Int>(0)
    private let finished = Atomic<Int>(0)

    init(count: Int) { self.count = count }

    /// Waits, spinning, until all workers have come.
    func begin() {
        arrived.add(1, ordering: .acquiringAndReleasing)
        while arrived.load(ordering: .acquiring) < count {}
    }

    func finish() { finished.add(1, ordering: .acquiringAndReleasing) }

    var isOver: Bool { finished.load(ordering: .acquiring) >= count }
}

/// What workers leave behind, under a lock that each takes once.
final class WorkerResults: Sendable {
    private let results = Mutex<[WorkerResult]>([])

    func add(_ result: WorkerResult) { results.withLock { $0.append(result) } }

    /// In the order of the workers.
    var all: [WorkerResult] {
        results.withLock { $0.sorted { $0.worker < $1.worker } }
    }
}
