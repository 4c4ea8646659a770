internal import TrustCrypto

extension ArtifactKey {
    /// The ways in which cosign and sigstore's libraries sign with a key of this kind.
    ///
    /// cosign hashes with SHA-256 whatever the curve; sigstore's newer ones with the hash function of the curve.
    private var cosignMethods: [ArtifactSignatureMethod] {
        switch kind {
        case .ecdsa(.sha256): [.ecdsa(.sha256)]
        case .ecdsa(let hash): [.ecdsa(.sha256), .ecdsa(hash)]
        case .ed25519: [.ed25519, .ed25519Prehashed]
        case .rsa: [.rsaPKCS1v15(.sha256), .rsaPSS(.sha256)]
        }
    }

    fileprivate func madeForCosign(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        cosignMethods.contains { isValidSignature(signature.span, over: message.span, method: $0) }
    }
}

extension GivenSigners {
    /// The given key that made a signature.
    ///
    /// - Throws: ``SignatureProblem/noGivenKey``.
    func cosignSigner(of message: [UInt8], signature: [UInt8]) throws(SignatureProblem) -> ImageSigner {
        guard let given = keys.first(where: { $0.key.madeForCosign(signature, over: message) }) else {
            throw .noGivenKey
        }
        return .key(name: given.name, fingerprint: given.key.fingerprint)
    }
}
