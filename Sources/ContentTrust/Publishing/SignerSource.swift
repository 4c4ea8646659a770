public import TUF
public import TrustCrypto

/// The private keys that a publisher works with.
public protocol SignerSource: Sendable {
    /// Signers for a role.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - keys: The role's keys.
    ///   - threshold: How many of them must sign.
    /// - Returns: At least `threshold` signers with different keys out of `keys`.
    /// - Throws: ``Refusal`` with ``Reason/keyUnavailable`` when there are fewer, with ``Reason/storage`` when a place that
    ///   may have them cannot be read.
    func signers(for role: RoleName, keys: [PublicKey], threshold: Int) async throws(Refusal) -> [any Signer]

    /// Whether enough keys of a role are within reach, not looking at passphrases.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - keys: The role's keys.
    ///   - threshold: How many of them must sign.
    /// - Returns: Whether there are enough.
    /// - Throws: ``Refusal`` when a key store cannot be read.
    func canSign(for role: RoleName, keys: [PublicKey], threshold: Int) async throws(Refusal) -> Bool

    /// The root keys that may serve another repository too.
    ///
    /// - Returns: Their public keys and schemes, oldest first.
    /// - Throws: ``Refusal`` when a key store cannot be read.
    func rootKeys() async throws(Refusal) -> [TUFKey]

    /// Keeps out other publishers that find no root key and are about to make one.
    ///
    /// - Returns: The lock, held until the value ends; nil where the keys are this publisher's alone.
    /// - Throws: ``Refusal`` with ``Reason/storage`` when another one holds it for too long.
    func lockRootKeys() async throws(Refusal) -> FileLock?

    /// The keys that were made for a role of a repository before, such as by an `init` that did not come to its end.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - repository: The name that the trust data carries.
    /// - Returns: The keys, oldest first.
    /// - Throws: ``Refusal`` when a key store cannot be read.
    func keys(for role: RoleName, repository: String) async throws(Refusal) -> [TUFKey]

    /// Makes a key and keeps it.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - repository: The repository that it is for; nil for root keys, which may serve many.
    ///   - algorithm: Its algorithm.
    ///   - label: A note by which it is found again.
    /// - Returns: The key; it is in the key store when this returns.
    /// - Throws: ``Refusal``.
    func makeKey(
        for role: RoleName,
        repository: String?,
        algorithm: KeyAlgorithm,
        label: String?
    ) async throws(Refusal) -> TUFKey

    /// The keys of a role that were made with a label.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - label: The label.
    /// - Returns: The keys, oldest first.
    /// - Throws: ``Refusal`` when a key store cannot be read.
    func keys(for role: RoleName, labelled label: String) async throws(Refusal) -> [TUFKey]
}

extension SignerSource {
    /// Makes a key without a label and keeps it.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - repository: The repository that it is for; nil for root keys, which may serve many.
    ///   - algorithm: Its algorithm.
    /// - Returns: The key; it is in the key store when this returns.
    /// - Throws: ``Refusal``.
    public func makeKey(
        for role: RoleName,
        repository: String?,
        algorithm: KeyAlgorithm
    ) async throws(Refusal) -> TUFKey {
        try await makeKey(for: role, repository: repository, algorithm: algorithm, label: nil)
    }
}
