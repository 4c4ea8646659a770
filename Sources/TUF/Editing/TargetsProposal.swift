package import CanonicalJSON
package import TrustCrypto

/// A new file of a delegated targets role that waits: for more signatures, or for whoever may put it into a snapshot.
///
/// Nobody vouches for it before a threshold of the role's keys has signed; ``verified()`` says when that is so.
package struct TargetsProposal: Sendable {
    /// Who may speak for the role.
    package let authority: RoleAuthority
    /// What is proposed.
    package let proposed: Targets
    /// Names what is proposed, whoever has signed it: SHA-256 of the canonical form of what lies under `signed`.
    package let identity: Digest
    private let envelope: Envelope

    /// A proposal that nobody has signed.
    ///
    /// - Parameters:
    ///   - draft: The new file.
    ///   - authority: Who may speak for its role.
    /// - Throws: ``TUFError`` when the draft is no metadata of a targets role.
    package init(_ draft: RoleDraft, authority: RoleAuthority) throws(TUFError) {
        try self.init(SignableFile(role: authority.role, signed: .object(draft.signed)), authority)
    }

    /// Reads a proposal.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - authority: Who may speak for the role.
    ///   - binding: Whose metadata is accepted.
    ///   - limits: Bounds for what is in it.
    /// - Throws: ``TUFError`` when it is no metadata of the role, or another repository's.
    package init(
        parsing bytes: [UInt8],
        authority: RoleAuthority,
        binding: RepositoryBinding,
        limits: TUFLimits = TUFLimits()
    ) throws(TUFError) {
        self.authority = authority
        envelope = try Envelope(
            parsing: bytes,
            role: authority.role,
            maximumLength: limits.targetsLength,
            limits: limits
        )
        proposed = try Targets(decoding: envelope.signed, role: authority.role, dialect: .tuf1)
        identity = try envelope.signedDigest(role: authority.role)
        try binding.check(proposed.common, role: authority.role)
    }

    private init(_ file: SignableFile, _ authority: RoleAuthority) throws(TUFError) {
        try self.init(parsing: file.bytes, authority: authority, binding: .unbound)
    }

    /// The file, with the signatures that it has.
    package var file: SignedFile {
        SignedFile(role: authority.role, version: proposed.common.version, bytes: envelope.bytes)
    }

    /// A field under `signed` that TUF does not define.
    ///
    /// - Parameter name: The field's name.
    /// - Returns: Its value, which nobody may have signed; nil when there is none.
    package func field(_ name: String) -> JSONValue? { envelope.signed[name]?.value() }

    /// The names of fields under `signed` that differ from those of a file.
    ///
    /// - Parameter file: The file that it follows; nil for none.
    /// - Returns: The names, sorted.
    package func fields(otherThanIn file: Verified<Targets>?) -> [String] {
        let before = file?.envelope.signedValue.object ?? [:]
        let after = envelope.signedValue.object ?? [:]
        return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
    }

    /// A draft that goes on with what is proposed.
    package var draft: RoleDraft { RoleDraft(editing: envelope, role: authority.role) }

    /// Which of the role's keys have signed.
    ///
    /// - Returns: Their ids.
    /// - Throws: ``TUFError/notJSON(role:_:)`` for a number that canonical JSON cannot hold.
    package func signers() throws(TUFError) -> Set<KeyID> { try authority.validSigners(of: envelope) }

    /// The proposal with one more signature.
    ///
    /// - Parameter signer: A key of the role; any other changes nothing.
    /// - Returns: The proposal, signed.
    /// - Throws: ``TUFError/signingFailed(role:_:)``, ``TUFError/notJSON(role:_:)``.
    package func signed(by signer: some Signer) async throws(TUFError) -> TargetsProposal {
        var file = SignableFile(envelope, role: authority.role)
        try await file.sign(with: signer, as: authority.ids(of: signer.publicKey))
        return try TargetsProposal(file, authority)
    }

    /// The proposal with the good signatures that it has, and those of another copy, alone. Anybody can write others beside
    /// them, so that a file which goes into a set has none.
    ///
    /// - Parameter copy: The same proposal with other signatures.
    /// - Returns: The proposal.
    /// - Throws: ``TUFError/notJSON(role:_:)``.
    package func withGoodSignatures(and copy: TargetsProposal? = nil) throws(TUFError) -> TargetsProposal {
        var good: [KeyID: [UInt8]] = [:]
        for proposal in [self, copy].compactMap({ $0 }) {
            precondition(proposal.identity == identity, "signatures of the same proposal")
            let signers = try proposal.signers()
            for signature in proposal.envelope.signatures where signers.contains(signature.keyID) {
                good[signature.keyID] = good[signature.keyID] ?? signature.bytes
            }
        }
        return try TargetsProposal(
            SignableFile(role: authority.role, signed: envelope.signedValue, signatures: good),
            authority
        )
    }

    /// The file, verified (TUF 1.0.34 §5.6.3). Its expiry is not looked at.
    ///
    /// - Returns: The file.
    /// - Throws: ``TUFError/thresholdNotMet(role:required:valid:)``.
    package func verified() throws(TUFError) -> Verified<Targets> { try envelope.verified(by: authority) }
}
