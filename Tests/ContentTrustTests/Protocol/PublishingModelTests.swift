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
        /// Endings in which all publishers came to their end.
        var allFinished = 0
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
            if state.publishers.allSatisfy(\.pending.isFinish) { walk.allFinished += 1 }
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
        #expect(walk.states > 5_000)
        #expect(walk.allFinished > 50)
    }

    @Test(arguments: [(lowest, lowest), (lowest, highest)])
    func nothingIsLostToACrash(choices: (Choice, Choice)) {
        let model = RegistryModel(slotCount: 2, maximumRounds: 3)
        let walk = walk(model, from: model.start([choices.0, choices.1]), crashing: true) { model, state in
            // The next publisher, or a refresh, finds what a late write has hidden.
            var after = state
            var machine = RegistryModel.Machine(slotCount: 2, copies: 1, maximumRounds: 3, choose: Self.lowest)
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
        #expect(walk.endings > 5_000)
    }

    /// Nothing can be merged with a first set, so of several at most one may be said to be published.
    @Test(arguments: [(lowest, lowest), (lowest, highest)])
    func ofTwoThatCreateOneEndsWell(choices: (Choice, Choice)) {
        let model = RegistryModel(slotCount: 3, copies: 2, creates: true, maximumRounds: 3)
        var bothEndedWell = 0
        let walk = walk(model, from: model.start([choices.0, choices.1]), crashing: false) { model, state in
            let finished = Self.finished(state)
            if finished.count > 1 { bothEndedWell += 1 }
            return nil
        }
        #expect(walk.endings > 10)
        #expect(bothEndedWell == 0)
    }

    /// Three and more publishers have too many interleavings to visit all; these are some, each reproduced by its seed.
    @Test(arguments: [3, 5])
    func manyPublishersLoseNothing(count: Int) throws {
        var finishes = 0
        for seed: UInt64 in 0..<3000 {
            var generator = SeededGenerator(seed: seed)
            let model = RegistryModel(slotCount: 8, copies: 3, maximumRounds: 24)
            let choices: [Choice] = (0..<count).map { index in
                { free in
                    var chance = SeededGenerator(seed: seed &* 1000 &+ UInt64(index))
                    for slot in free { chance = SeededGenerator(seed: chance.next() &+ UInt64(slot)) }
                    return free[Int(chance.next() % UInt64(free.count))]
                }
            }
            var state = model.start(choices)
            // Some runs prefer one publisher for a while, so that others stand still between any two of their steps.
            var favoured = 0
            while let index = next(of: state, &favoured, &generator) { model.step(&state, index) }
            let finished = Self.finished(state)
            finishes += finished.count
            let pointer = try #require(state.pointer)
            let lost = finished.subtracting(model.sets.all[pointer].changes)
            #expect(lost.isEmpty, "seed \(seed): lost \(lost)")
        }
        // Whoever gives up is told so; with as many rounds as there are that must be the exception.
        #expect(finishes > 3000 * count * 9 / 10)
    }

    private func next(
        of state: RegistryModel.State,
        _ favoured: inout Int,
        _ generator: inout SeededGenerator
    ) -> Int? {
        let working = state.publishers.indices.filter { !state.publishers[$0].pending.isEnd }
        guard !working.isEmpty else { return nil }
        if generator.next() % 8 == 0 { favoured = working[Int(generator.next() % UInt64(working.count))] }
        return working.contains(favoured) ? favoured : working[Int(generator.next() % UInt64(working.count))]
    }
}
