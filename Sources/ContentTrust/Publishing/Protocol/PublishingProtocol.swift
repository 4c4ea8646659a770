/// How a publisher moves the pointer of a registry that cannot swap it conditionally, without losing anybody's change.
///
/// The registry has a *pointer* (what readers see) and a few *slots* (announcements). A publisher
///
/// 1. looks at all slots and the pointer, and makes a set above everything there that is not part of another;
/// 2. announces the set in several slots whose present content is part of it, or cannot be merged;
/// 3. looks again, and begins anew when it sees something that its set does not cover, or an announcement is gone;
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
        /// Read once more which set a slot names, right before it is overwritten.
        case confirmSlot(Int)
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
        /// The keys at hand cannot merge what others announced: they sign the timestamp alone.
        case cannotMerge
        /// The tag was written.
        case written
    }

    fileprivate enum Look: Sendable {
        case begin, announced, moved
    }

    fileprivate enum Phase: Hashable, Sendable {
        case start
        case reading(Look, next: Int)
        case examining(Look)
        case preparing
        case confirming(slots: [Int])
        case announcing(slots: [Int])
        case moving
        case waiting
        case ended
    }

    /// All that the decision depends on.
    package struct State: Hashable, Sendable {
        fileprivate var phase = Phase.start
        fileprivate var round = 1
        fileprivate var pointer: SetID?
        fileprivate var slots: [SetID?]
        /// The lineage of each set that was examined or made; nil for those that cannot be verified.
        fileprivate var known: [SetID: Lineage?] = [:]
        fileprivate var own: SetID?
        /// The slots in which ``own`` was announced.
        fileprivate var ownSlots: [Int] = []
        /// The set with which this publisher's change first came up, and all that it made since, which add nothing to it
        /// but what others announced.
        fileprivate var ownSets: Set<SetID> = []
        fileprivate var firstOwn: SetID?
        /// What was known when ``own`` was made.
        fileprivate var takenIn: Set<SetID> = []
        /// Whether the keys at hand can merge what others announced.
        fileprivate var canMerge = true
        /// While creating: what lay in the slots before, and is nobody's who creates now.
        fileprivate var leftOver: Set<SetID> = []
    }

    /// For how many rounds a publisher that cannot merge waits for those who announced something. What they leave in
    /// their slots for longer waits for one that can.
    private static var patience: Int { 4 }

    private let slotCount: Int
    private let copies: Int
    private let creates: Bool
    private let replacesRoot: Bool
    private let maximumRounds: Int
    /// Which of the slots that may be overwritten is taken.
    private let choose: @Sendable ([Int]) -> Int

    /// Where the publisher is in its work. Two publishers in the same state go on in the same way.
    package private(set) var state: State

    /// A publisher at the beginning of its work.
    ///
    /// - Parameters:
    ///   - slotCount: How many slots there are.
    ///   - copies: In how many of them a set is announced, if that many can be overwritten. With the pointer, one more than
    ///     the number of publishers whose writes may be under way at once.
    ///   - creates: Whether this is the first set of a repository. It cannot be merged with anything.
    ///   - replacesRoot: Whether the set has a root that follows the present one. Sets under the present one, which are not
    ///     merged any more afterwards, still are while readers do not know the new one.
    ///   - maximumRounds: How many sets to make at most.
    ///   - choose: Picks one of the slots that may be overwritten. Publishers that choose at random get in each other's
    ///     way less.
    package init(
        slotCount: Int,
        copies: Int,
        creates: Bool = false,
        replacesRoot: Bool = false,
        maximumRounds: Int,
        choose: @escaping @Sendable ([Int]) -> Int
    ) {
        self.slotCount = slotCount
        self.copies = copies
        self.creates = creates
        self.replacesRoot = replacesRoot
        self.maximumRounds = maximumRounds
        self.choose = choose
        state = State(slots: Array(repeating: nil, count: slotCount))
    }

    /// What to do after the last operation came to this.
    package mutating func next(_ answer: Answer) -> Operation {
        switch (state.phase, answer) {
        case (.start, _), (.waiting, _):
            return look(.begin)
        case (.reading(let look, let next), .names(let id)):
            return read(look, next: next, id)
        case (.examining(let look), .lineages(let lineages)):
            state.known.merge(lineages) { _, new in new }
            return decide(look)
        case (.preparing, .prepared(let id, let lineage)):
            return announce(id, lineage)
        case (.preparing, .nothingToDo):
            guard let pointer = state.pointer else { return end(.giveUp) }
            return end(.finish(pointer, changed: state.firstOwn != nil))
        case (.preparing, .cannotMerge):
            guard state.canMerge else { return end(.giveUp) }
            state.canMerge = false
            return .prepare(present: state.pointer, announced: [])
        case (.confirming(let slots), .names(let id)):
            return confirmed(slots, id)
        case (.announcing(let slots), .written):
            return slots.count > 1 ? confirm(Array(slots.dropFirst())) : look(.announced)
        case (.moving, .written):
            return look(.moved)
        default:
            preconditionFailure("an answer that does not belong to the operation")
        }
    }

    // MARK: Looking

    private mutating func look(_ look: Look) -> Operation {
        state.phase = .reading(look, next: 0)
        return .readSlot(0)
    }

    /// Slots first and the pointer last: what was announced before the pointer moved is then seen.
    private mutating func read(_ look: Look, next: Int, _ id: SetID?) -> Operation {
        if next < slotCount {
            state.slots[next] = id
            state.phase = .reading(look, next: next + 1)
            return next + 1 < slotCount ? .readSlot(next + 1) : .readPointer
        }
        state.pointer = id
        let unknown = Set(([id] + state.slots).compactMap { $0 }).filter { state.known[$0] == nil }
        guard !unknown.isEmpty else { return decide(look) }
        state.phase = .examining(look)
        return .examine(Array(unknown))
    }

    private mutating func decide(_ look: Look) -> Operation {
        switch look {
        case .begin:
            if creates, state.pointer == nil {
                // Somebody may be about to create it: what stays for some rounds is left over.
                let others = Set(state.slots.compactMap { $0 })
                if !others.isEmpty, state.round < Self.patience { return again() }
                state.leftOver = others
            }
            state.phase = .preparing
            let present = state.pointer
            let announced = toMerge.filter { $0 != present }
            state.takenIn = Set(announced + [present].compactMap { $0 })
            return .prepare(present: present, announced: announced)
        case .announced:
            if creates {
                let others = state.slots.compactMap { $0 }.filter { $0 != state.own && !state.leftOver.contains($0) }
                guard others.isEmpty, state.pointer == nil else { return end(.giveUp) }
            }
            guard let own = state.own, state.ownSlots.allSatisfy({ state.slots[$0] == own }),
                uncovered(by: own).isEmpty, overtaken(by: own).isEmpty
            else { return again() }
            state.phase = .moving
            return .movePointer(own)
        case .moved:
            // Someone who merged this publisher's set may have moved the pointer on.
            guard let pointer = state.pointer, let first = state.firstOwn, covers(pointer, first),
                uncovered(by: pointer).allSatisfy({ isNeedless($0, under: pointer) })
            else { return again() }
            return end(.finish(pointer, changed: true))
        }
    }

    private mutating func again() -> Operation {
        guard state.round < maximumRounds else { return end(.giveUp) }
        state.round += 1
        state.phase = .waiting
        return .backOff(round: state.round)
    }

    private mutating func end(_ operation: Operation) -> Operation {
        state.phase = .ended
        return operation
    }

    // MARK: Announcing

    private mutating func announce(_ id: SetID, _ lineage: Lineage) -> Operation {
        state.known[id] = .some(lineage)
        state.own = id
        state.ownSets.insert(id)
        if state.firstOwn == nil { state.firstOwn = id }
        var free = (0..<slotCount).filter { slot in
            guard let there = state.slots[slot], let other = self.lineage(of: there) else { return true }
            return covers(id, there) || lineage.isPast(other)
        }
        // What was seen went into the set, so some slot is free, unless it was left to others for want of keys.
        guard !free.isEmpty else {
            guard !state.canMerge else { return again() }
            state.ownSlots = []
            state.phase = .moving
            return .movePointer(id)
        }
        // The slot of what readers see is kept while another will do: its tags keep the garbage collector from that set.
        let others = free.filter { state.slots[$0] == nil || state.slots[$0] != state.pointer }
        if !others.isEmpty { free = others }
        var chosen: [Int] = []
        while chosen.count < copies, !free.isEmpty {
            let slot = choose(free)
            free.removeAll { $0 == slot }
            chosen.append(slot)
        }
        state.ownSlots = chosen
        return confirm(chosen)
    }

    private mutating func confirm(_ slots: [Int]) -> Operation {
        state.phase = .confirming(slots: slots)
        return .confirmSlot(slots[0])
    }

    /// Goes on to overwrite a slot, unless it changed since the look: so that however long a publisher stands still, it
    /// overwrites one announcement at most that it has not taken into account.
    private mutating func confirmed(_ slots: [Int], _ id: SetID?) -> Operation {
        guard let own = state.own, id == state.slots[slots[0]] || id == own else { return again() }
        state.phase = .announcing(slots: slots)
        return .announce(slot: slots[0], own)
    }

    // MARK: Covering

    /// The lineage of a set; nil for what cannot be verified.
    private func lineage(of id: SetID) -> Lineage? {
        state.known[id] ?? nil
    }

    /// What is to go into the next set: what is announced, and this publisher's last set, which somebody may have
    /// overwritten everywhere.
    private var toMerge: [SetID] {
        guard state.canMerge, !creates else { return [] }
        guard let own = state.own, !announcedSets.contains(own) else { return announcedSets }
        return announcedSets + [own]
    }

    /// What the slots name and can be verified, each once.
    private var announcedSets: [SetID] {
        var seen: Set<SetID> = []
        return state.slots.compactMap { $0 }.filter { lineage(of: $0) != nil && seen.insert($0).inserted }
    }

    /// What the pointer and the slots hold that `id` does not cover.
    private func uncovered(by id: SetID) -> [SetID] {
        var all = state.canMerge || state.round < Self.patience ? announcedSets : []
        if let pointer = state.pointer { all.append(pointer) }
        return all.filter { other in
            guard !covers(id, other), let theirs = lineage(of: other), let mine = lineage(of: id) else { return false }
            return !mine.isPast(theirs)
        }
    }

    /// What came up under the root that `id` replaces since `id` was made. Whoever announced it may be told that it is
    /// published before the new root can be seen.
    private func overtaken(by id: SetID) -> [SetID] {
        guard replacesRoot, let mine = lineage(of: id) else { return [] }
        return (announcedSets + [state.pointer].compactMap { $0 }).filter { other in
            guard !state.takenIn.contains(other), !covers(id, other), let theirs = lineage(of: other) else {
                return false
            }
            return theirs.rootVersion < mine.rootVersion && !mine.isPast(theirs, rootIsUnpublished: true)
        }
    }

    private func covers(_ id: SetID, _ other: SetID) -> Bool {
        if id == other { return true }
        guard let mine = lineage(of: id), let theirs = lineage(of: other) else { return false }
        return mine.covers(theirs)
    }

    /// Whether a set is one that this publisher made only to merge others', and all that went into it is in the pointer
    /// too. Two publishers that merge each other would otherwise never end.
    private func isNeedless(_ id: SetID, under pointer: SetID) -> Bool {
        guard state.ownSets.contains(id), id != state.firstOwn, let mine = lineage(of: id),
            let under = lineage(of: pointer)
        else { return false }
        let own = Set(state.ownSets.compactMap { lineage(of: $0)?.own })
        return mine.ancestors.allSatisfy {
            own.contains($0) || under.own == $0 || under.ancestors.contains($0) || under.isBeyondWindow($0)
        }
    }
}
