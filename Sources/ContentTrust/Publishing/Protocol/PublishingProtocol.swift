/// How a publisher moves the pointer of a registry that cannot swap it conditionally, without losing anybody's change.
///
/// The registry has a *pointer* (what readers see) and a few *slots* (announcements). A publisher
///
/// 1. looks at the pointer and all slots, and makes a set above everything there that is not part of another;
/// 2. announces the set in a slot whose present content is part of it;
/// 3. looks again, and begins anew when it sees something that its set does not cover, or its announcement is gone;
/// 4. moves the pointer;
/// 5. looks a last time, and begins anew when the pointer no longer covers its set, or a slot holds something that the
///    pointer does not cover.
///
/// Of two publishers at least one announces before the other looks, so at least one sees the other. Announcements stay:
/// a publisher that moves the pointer late, after another has ended, is found out by the next one that looks.
///
/// This type is the whole decision, without I/O: it says what to do next and is told what came of it. The tests walk all
/// interleavings of it. docs/adr/0001-publishing-protocol.md explains it at length.
package struct PublishingProtocol<SetID: Hashable & Sendable>: Sendable {
    /// What to do next.
    package enum Operation: Equatable, Sendable {
        /// Read which set the pointer names.
        case readPointer
        /// Read which set a slot names.
        case readSlot(Int)
        /// Load and verify sets that were not seen before.
        case examine([SetID])
        /// Make a set above these and upload all that it needs, but for its announcement.
        case prepare(present: SetID?, announced: [SetID])
        /// Let a slot name the set.
        case announce(slot: Int, SetID)
        /// Let the pointer name the set.
        case movePointer(SetID)
        /// Wait a little, for as long as this round suggests: another publisher is at work.
        case backOff(round: Int)
        /// Nothing un-merged is left.
        case finish(SetID, changed: Bool)
        /// The bound on rounds is reached.
        case giveUp
    }

    /// What came of an operation.
    package enum Answer: Sendable {
        /// Nothing to tell: the first call, and after ``Operation/backOff(round:)``.
        case none
        /// What the pointer or slot names; nil when the tag does not exist.
        case names(SetID?)
        /// The lineage of each set that was examined; nil for what cannot be verified, which is left alone for ever.
        case lineages([SetID: Lineage?])
        /// The set that was made.
        case prepared(SetID, Lineage)
        /// What is there is as wished.
        case nothingToDo
        /// The tag was written.
        case written
    }

    private enum Look: Sendable {
        case begin, announced, moved
    }

    private enum Phase: Sendable {
        case start
        case reading(Look, next: Int)
        case examining(Look)
        case preparing
        case announcing(slot: Int)
        case moving
        case waiting
        case ended
    }

    private let slotCount: Int
    private let maximumRounds: Int
    /// Which of the slots that may be overwritten is taken.
    private let choose: @Sendable ([Int]) -> Int

    private var phase = Phase.start
    private var round = 1
    private var pointer: SetID?
    private var slots: [SetID?]
    private var known: [SetID: Lineage?] = [:]
    private var own: SetID?
    private var ownSlot = 0
    /// The set with which this publisher's change first came up, and all that it made since, which add nothing to it but
    /// what others announced.
    private var ownSets: Set<SetID> = []
    private var firstOwn: SetID?
    private var changed = false

    /// A publisher at the beginning of its work.
    ///
    /// - Parameters:
    ///   - slotCount: How many slots there are.
    ///   - maximumRounds: How many sets to make at most.
    ///   - choose: Picks one of the slots that may be overwritten. Publishers that choose at random get in each other's
    ///     way less.
    package init(slotCount: Int, maximumRounds: Int, choose: @escaping @Sendable ([Int]) -> Int) {
        self.slotCount = slotCount
        self.maximumRounds = maximumRounds
        self.choose = choose
        slots = Array(repeating: nil, count: slotCount)
    }

    /// What to do after the last operation came to this.
    package mutating func next(_ answer: Answer) -> Operation {
        switch (phase, answer) {
        case (.start, _), (.waiting, _):
            return look(.begin)
        case (.reading(let look, let next), .names(let id)):
            return read(look, next: next, id)
        case (.examining(let look), .lineages(let lineages)):
            known.merge(lineages) { _, new in new }
            return decide(look)
        case (.preparing, .prepared(let id, let lineage)):
            known[id] = .some(lineage)
            own = id
            ownSets.insert(id)
            if firstOwn == nil { firstOwn = id }
            return announce(id)
        case (.preparing, .nothingToDo):
            guard let pointer else { return end(.giveUp) }
            return end(.finish(pointer, changed: changed))
        case (.announcing(let slot), .written):
            ownSlot = slot
            return look(.announced)
        case (.moving, .written):
            changed = true
            return look(.moved)
        default:
            preconditionFailure("an answer that does not belong to the operation")
        }
    }

    // MARK: Looking

    private mutating func look(_ look: Look) -> Operation {
        phase = .reading(look, next: 0)
        return .readSlot(0)
    }

    /// Slots first and the pointer last: what was announced before the pointer moved is then seen.
    private mutating func read(_ look: Look, next: Int, _ id: SetID?) -> Operation {
        if next < slotCount {
            slots[next] = id
            phase = .reading(look, next: next + 1)
            return next + 1 < slotCount ? .readSlot(next + 1) : .readPointer
        }
        pointer = id
        let unknown = Set(([pointer] + slots).compactMap { $0 }).filter { known[$0] == nil }
        guard !unknown.isEmpty else { return decide(look) }
        phase = .examining(look)
        return .examine(Array(unknown))
    }

    private mutating func decide(_ look: Look) -> Operation {
        switch look {
        case .begin:
            phase = .preparing
            let present = pointer
            return .prepare(present: present, announced: announcedSets.filter { $0 != present })
        case .announced:
            guard let own, slots[ownSlot] == own, uncovered(by: own).isEmpty else { return again() }
            phase = .moving
            return .movePointer(own)
        case .moved:
            guard let own, let pointer, let firstOwn else { return again() }
            // Someone who merged this publisher's sets may have moved the pointer on.
            if pointer == own || covers(pointer, firstOwn) {
                let left = uncovered(by: pointer).filter { !isRedundant($0, under: pointer) }
                if left.isEmpty { return end(.finish(pointer, changed: true)) }
            }
            return again()
        }
    }

    private mutating func again() -> Operation {
        guard round < maximumRounds else { return end(.giveUp) }
        round += 1
        phase = .waiting
        return .backOff(round: round)
    }

    private mutating func end(_ operation: Operation) -> Operation {
        phase = .ended
        return operation
    }

    // MARK: Announcing

    private mutating func announce(_ id: SetID) -> Operation {
        let free = (0..<slotCount).filter { slot in
            guard let there = slots[slot], let lineage = known[there] ?? nil else { return true }
            return covers(id, there) || isPast(lineage, under: id)
        }
        // Everything that was seen went into the set, so some slot is free, unless sets with a newer root could not be
        // merged.
        guard !free.isEmpty else { return again() }
        let slot = choose(free)
        phase = .announcing(slot: slot)
        return .announce(slot: slot, id)
    }

    // MARK: Covering

    private var announcedSets: [SetID] {
        var seen: Set<SetID> = []
        return slots.compactMap { $0 }.filter { known[$0] ?? nil != nil && seen.insert($0).inserted }
    }

    /// What the pointer and the slots hold that `id` does not cover.
    private func uncovered(by id: SetID) -> [SetID] {
        var all = announcedSets
        if let pointer, known[pointer] ?? nil != nil { all.append(pointer) }
        return all.filter { other in
            guard !covers(id, other), let lineage = known[other] ?? nil else { return false }
            return !isPast(lineage, under: id)
        }
    }

    private func covers(_ id: SetID, _ other: SetID) -> Bool {
        if id == other { return true }
        guard let lineage = known[id] ?? nil, let otherLineage = known[other] ?? nil else { return false }
        return lineage.covers(otherLineage)
    }

    private func isPast(_ lineage: Lineage, under id: SetID) -> Bool {
        (known[id] ?? nil)?.isPast(lineage) ?? false
    }

    /// Whether a set that this publisher made only to merge others' is needless, because all that went into it is in the
    /// pointer too.
    private func isRedundant(_ id: SetID, under pointer: SetID) -> Bool {
        guard ownSets.contains(id), id != firstOwn, let firstOwn, covers(pointer, firstOwn),
            let lineage = known[id] ?? nil, let under = known[pointer] ?? nil
        else { return false }
        let ownSnapshots = Set(ownSets.compactMap { (known[$0] ?? nil)?.own })
        return lineage.ancestors.allSatisfy {
            ownSnapshots.contains($0) || under.own == $0 || under.ancestors.contains($0) || under.isBeyondWindow($0)
        }
    }
}
