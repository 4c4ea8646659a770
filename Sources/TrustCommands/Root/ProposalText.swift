import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto

/// What a proposed root changes and who has signed it, as people and programs read it.
struct ProposalText: Sendable {
    let proposal: RootProposal

    /// The lines for people.
    var lines: [String] {
        let common = proposal.proposed.common
        var lines = [
            "root \(common.version) of \(SafeText.escaped(common.repository ?? "a repository without a name"))",
            "follows root \(proposal.previous.payload.common.version), whose root keys are "
                + Self.ids(proposal.previous.payload),
        ]
        let changes = proposal.changes.map(Self.line)
        lines += changes.isEmpty ? ["  changes nothing"] : changes.map { "  \($0)" }
        return lines + signatures
    }

    /// Who has signed, and who may.
    private var signatures: [String] {
        guard let demands = try? proposal.demands() else { return ["signatures cannot be read"] }
        return demands.map { demand in
            let whose = demand.keys == .previous ? "root keys so far" : "proposed root keys"
            var line = "signed by \(demand.signed.count) of the \(whose), \(demand.threshold) needed"
            if !demand.isMet {
                line += "; may sign: \(demand.unsigned.sorted().map(\.string).joined(separator: ", "))"
            }
            return line
        }
    }

    private static func ids(_ root: Root) -> String {
        (root.roleKeys(.root)?.keyIDs ?? []).compactMap { root.keys[$0]?.computedID.string }.sorted()
            .joined(separator: ", ")
    }

    private static func line(_ change: RootChange) -> String {
        switch change {
        case .keyAdded(let role, let key):
            "\(role) key \(key.computedID) (\(algorithm(key))) is added"
        case .keyRemoved(let role, let key):
            "\(role) key \(key.computedID) (\(algorithm(key))) is removed"
        case .threshold(let role, let from, let to):
            "\(role) needs \(to) signatures instead of \(from)"
        case .expires(let from, let to):
            "good until \(to) instead of \(from)"
        case .field(let name, let from, let to):
            SafeText.escaped("\(name) becomes \(to ?? "absent"), was \(from ?? "absent")")
        }
    }

    private static func algorithm(_ key: TUFKey) -> String {
        key.publicKey?.algorithm.commandLineName ?? "of an unknown kind, which counts for nothing"
    }

    /// The object of `--json` output.
    func json(file: String) throws(Refusal) -> JSONValue {
        let demands: [RootProposal.Demand]
        do { demands = try proposal.demands() } catch {
            throw Refusal.metadata(error, checked: "the proposal \(file)", pin: nil)
        }
        let common = proposal.proposed.common
        return [
            "reason": .string(Reason.trusted.code),
            "exitCode": 0,
            "file": .string(file),
            "signedRepository": .optional(common.repository),
            "version": .integer(common.version),
            "expires": .string(common.expires.description),
            "changes": .array(proposal.changes.map { .string(Self.line($0)) }),
            "isComplete": .boolean(demands.allSatisfy(\.isMet)),
            "signatures": .array(
                demands.map { demand in
                    [
                        "keys": .string(demand.keys == .previous ? "previous" : "proposed"),
                        "threshold": .integer(Int64(demand.threshold)),
                        "signed": .array(demand.signed.sorted().map { .string($0.string) }),
                        "unsigned": .array(demand.unsigned.sorted().map { .string($0.string) }),
                    ]
                }
            ),
        ]
    }
}
