// Goal: a row of the growth table is of the packets it says, and all of them arrive. Method: counts, over
// scenarios as small and as odd as they come; times are not looked at.

import Bench
import Dataplane
import Testing

@Suite struct GrowthTests {
    private var options: BenchOptions {
        var options = BenchOptions()
        options.trials = 2
        options.trialNanoseconds = 0
        return options
    }

    @Test(arguments: [
        Scenario(serviceCount: 1, taskCount: 1, flowCount: 1, frameByteCount: 64),
        Scenario(serviceCount: 10, taskCount: 3, flowCount: 1_000, frameByteCount: 128),
        Scenario(serviceCount: 2, taskCount: 300, flowCount: 5_000, frameByteCount: 64),
        Scenario(serviceCount: 3, taskCount: 1, flowCount: 300, frameByteCount: 9_000),
    ])
    func `a row remembers its flows, and allocates nothing`(scenario: Scenario) throws {
        let row = try #require(try Growth.row("test", scenario, options) { 0 })
        #expect(row.flows == scenario.flowCount)
        #expect(row.entry.trials == 2 && row.replyEntry.trials == 2)
        #if !DEBUG
            #expect(row.allocations == 0)
        #endif
    }

    @Test func `a batch goes in, over, and back, all of it`() throws {
        let mesh = try ScenarioMesh(Scenario(serviceCount: 5, taskCount: 2, flowCount: 100))
        mesh.openAll()
        let (opened, _) = mesh.arrived
        mesh.fill()
        mesh.enter()
        mesh.cross(to: 1)
        mesh.own()
        #expect(mesh.arrived.atTasks == opened + UInt64(Limits.batchFrameCount))
        mesh.answer()
        mesh.reply()
        mesh.cross(to: 0)
        mesh.handOver()
        #expect(mesh.arrived.atClients == UInt64(Limits.batchFrameCount))
        #expect(mesh.isBalanced && mesh.flowMemory.flowCount == 100)
    }

    @Test func `every quantity of the table grows, one at a time`() {
        let base = Scenario()
        for (varied, scenario) in Growth.scenarios(isQuick: false) where varied != "tasks" {
            let changed = [
                scenario.serviceCount != base.serviceCount, scenario.taskCount != base.taskCount,
                scenario.flowCount != base.flowCount,
                scenario.frameByteCount != base.frameByteCount,
            ]
            #expect(changed.count { $0 } <= 1, "\(varied): \(scenario)")
        }
        #expect(Growth.scenarios(isQuick: false).contains { $0.scenario.flowCount == 10_000_000 })
    }

    @Test func `a change is told step by step`() throws {
        let changes = try Growth.changes(serviceCount: 10, options) { 0 }
        #expect(changes.count == 8)
        #expect(changes.last?.name == "a Maglev table of 65537 slots for 1000 tasks")
    }
}
