import CanonicalJSON
import TUF
import TUFClient
import TrustCrypto

/// An owner, an attacker and two clients, who do what bytes say: for a fuzzer, and for the tests that replay what it
/// found.
///
/// Whatever the bytes are, these hold: a client trusts nothing but what a threshold of the owner's keys signed; what it
/// trusts never goes back; what the owner serves is trusted; and of that, a search finds what it has to.
public struct TrustChainMachine {
    /// What happened.
    public struct Report: Sendable {
        /// How many updates were trusted.
        public var trusted = 0
        /// How many updates and searches were refused.
        public var refused = 0
        /// How many targets were found, and not found.
        public var found = 0, notFound = 0
        /// What did not hold, if something did not.
        public var violation: String?
    }

    /// A client, and what it trusted last.
    private struct Client {
        let updater: Updater<MemoryTrustCache>
        var trusted: KeptVersions?
        var set: TrustedSet?
    }

    private var choices: ByteChoices
    private var owner = TrustChainOwner()
    private var attacker: TrustChainAttacker
    private var clients: [Client]
    private var now = SimulatedClock.start
    private var report = Report()

    private static let mostActs = 48

    /// A machine at its beginning.
    ///
    /// - Parameters:
    ///   - bytes: What is done.
    ///   - stolenKeys: How many keys of each role the attacker has. With 2 or more nothing protects anybody.
    public init(_ bytes: [UInt8], stolenKeys: Int = 1) {
        choices = ByteChoices(bytes)
        attacker = TrustChainAttacker(stolen: stolenKeys)
        attacker.served.files = owner.repository.files()
        let keys = Set(owner.repository.currentSigners(.root).map(\.computedID))
        clients = (0..<2).map { _ in
            let anchor = RootAnchor.keys(keys, threshold: 2)
            return Client(updater: Updater(anchor: anchor, binding: .unbound, cache: MemoryTrustCache()))
        }
    }

    /// Does what the bytes say.
    ///
    /// - Returns: What happened, up to the first violation.
    public mutating func run() async -> Report {
        for _ in 0..<Self.mostActs where !choices.isEmpty && report.violation == nil {
            switch choices.next(below: 8) {
            case 0, 1: owner.act(&choices, at: now)
            case 2, 3, 4: attacker.act(&choices, against: owner)
            case 5: await refresh(choices.next(below: 4))
            case 6: await search(choices.next(below: 4))
            default: now = now.advanced(bySeconds: Int64(choices.next(below: 256)) * 3600)
            }
        }
        return report
    }

    private mutating func require(_ condition: Bool, _ violation: @autoclosure () -> String) {
        if !condition, report.violation == nil { report.violation = violation() }
    }

    // MARK: Updates

    private mutating func refresh(_ choice: Int) async {
        let number = choice / 2
        let isHonest = choice % 2 == 0
        do {
            let set = try await refreshed(clients[number].updater, isHonest)
            report.trusted += 1
            clients[number].set = set
            check(set, of: number)
        } catch {
            report.refused += 1
            require(!isHonest || isExpired, "the owner's files are refused: \(error)")
        }
    }

    private func refreshed(
        _ updater: Updater<MemoryTrustCache>,
        _ isHonest: Bool
    ) async throws(UpdateError<SimulatorFailure>) -> TrustedSet {
        isHonest
            ? try await updater.refresh(from: owner.repository, now: now)
            : try await updater.refresh(from: attacker.served, now: now)
    }

    /// Whether the owner let the repository expire.
    private var isExpired: Bool {
        let repository = owner.repository
        let expiries = [
            repository.root.expires, repository.timestamp.expires, repository.snapshot.expires,
            repository.targets.expires,
        ]
        return expiries.contains { $0 <= now }
    }

    private mutating func check(_ set: TrustedSet, of number: Int) {
        checkSigned(set.root, .root)
        checkSigned(set.timestamp, .timestamp)
        checkSigned(set.snapshot, .snapshot)
        checkSigned(set.targets, .targets)
        require(set.common.values.allSatisfy { $0.expires > now }, "expired metadata is trusted")
        let new = KeptVersions(
            root: set.root.payload.common.version,
            timestamp: set.timestamp.payload.common.version,
            snapshot: set.snapshot.payload.common.version,
            targets: set.targets.payload.common.version
        )
        if let old = clients[number].trusted {
            for role in [\KeptVersions.root, \.timestamp, \.snapshot, \.targets] {
                require((old[keyPath: role] ?? 0) <= (new[keyPath: role] ?? 0), "from \(old) back to \(new)")
            }
        }
        clients[number].trusted = new
    }

    private mutating func checkSigned<Payload>(_ verified: Verified<Payload>, _ role: RoleName) {
        let signed = try? JSONDocument(parsing: verified.bytes).root["signed"]?.canonicalBytes()
        let isGenuine = signed.map { owner.signed[role]?.contains($0) == true } ?? false
        require(isGenuine, "trusted as \(role), and not signed by its owner")
    }

    // MARK: Searches

    private mutating func search(_ choice: Int) async {
        let number = choice / 2
        let isHonest = choice % 2 == 0
        let text = choices.next(of: TrustChainOwner.paths) ?? "x"
        guard let path = try? TargetPath(text), let set = clients[number].set else { return }
        let isCurrent = set.timestamp.payload.common.version == owner.repository.timestamp.version
        do {
            let found = try await found(path, in: set, clients[number].updater, isHonest)
            for file in found?.chain ?? [] { checkSigned(file.targets, file.role) }
            report.found += found == nil ? 0 : 1
            report.notFound += found == nil ? 1 : 0
            guard isCurrent, let answer = owner.answer(for: text) else { return }
            require(
                found?.role == answer,
                "\(text) is \(String(describing: answer))'s, found: \(String(describing: found?.role))"
            )
        } catch {
            report.refused += 1
            require(!isHonest || !isCurrent, "the owner's files are refused: \(error)")
        }
    }

    private func found(
        _ path: TargetPath,
        in set: TrustedSet,
        _ updater: Updater<MemoryTrustCache>,
        _ isHonest: Bool
    ) async throws(UpdateError<SimulatorFailure>) -> FoundTarget? {
        isHonest
            ? try await updater.find(path, in: set, from: owner.repository)
            : try await updater.find(path, in: set, from: attacker.served)
    }
}
