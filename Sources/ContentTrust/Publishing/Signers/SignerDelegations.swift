import CanonicalJSON
import TUF
import TrustCrypto

/// To whom the top-level targets delegate tags, one by one: the signers, by priority.
struct SignerDelegations: Sendable, Equatable {
    private(set) var keys: [KeyID: TUFKey]
    private(set) var roles: [DelegatedRole]
    /// The targets version in which they were last changed; 0 where another tool wrote them.
    var changed: Int64

    /// The signed field of the targets that holds ``changed``.
    static let field = "x-trustctl-delegated"

    /// The signers of verified targets; none where they delegate to bins.
    init(_ targets: Verified<Targets>) throws(TUFError) {
        keys = targets.payload.delegations?.keys ?? [:]
        if case .listed(let listed) = targets.payload.delegations?.roles { roles = listed } else { roles = [] }
        changed = 0
        guard let value = targets.field(Self.field) else { return }
        guard let changed = value.integer, changed >= 1 else {
            throw .malformed(role: .targets, field: "signed.\(Self.field)")
        }
        self.changed = changed
    }

    /// Whether the same roles have the same keys, whenever that was said.
    func delegatesAs(_ other: SignerDelegations) -> Bool {
        roles == other.roles && names.allSatisfy { authority(of: $0) == other.authority(of: $0) }
    }

    var names: [RoleName] { roles.map(\.name) }

    func role(_ name: RoleName) -> DelegatedRole? { roles.first { $0.name == name } }

    /// Who may speak for a role once this is published.
    func authority(of name: RoleName) -> RoleAuthority? {
        role(name).map { RoleAuthority(unsafeProposing: $0, keys: keys) }
    }

    /// The roles that are asked about a tag, by priority, as every search does (TUF 1.0.34 §5.6.7).
    func roles(for path: TargetPath) -> [DelegatedRole] {
        var found: [DelegatedRole] = []
        for role in roles where role.scope.contains(path) {
            found.append(role)
            if role.isTerminating { break }
        }
        return found
    }

    /// Whether a signer is asked about a tag.
    func mayList(_ signer: RoleName, _ tag: String) -> Bool {
        guard let path = try? TargetPath(tag) else { return false }
        return roles(for: path).contains { $0.name == signer }
    }

    /// Delegates to a role, in the place that it has, or else before another one, or else last.
    mutating func put(_ role: DelegatedRole, keys new: [KeyID: TUFKey], before next: RoleName?) {
        let place = roles.firstIndex { $0.name == role.name }
        roles.removeAll { $0.name == role.name }
        let index = next.flatMap { name in roles.firstIndex { $0.name == name } } ?? place ?? roles.count
        roles.insert(role, at: min(index, roles.count))
        keys.merge(new) { _, new in new }
        dropUnusedKeys()
    }

    /// Delegates to a role no more.
    mutating func remove(_ name: RoleName) {
        roles.removeAll { $0.name == name }
        dropUnusedKeys()
    }

    private mutating func dropUnusedKeys() {
        let used = Set(roles.flatMap(\.keys.keyIDs))
        keys = keys.filter { used.contains($0.key) }
    }
}
