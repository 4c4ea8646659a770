extension PrivateKey {
    /// Signs as Notary v1 does, with the method of the key's type.
    ///
    /// - Parameter message: The bytes to sign.
    /// - Returns: The signature, in the form that ``PublicKey/isValidSignature(_:over:method:)`` takes with the key's
    ///   ``KeyAlgorithm/notaryMethod``.
    /// - Throws: ``CryptoError/signingFailed``.
    public func notarySignature(over message: Span<UInt8>) throws(CryptoError) -> [UInt8] {
        guard case .ellipticCurve(let curve, let key) = material else {
            // The other methods are schemes of TUF under another name.
            return try signature(over: message, scheme: scheme)
        }
        let der = try key.sign(message, digest: .sha256, padding: nil)
        guard let raw = ECDSASignature.raw(der: der, fieldLength: curve.fieldLength) else { throw .signingFailed }
        return raw
    }
}

extension Signer {
    /// Signs as Notary v1 does, with the method of the key's type.
    ///
    /// A key that is not in this process's memory signs with its own ``scheme`` only, which must therefore hash as
    /// Notary does: one on P-384, or an RSA key that signs with PKCS #1 v1.5, cannot.
    ///
    /// - Parameter message: The bytes to sign.
    /// - Returns: The signature; it has been verified.
    /// - Throws: ``CryptoError/schemeMismatch(_:)`` for a signer that cannot, or ``CryptoError/signingFailed``.
    public func notarySignature(over message: [UInt8]) async throws(CryptoError) -> [UInt8] {
        let signature: [UInt8]
        if let key = self as? PrivateKey {
            signature = try key.notarySignature(over: message.span)
        } else {
            switch scheme {
            case .ecdsaSHA2NISTP256:
                let der = try await sign(message)
                let length = EllipticCurve.p256.fieldLength
                guard let raw = ECDSASignature.raw(der: der, fieldLength: length) else { throw .signingFailed }
                signature = raw
            case .ed25519, .rsassaPSSSHA256:
                signature = try await sign(message)
            case .ecdsaSHA2NISTP384, .rsaPKCS1v15SHA256:
                throw .schemeMismatch(scheme)
            }
        }
        // The scheme leaves the length of a PSS salt to the signer; Notary does not.
        guard publicKey.isNotarySignature(signature, over: message) else { throw .signingFailed }
        return signature
    }
}

extension PublicKey {
    // Apart, because the compiler does not yet see that a span made in an asynchronous function stays in it.
    fileprivate func isNotarySignature(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        isValidSignature(signature.span, over: message.span, method: algorithm.notaryMethod)
    }
}
