/// Whose metadata a verification accepts.
///
/// Keys may serve many repositories, and plain TUF does not say whose metadata a file is. Trust data does, in every role
/// (``TrustDataField/repository``), so that nobody can serve one repository's trust data under another's name.
public enum RepositoryBinding: Sendable, Hashable {
    /// General TUF: the field is not looked at.
    case unbound
    /// Every role must carry exactly this name.
    case repository(String)
    /// A role that carries a name must carry this one; a role without a name is accepted too. For trust data that other
    /// tools wrote, where the pin says so.
    case repositoryOrUnnamed(String)
    /// Notary's dialect: no role carries a name but the root, whose keys count only with a certificate for this one (a GUN, such
    /// as `docker.io/library/alpine`).
    case notary(gun: String)

    /// The form that metadata has.
    public var dialect: Dialect {
        if case .notary = self { .notary } else { .tuf1 }
    }

    func check(_ common: CommonFields, role: RoleName) throws(TUFError) {
        switch self {
        case .unbound, .notary:
            return
        case .repository(let expected):
            guard let found = common.repository, found.hasSameBytes(as: expected) else {
                throw .wrongRepository(role: role, expected: expected, found: common.repository)
            }
        case .repositoryOrUnnamed(let expected):
            guard let found = common.repository else { return }
            guard found.hasSameBytes(as: expected) else {
                throw .wrongRepository(role: role, expected: expected, found: found)
            }
        }
    }
}
