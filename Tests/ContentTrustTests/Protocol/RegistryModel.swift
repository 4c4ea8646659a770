import ContentTrust
import TrustCrypto

/// A registry and its publishers, small enough to be walked in all orders.
///
/// A set is a number. What went into a set decides its number, so that two ways to the same state are seen to be the same.
struct RegistryModel {
    /// The sets that were ever made, in whatever order; shared by all branches of a walk.
    final class Sets {
        struct Made: Hashable {
            let maker: Int
            let parents: [Int]
            let changes: Set<Int>
        }
        private(set) var all: [(lineage: Lineage, changes: Set<Int>)] = []
        private var numbers: [Made: Int] = [:]

        init() {
            // Set 0 is what is there in the beginning.
            _ = make(by: -1, from: [], adding: nil)
        }

        /// The set that `maker` makes above `parents`.
        func make(by maker: Int, from parents: [Int], adding change: Int?) -> Int {
            var changes = Set(parents.flatMap { all[$0].changes })
            if let change { changes.insert(change) }
            let made = Made(maker: maker, parents: parents.sorted(), changes: changes)
            if let number = numbers[made] { return number }
            let lineages = parents.map { all[$0].lineage }
            let version = (lineages.map(\.own.snapshotVersion).max() ?? 0) + 1
            let number = all.count
            let own = Lineage.Entry(
                snapshot: Digest.compute(.sha256, over: Array("\(number)".utf8).span),
                snapshotVersion: version,
                targetsVersion: version
            )
            let lineage = Lineage(
                own: own,
                ancestors: lineages.first?.ancestors(mergedWith: Array(lineages.dropFirst())) ?? [],
                timestampVersion: version,
                rootVersion: 1
            )
            all.append((lineage, changes))
            numbers[made] = number
            return number
        }
    }

    /// One publisher: its machine, and what it is about to do.
    struct Publisher: Hashable {
        var machine: Machine
        var pending: PublishingProtocol<Int>.Operation
        /// It stopped for ever; `pending` is what was under way, which may still arrive.
        var crashed = false

        static func == (left: Publisher, right: Publisher) -> Bool {
            left.machine.state == right.machine.state && left.pending == right.pending && left.crashed == right.crashed
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(machine.state)
            hasher.combine(crashed)
        }
    }

    typealias Machine = PublishingProtocol<Int>

    /// What can be told apart.
    struct State: Hashable {
        var pointer: Int? = 0
        var slots: [Int?]
        var publishers: [Publisher]
    }

    let sets = Sets()
    let slotCount: Int
    var copies = 1
    var creates = false
    let maximumRounds: Int

    func start(_ choices: [@Sendable ([Int]) -> Int]) -> State {
        var publishers: [Publisher] = []
        for choose in choices {
            var machine = Machine(
                slotCount: slotCount,
                copies: copies,
                creates: creates,
                maximumRounds: maximumRounds,
                choose: choose
            )
            let first = machine.next(.none)
            publishers.append(Publisher(machine: machine, pending: first))
        }
        return State(pointer: creates ? nil : 0, slots: Array(repeating: nil, count: slotCount), publishers: publishers)
    }

    /// Carries out what a publisher is about to do, and all that touches nothing shared.
    func step(_ state: inout State, _ index: Int) {
        var answer = perform(state.publishers[index].pending, by: index, in: &state)
        while true {
            let operation = state.publishers[index].machine.next(answer)
            state.publishers[index].pending = operation
            switch operation {
            case .backOff:
                answer = .none
            case .examine(let ids):
                answer = .lineages(Dictionary(uniqueKeysWithValues: ids.map { ($0, .some(sets.all[$0].lineage)) }))
            case .prepare(let present, let announced):
                answer = prepare(present, announced, by: index)
            default:
                return
            }
        }
    }

    /// A set above everything that is not part of another, as ``Publication`` makes it.
    private func prepare(_ present: Int?, _ announced: [Int], by index: Int) -> Machine.Answer {
        if creates, present != nil { return .cannotMerge }
        let candidates = ([present].compactMap { $0 } + announced)
        let maximal = candidates.filter { candidate in
            !candidates.contains { $0 != candidate && sets.all[$0].lineage.covers(sets.all[candidate].lineage) }
        }
        if maximal == [present], sets.all[maximal[0]].changes.contains(index) { return .nothingToDo }
        let number = sets.make(by: index, from: maximal, adding: index)
        return .prepared(number, sets.all[number].lineage)
    }

    func perform(_ operation: Machine.Operation, by index: Int, in state: inout State) -> Machine.Answer {
        switch operation {
        case .readPointer: return .names(state.pointer)
        case .readSlot(let slot), .confirmSlot(let slot): return .names(state.slots[slot])
        case .announce(let slot, let id):
            state.slots[slot] = id
            return .written
        case .movePointer(let id):
            state.pointer = id
            return .written
        default: preconditionFailure("not an operation on the registry")
        }
    }
}

extension PublishingProtocol.Operation {
    /// Whether the publisher is at its end.
    var isEnd: Bool {
        switch self {
        case .finish, .giveUp: true
        default: false
        }
    }

    var isFinish: Bool {
        if case .finish = self { return true }
        return false
    }

    var isWrite: Bool {
        switch self {
        case .announce, .movePointer: true
        default: false
        }
    }
}
