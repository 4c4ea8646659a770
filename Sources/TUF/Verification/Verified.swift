public import CanonicalJSON
public import TrustCrypto

/// A payload whose signatures met the threshold of its role. Only the functions of this file make one.
public struct Verified<Payload: RolePayload>: Sendable {
    /// What the role says.
    public let payload: Payload
    /// The ids, as its parent has them, of the keys that signed, one for each key that was counted.
    public let signers: Set<KeyID>
    /// The file.
    public let envelope: Envelope

    /// The exact bytes of the file.
    public var bytes: [UInt8] { envelope.bytes }

    /// A field under `signed` that TUF does not define, as it was signed.
    ///
    /// - Parameter name: The field's name, by custom beginning with `x-`.
    /// - Returns: Its value, or nil when there is none.
    public func field(_ name: String) -> JSONValue? { envelope.signed[name]?.value() }

    /// SHA-256 of the canonical form of what was signed: it names what the file says, whoever has signed it.
    ///
    /// - Parameter role: The role, for errors.
    /// - Returns: The digest.
    /// - Throws: ``TUFError/notJSON(role:_:)``, not for what was verified.
    package func signedDigest(role: RoleName) throws(TUFError) -> Digest { try envelope.signedDigest(role: role) }

    fileprivate init(payload: Payload, signers: Set<KeyID>, envelope: Envelope) {
        self.payload = payload
        self.signers = signers
        self.envelope = envelope
    }
}

extension Envelope {
    /// The payload, if a threshold of the role's keys signed it (TUF 1.0.34 §5.3.4, §5.4.2, §5.5.3, §5.6.3).
    ///
    /// - Parameter authority: Who may speak for the role.
    /// - Returns: The verified payload.
    /// - Throws: ``TUFError/thresholdNotMet(role:required:valid:)``, and what the payload's initializer throws.
    func verified<Payload: RolePayload>(by authority: RoleAuthority) throws(TUFError) -> Verified<Payload> {
        // The signature is checked over the received bytes before the payload is read.
        let signers = try authority.signers(of: self)
        let payload = try Payload(decoding: signed, role: authority.role, dialect: dialect)
        return Verified(payload: payload, signers: signers, envelope: self)
    }

    /// The root in this file, if it meets its own threshold, and that of `authority` (§5.3.4: the root before it, or what
    /// was pinned).
    func verifiedRoot(
        by authority: RoleAuthority?,
        for binding: RepositoryBinding
    ) throws(TUFError) -> Verified<Root> {
        if let authority { _ = try authority.signers(of: self) }
        let root = try Root(decoding: signed, role: .root, dialect: dialect)
        return try verified(by: root.rootAuthority(for: binding))
    }
}

extension RoleAuthority {
    /// The key ids of the role's keys that signed the file, if they are enough.
    func signers(of envelope: Envelope) throws(TUFError) -> Set<KeyID> {
        let signers = try validSigners(of: envelope)
        guard signers.count >= threshold, threshold >= 1 else {
            throw .thresholdNotMet(role: role, required: threshold, valid: signers.count)
        }
        return signers
    }

    /// The one place where signatures are counted, for every role and for what is pinned.
    ///
    /// Each *key* counts once, whatever key ids it goes by. Signatures by other keys are not looked at, so that junk
    /// costs nothing; a key verifies only under the scheme that it is listed with.
    func validSigners(of envelope: Envelope) throws(TUFError) -> Set<KeyID> {
        var counted: Set<PublicKey> = []
        var signers: Set<KeyID> = []
        let count: (Span<UInt8>) -> Void = { message in
            for signature in envelope.signatures {
                guard let key = keys[signature.keyID], let publicKey = key.publicKey, !counted.contains(publicKey),
                    key.isValid(signature, over: message)
                else { continue }
                counted.insert(publicKey)
                signers.insert(signature.keyID)
            }
        }
        do {
            try envelope.signed.withCanonicalBytes(count)
        } catch {
            throw .notJSON(role: role, error)
        }
        return signers
    }
}

extension TUFKey {
    /// Whether a signature is one of this key, made in the way that it must be.
    fileprivate func isValid(_ signature: EnvelopeSignature, over message: Span<UInt8>) -> Bool {
        switch signature.form {
        case .scheme:
            guard let scheme else { return false }
            return publicKey?.isValidSignature(signature.bytes.span, over: message, scheme: scheme) ?? false
        case .method(let method):
            guard let method else { return false }
            return publicKey?.isValidSignature(signature.bytes.span, over: message, method: method) ?? false
        }
    }
}
