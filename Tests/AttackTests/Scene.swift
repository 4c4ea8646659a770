import TUF
import TUFClient
import Testing
import TrustTestSupport

/// A client that trusts version 3 of everything but the root, and an attacker who answers in the repository's place.
struct Scene {
    /// The repository as its owner publishes it: versions 1, 3, 3, 3.
    let honest: RepositorySimulator
    /// What the attacker serves. It begins as a copy, with the owner's keys: a test says which of them he has by what it
    /// signs with.
    let attacker: RepositorySimulator
    /// Who is attacked.
    let client: SimulatedClient<MemoryTrustCache>
    /// What the repository served at versions 1, 2 and 3.
    let history: [[String: [UInt8]]]

    /// Keys that the owner never had.
    static let evil: [RoleName: SimulatedKey] = [
        .root: .ed25519(12), .timestamp: .ed25519(13), .snapshot: .ed25519(14), .targets: .ed25519(15),
    ]

    static let good = UpdateOutcome.trusted(1, 3, 3, 3)

    init(listsHashes: Bool = true, prepare: (RepositorySimulator) -> Void = { _ in }) async {
        honest = RepositorySimulator()
        honest.listsHashes = listsHashes
        prepare(honest)
        honest.link()
        client = SimulatedClient(pinning: honest)
        var history = [honest.files()]
        for number in 2...3 {
            honest.setTarget("\(number).0", to: "image \(number)")
            honest.publish()
            history.append(honest.files())
        }
        self.history = history
        attacker = honest.copy()
        let outcome = await client.refresh(from: honest)
        #expect(outcome == Self.good)
    }

    static func evilKey(_ role: RoleName) -> SimulatedKey {
        evil[role] ?? .ed25519(12)
    }

    /// The attack ends as it should, what was trusted answers on, and so does the owner's repository: `outcome` is how the
    /// update from the attacker ends, `offline` what is trusted without him after it, and `afterwards` how an update from
    /// the owner ends, who has the next word.
    func expect(
        _ outcome: UpdateOutcome,
        offline: UpdateOutcome = Scene.good,
        afterwards: UpdateOutcome = Scene.good,
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        #expect(await client.refresh(from: attacker) == outcome, comment, sourceLocation: sourceLocation)
        #expect(await client.offline() == offline, comment, sourceLocation: sourceLocation)
        #expect(await client.refresh(from: honest) == afterwards, comment, sourceLocation: sourceLocation)
        #expect(await client.offline() == afterwards, comment, sourceLocation: sourceLocation)
    }

    /// Another client of the same owner, who has seen nothing.
    func newcomer() -> SimulatedClient<MemoryTrustCache> {
        var newcomer = SimulatedClient(pinning: honest)
        newcomer.anchor = client.anchor
        return newcomer
    }
}

extension RepositorySimulator {
    /// Serves another file in a role's place, under the name that is asked for.
    func replace(_ role: RoleName, with bytes: [UInt8]) {
        switch role {
        case .root: roots[root.version + 1] = bytes
        case .timestamp: faults["timestamp.json"] = .bytes(bytes)
        case .snapshot: faults["\(snapshot.version).snapshot.json"] = .bytes(bytes)
        default: faults["\(targets.version).targets.json"] = .bytes(bytes)
        }
    }
}
