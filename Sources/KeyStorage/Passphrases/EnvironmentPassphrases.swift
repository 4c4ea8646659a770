public import TUF

/// Passphrases from environment variables: `TRUSTCTL_ROOT_PASSPHRASE`, `…_TARGETS_…`, `…_SNAPSHOT_…`, `…_TIMESTAMP_…`,
/// and `TRUSTCTL_DELEGATION_PASSPHRASE` for all delegated roles. An empty variable counts as unset.
///
/// For keys in docker's and notary's directories, their own variables come first: `DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE`
/// and `DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE`, then `NOTARY_ROOT_PASSPHRASE`, `…_TARGETS_…`, `…_SNAPSHOT_…`,
/// `…_DELEGATION_…`.
public struct EnvironmentPassphrases: PassphraseSource {
    private let environment: [String: String]

    /// Takes the environment.
    ///
    /// - Parameter environment: Names and values, as the process got them.
    public init(_ environment: [String: String]) {
        self.environment = environment.filter { $0.key.hasSuffix("_PASSPHRASE") }
    }

    /// The variable that holds the passphrase of a role's keys.
    ///
    /// - Parameter role: The role.
    /// - Returns: The variable's name.
    public static func variable(for role: RoleName) -> String {
        switch role {
        case .root: "TRUSTCTL_ROOT_PASSPHRASE"
        case .targets: "TRUSTCTL_TARGETS_PASSPHRASE"
        case .snapshot: "TRUSTCTL_SNAPSHOT_PASSPHRASE"
        case .timestamp: "TRUSTCTL_TIMESTAMP_PASSPHRASE"
        default: "TRUSTCTL_DELEGATION_PASSPHRASE"
        }
    }

    /// Looks into the variable of the role.
    ///
    /// - Parameter request: What the passphrase is needed for.
    /// - Returns: The variable's value; nil when it is unset or empty.
    /// - Throws: ``KeyStorageError/malformedPassphrase(origin:)`` for a value that is too long.
    public func passphrase(for request: PassphraseRequest) async throws(KeyStorageError) -> PassphraseAnswer? {
        for name in Self.variables(for: request.role, request.kind) {
            guard let value = environment[name], !value.isEmpty else { continue }
            let origin = "the environment variable \(name)"
            guard value.utf8.count <= Passphrase.maximumLength else { throw .malformedPassphrase(origin: origin) }
            return PassphraseAnswer(passphrase: Passphrase(value), origin: origin)
        }
        return nil
    }

    /// The variables that may hold the passphrase of a role's keys, the first one first.
    static func variables(for role: RoleName, _ kind: KeyStoreKind) -> [String] {
        switch kind {
        case .own: [variable(for: role)]
        case .notary:
            [
                role == .root
                    ? "DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE" : "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE",
                notaryVariable(for: role), variable(for: role),
            ]
        }
    }

    /// Timestamp keys are among those for which notary has no variable of their own.
    private static func notaryVariable(for role: RoleName) -> String {
        switch role {
        case .root: "NOTARY_ROOT_PASSPHRASE"
        case .targets: "NOTARY_TARGETS_PASSPHRASE"
        case .snapshot: "NOTARY_SNAPSHOT_PASSPHRASE"
        default: "NOTARY_DELEGATION_PASSPHRASE"
        }
    }
}
