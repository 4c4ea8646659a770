import CanonicalJSON
import TUF

/// The owner of a simulated repository, who changes it as bytes say, never takes a version back, and uses no key twice.
///
/// Each role has two keys or three, and two of them must sign.
struct TrustChainOwner {
    private(set) var repository = RepositorySimulator(repository: nil)
    /// The canonical form of everything that the owner signed, by role.
    private(set) var signed: [RoleName: Set<[UInt8]>] = [:]
    /// All files that were served, publication after publication.
    private(set) var history: [[String: [UInt8]]] = []
    private var delegations: [RoleName: [TrustChainEdge]] = [:]
    private var binned: Set<RoleName> = []
    private var nextKey: UInt32 = 0

    static let paths = ["x", "ab", "b", "dir/x", "evil"]
    static let names = ["a", "b", "c", "d"].compactMap { try? RoleName($0) }

    /// An owner at the beginning, who is the same each time and is therefore made once.
    init() {
        self = Self.beginning
        repository = repository.copy()
    }

    private static let beginning = TrustChainOwner(beginningAt: SimulatedClock.start)

    private init(beginningAt start: Instant) {
        for role in RoleName.topLevel { repository.root.roles[role] = SimulatedRoleKeys(newKeys(2), threshold: 2) }
        let keys = repository.currentSigners(.root)
        repository.roots[1] = RepositorySimulator.envelope(.object(repository.signed(.root)), signedBy: keys)
        publish(at: start)
    }

    /// Does one thing, and publishes it.
    mutating func act(_ choices: inout ByteChoices, at now: Instant) {
        let roles = [.targets] + repository.delegated.keys.sorted()
        switch choices.next(below: 6) {
        case 0, 1:
            let path = Self.paths[choices.next(below: 4)]
            let role = choices.next(of: roles) ?? .targets
            let content = "\(path) of \(role), \(history.count)"
            if role == .targets { repository.setTarget(path, to: content) }
            repository.delegated[role]?.setTarget(path, to: content)
        case 2: rotate(choices.next(of: RoleName.topLevel) ?? .root, count: 2 + choices.next(below: 2))
        case 3: delegate(from: choices.next(of: roles) ?? .targets, &choices)
        case 4: delegateToBins(from: choices.next(of: roles) ?? .targets)
        default: removeDelegations(of: choices.next(of: roles) ?? .targets)
        }
        publish(at: now)
    }

    private mutating func newKeys(_ count: Int) -> [SimulatedKey] {
        defer { nextKey += UInt32(count) }
        return (0..<UInt32(count)).map { .numbered(nextKey + $0) }
    }

    private mutating func rotate(_ role: RoleName, count: Int) {
        let before = repository.currentSigners(.root)
        repository.root.roles[role] = SimulatedRoleKeys(newKeys(count), threshold: 2)
        repository.publishRoot(signedBy: role == .root ? before + repository.currentSigners(.root) : before)
    }

    private mutating func delegate(from parent: RoleName, _ choices: inout ByteChoices) {
        let child = choices.next(of: Self.names) ?? Self.names[0]
        let scope = TrustChainEdge.Scope.allCases[choices.next(below: TrustChainEdge.Scope.allCases.count)]
        let isTerminating = choices.next(below: 2) == 1
        let edges = delegations[parent] ?? []
        guard !binned.contains(parent), !edges.contains(where: { $0.child == child }) else { return }
        delegations[parent] = edges + [TrustChainEdge(child: child, scope: scope, isTerminating: isTerminating)]
        repository.delegate(
            to: child,
            from: parent,
            keys: repository.signers[child] ?? newKeys(2),
            threshold: 2,
            isTerminating: isTerminating,
            scope: scope.json
        )
    }

    private mutating func delegateToBins(from parent: RoleName) {
        guard binned.isEmpty, delegations[parent] == nil else { return }
        binned.insert(parent)
        // The simulator's bins have a threshold of 1, so the bins get a key that is never stolen.
        repository.delegateToBins("bin", bitLength: 1, from: parent, keys: newKeys(1))
    }

    private mutating func removeDelegations(of parent: RoleName) {
        guard !binned.contains(parent) else { return }
        delegations[parent] = nil
        if parent == .targets { repository.targets.delegations = nil }
        repository.delegated[parent]?.delegations = nil
    }

    private mutating func publish(at now: Instant) {
        for role in repository.delegated.keys { repository.delegated[role]?.version += 1 }
        repository.timestamp.expires = now.advanced(bySeconds: 3 * 86_400)
        repository.publish()
        for role in RoleName.topLevel + Array(repository.delegated.keys) {
            let file = try? JSONDocument(parsing: repository.file(role)).root["signed"]?.canonicalBytes()
            if let file { signed[role, default: []].insert(file) }
        }
        history.append(repository.files())
    }

    // MARK: What a search has to find

    /// The role that has the last word on a path, worked out without the code that is tested.
    ///
    /// - Returns: The role, `nil` when there is none, and nothing at all when hash bins come in, which this does not know.
    func answer(for path: String) -> RoleName?? {
        var visited: Set<RoleName> = []
        var isOver = false
        func search(_ role: RoleName) -> RoleName?? {
            guard visited.insert(role).inserted else { return .some(nil) }
            let targets = role == .targets ? repository.targets : repository.delegated[role]
            if targets?.targets[path] != nil { return role }
            guard !binned.contains(role) else { return .none }
            for edge in delegations[role] ?? [] where edge.scope.contains(path) {
                guard let answer = search(edge.child) else { return .none }
                if answer != nil { return answer }
                isOver = isOver || edge.isTerminating
                if isOver { break }
            }
            return .some(nil)
        }
        return search(.targets)
    }
}

/// One delegation of the owner's.
struct TrustChainEdge {
    let child: RoleName
    let scope: Scope
    let isTerminating: Bool

    enum Scope: CaseIterable {
        case all, beginsWithA, inDirectory, hashBelowEight

        var json: JSONObject {
            switch self {
            case .all: ["paths": ["*", "*/*"]]
            case .beginsWithA: ["paths": ["a*"]]
            case .inDirectory: ["paths": ["dir/*"]]
            case .hashBelowEight: ["path_hash_prefixes": ["0", "1", "2", "3", "4", "5", "6", "7"]]
            }
        }

        /// Whether a path is in it: for the paths that there are, not for any.
        func contains(_ path: String) -> Bool {
            switch self {
            case .all: true
            case .beginsWithA: path == "ab"
            case .inDirectory: path == "dir/x"
            case .hashBelowEight: Self.below.contains(path)
            }
        }

        /// The SHA-256 digests of the paths, from another program, begin with these digits:
        /// x 2, ab f, b 3, dir/x 8, evil b.
        private static let below: Set<String> = ["x", "b"]
    }
}
