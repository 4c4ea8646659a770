import ContentTrust
import Testing

/// Walks all interleavings of publishers on one registry, whose tags can be written without condition.
@Suite struct PublishingModelTests {
    typealias Choice = @Sendable ([Int]) -> Int

    static let lowest: Choice = { $0[0] }
    static let highest: Choice = { $0[$0.count - 1] }

    /// What a walk met.
    struct Walk {
        var states = 0
        var endings = 0
        var gaveUp = 0
        var violations: [String] = []
    }

    /// Visits every state that can be reached once.
    func walk(
        _ model: RegistryModel,
        from start: RegistryModel.State,
        crashing: Bool,
        check: (RegistryModel, RegistryModel.State) -> String?
    ) -> Walk {
        var walk = Walk()
        var seen: Set<RegistryModel.State> = [start]
        var stack = [start]
        func visit(_ state: RegistryModel.State) {
            if seen.insert(state).inserted { stack.append(state) }
        }
        while let state = stack.popLast() {
            walk.states += 1
            var isEnding = true
            for index in state.publishers.indices {
                let publisher = state.publishers[index]
                guard !publisher.pending.isEnd else { continue }
                if publisher.crashed {
                    // A write that was under way when its publisher died may arrive at any time, or never.
                    guard publisher.pending.isWrite else { continue }
                    var late = state
                    _ = model.perform(publisher.pending, by: index, in: &late)
                    late.publishers[index].pending = .giveUp
                    visit(late)
                    continue
                }
                isEnding = false
                var next = state
                model.step(&next, index)
                visit(next)
                if crashing, index == 0 {
                    var crashed = state
                    crashed.publishers[index].crashed = true
                    visit(crashed)
                }
            }
            guard isEnding else { continue }
            walk.endings += 1
            if state.publishers.contains(where: { $0.pending == .giveUp && !$0.crashed }) { walk.gaveUp += 1 }
            if let violation = check(model, state) { walk.violations.append(violation) }
        }
        return walk
    }

    /// The changes of all publishers that ended well.
    static func finished(_ state: RegistryModel.State) -> Set<Int> {
        Set(state.publishers.indices.filter { state.publishers[$0].pending.isFinish })
    }

    @Test(arguments: [(lowest, lowest), (lowest, highest)], [2, 3])
    func bothChangesAreInTheResult(choices: (Choice, Choice), rounds: Int) {
        let model = RegistryModel(slotCount: 2, maximumRounds: rounds)
        let walk = walk(model, from: model.start([choices.0, choices.1]), crashing: false) { model, state in
            guard let pointer = state.pointer else { return "no pointer" }
            let lost = Self.finished(state).subtracting(model.sets.all[pointer].changes)
            return lost.isEmpty ? nil : "lost \(lost) with \(state)"
        }
        #expect(walk.violations.isEmpty, "\(walk.violations.first ?? "")")
        #expect(walk.endings > 0)
        print(
            "two publishers, \(rounds) rounds: \(walk.states) states, \(walk.endings) endings, \(walk.gaveUp) gave up"
        )
    }

    @Test(arguments: [(lowest, lowest), (lowest, highest)])
    func nothingIsLostToACrash(choices: (Choice, Choice)) {
        let model = RegistryModel(slotCount: 2, maximumRounds: 3)
        let walk = walk(model, from: model.start([choices.0, choices.1]), crashing: true) { model, state in
            // The next publisher, or a refresh, finds what a late write has hidden.
            var after = state
            var machine = RegistryModel.Machine(slotCount: 2, maximumRounds: 3, choose: Self.lowest)
            let first = machine.next(.none)
            after.publishers.append(RegistryModel.Publisher(machine: machine, pending: first))
            let next = after.publishers.count - 1
            while !after.publishers[next].pending.isEnd { model.step(&after, next) }
            guard after.publishers[next].pending.isFinish, let pointer = after.pointer else {
                return "the next publisher did not come to its end with \(state)"
            }
            let lost = Self.finished(state).subtracting(model.sets.all[pointer].changes)
            return lost.isEmpty ? nil : "lost \(lost) with \(state)"
        }
        #expect(walk.violations.isEmpty, "\(walk.violations.first ?? "")")
        print("a crash of one: \(walk.states) states, \(walk.endings) endings")
    }
}
