public import TUF

/// The signers of a repository, for those who manage them. It is read as publishers read, whatever has expired: no verdict
/// may come of it.
public struct SignerOverview: Sendable {
    /// A signer.
    public struct Signer: Sendable {
        /// Name, threshold, scope, and whether a search in its scope ends with it.
        public let role: DelegatedRole
        /// Its keys; key ids that the targets name without a key are left out.
        public let keys: [TUFKey]
        /// The version of its file; nil when it has none that its keys have signed.
        public let version: Int64?
        /// Whether its file is listed, and neither the store nor this machine has it.
        public let isLost: Bool
        /// When its file expires; nil when it has none that its keys have signed.
        public let expires: Instant?
    }

    /// The name that the trust data carries.
    public let repository: String
    /// The signers, by priority.
    public let signers: [Signer]
}

extension Publisher {
    /// The signers of a repository.
    ///
    /// - Parameters:
    ///   - subject: Whose tags.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Returns: The signers; none for hash bins.
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)->PublishReport``.
    public func signerOverview(
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> SignerOverview {
        if let location, location.dialect == .notary {
            return try await notaryReader(subject, at: location).overview()
        }
        let waiting = try await readWaiting(of: subject, at: location)
        var signers: [SignerOverview.Signer] = []
        for role in waiting.delegations.roles {
            let present = try await waiting.present(role.name)
            var file: SignerFile?
            var isLost = false
            switch present {
            case .file(let found): file = found
            case .lost: isLost = true
            case .notSigned: break
            }
            signers.append(
                SignerOverview.Signer(
                    role: role,
                    keys: role.keys.keyIDs.compactMap { waiting.delegations.keys[$0] },
                    version: file?.own.version,
                    isLost: isLost,
                    expires: file?.targets.payload.common.expires
                )
            )
        }
        return SignerOverview(
            repository: waiting.candidate.set.root.payload.common.repository ?? waiting.repository,
            signers: signers
        )
    }
}

extension SignerRequest {
    /// The request with the signature of one more key.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - signers: Have its private half.
    /// - Returns: The request.
    /// - Throws: ``Refusal`` with ``Reason/keyUnavailable`` when the key is not there or stays locked.
    public func joined(by key: TUFKey, from signers: any SignerSource) async throws(Refusal) -> SignerRequest {
        guard let publicKey = key.publicKey else {
            throw Refusal(.usage, checked: "the key \(key.computedID)", found: "of a kind that cannot sign")
        }
        var request = self
        for signer in try await signers.signers(for: role, keys: [publicKey], threshold: 1) {
            do { request = try await request.joined(by: key, signer) } catch {
                throw Refusal.metadata(error, checked: "signing of the request", pin: nil)
            }
        }
        return request
    }
}
