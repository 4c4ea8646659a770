public import ContentTrust
public import TUF
public import TrustCrypto

/// A publisher's keys in memory.
public actor TestSigners: SignerSource {
    private var keys: [(role: RoleName, repository: String?, label: String?, key: PrivateKey)] = []
    /// Roles whose keys are out of reach.
    public private(set) var withheld: Set<RoleName> = []
    /// How often each role's keys were asked to sign.
    public private(set) var asked: [RoleName: Int] = [:]

    /// No keys yet.
    public init() {}

    /// Puts the keys of roles out of reach.
    public func withhold(_ roles: Set<RoleName>) { withheld = roles }

    /// Adds a key that somebody else made.
    public func add(_ key: PrivateKey, for role: RoleName, of repository: String? = nil) {
        keys.append((role, repository, nil, key))
    }

    /// The first private key of a role.
    public func privateKey(of role: RoleName) -> PrivateKey? { keys.first { $0.role == role }?.key }

    /// Loses the private half of a key.
    public func lose(_ key: TUFKey) { keys.removeAll { $0.key.publicKey == key.publicKey } }

    /// As ``SignerSource`` has it.
    public func signers(for role: RoleName, keys: [PublicKey], threshold: Int) async throws(Refusal) -> [any Signer] {
        asked[role, default: 0] += 1
        let found = available(role, keys)
        guard found.count >= threshold else {
            throw Refusal(.keyUnavailable, checked: "keys of the role \(role)", found: "\(found.count)")
        }
        return Array(found.prefix(threshold))
    }

    /// As ``SignerSource`` has it.
    public func canSign(for role: RoleName, keys: [PublicKey], threshold: Int) async throws(Refusal) -> Bool {
        available(role, keys).count >= threshold
    }

    /// As ``SignerSource`` has it.
    public func rootKeys() async throws(Refusal) -> [TUFKey] {
        keys.filter { $0.role == .root }.map { TUFKey(publicKey: $0.key.publicKey, scheme: $0.key.scheme) }
    }

    /// As ``SignerSource`` has it.
    public func lockRootKeys() async throws(Refusal) -> FileLock? { nil }

    /// As ``SignerSource`` has it.
    public func keys(for role: RoleName, repository: String) async throws(Refusal) -> [TUFKey] {
        keys.filter { $0.role == role && $0.repository == repository }
            .map { TUFKey(publicKey: $0.key.publicKey, scheme: $0.key.scheme) }
    }

    /// As ``SignerSource`` has it.
    public func keys(for role: RoleName, labelled label: String) async throws(Refusal) -> [TUFKey] {
        keys.filter { $0.role == role && $0.label == label }
            .map { TUFKey(publicKey: $0.key.publicKey, scheme: $0.key.scheme) }
    }

    /// As ``SignerSource`` has it.
    public func makeKey(
        for role: RoleName,
        repository: String?,
        algorithm: KeyAlgorithm,
        label: String?
    ) async throws(Refusal) -> TUFKey {
        do {
            let key = try PrivateKey.generate(algorithm)
            keys.append((role, repository, label, key))
            return TUFKey(publicKey: key.publicKey, scheme: key.scheme)
        } catch {
            throw Refusal(.internalDefect, checked: "a test key", found: "\(error)")
        }
    }

    private func available(_ role: RoleName, _ keys: [PublicKey]) -> [any Signer] {
        guard !withheld.contains(role) else { return [] }
        return self.keys.map(\.key).filter { keys.contains($0.publicKey) }
    }
}
