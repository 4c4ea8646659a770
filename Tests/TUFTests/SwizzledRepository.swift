import CanonicalJSON
import TUF
import TrustTestSupport

/// A repository with a file of every kind, each of which is changed: the top-level roles, a role with `paths`, which has
/// hash bins of its own, a role with `path_hash_prefixes`, and a bin.
struct SwizzledRepository: Sendable {
    let repository = RepositorySimulator()

    /// The delegated roles. The first two are the top-level targets' ones, the others the first one's bins.
    static let delegated = ["globs", "prefixed", "bin-0", "bin-1"].compactMap { try? RoleName($0) }
    /// The roles whose files are changed.
    static let roles = RoleName.topLevel + delegated.dropLast()

    init() {
        let roles = Self.delegated
        repository.delegate(to: roles[0], keys: [.ed25519(4)])
        repository.delegate(to: roles[1], keys: [.ed25519(5)], scope: ["path_hash_prefixes": ["0", "f"]])
        repository.delegateToBins("bin", bitLength: 1, from: roles[0], keys: [.ed25519(6)])
        for role in roles { repository.delegated[role]?.setTarget("1.0", to: "an image") }
        repository.listsHashes = false
        repository.link()
    }

    /// What lies under `signed`. A root is the next one.
    func signed(_ role: RoleName) -> JSONValue {
        var signed = repository.signed(role)
        if role == .root { signed["version"] = 2 }
        signed["x-unknown"] = ["x": [1]]
        return .object(signed)
    }

    /// The keys that must sign.
    func keys(_ role: RoleName) -> [SimulatedKey] { repository.currentSigners(role) }

    /// The file, signed by the keys that must.
    func file(_ role: RoleName, with signed: JSONValue) -> [UInt8] {
        RepositorySimulator.envelope(signed, signedBy: keys(role))
    }

    /// The file as somebody changed it who has no key: the signatures are those of the good one.
    func tampered(_ role: RoleName, with signed: JSONValue) -> [UInt8] {
        let message = RepositorySimulator.canonical(self.signed(role))
        let entries = keys(role).map { $0.signatureEntry(over: message) }
        return JSONValue.object(["signatures": .array(entries), "signed": signed]).jsonBytes(pretty: false)
    }

    /// Why a file is refused in a role's place; nil when it is not.
    func judge(_ role: RoleName) throws -> ([UInt8]) -> TUFError? {
        let judge = Judge(repository)
        guard Self.delegated.contains(role) else { return { judge.refusal(of: $0, as: role) } }
        let listed = try judge.listed(role)
        return { bytes in
            do throws(TUFError) {
                _ = try listed.load(bytes)
                return nil
            } catch {
                return error
            }
        }
    }

    /// All fields that a role's file has or may have.
    func fields(_ role: RoleName) -> [Field] {
        func ids(_ numbers: Int...) -> [String] { numbers.map { SimulatedKey.ed25519($0).id } }
        switch role {
        case .root: return FieldTable.root()
        case .timestamp: return FieldTable.timestamp()
        case .snapshot: return FieldTable.snapshot()
        case .targets: return FieldTable.targets() + FieldTable.listedRoles(.targets, keys: ids(4, 5))
        case Self.delegated[0]: return FieldTable.targets(role) + FieldTable.bins(role, key: ids(6)[0])
        default: return FieldTable.targets(role) + [FieldTable.delegations(role)]
        }
    }
}
