extension RootCertificate {
    /// Makes and signs a certificate with a key that is at hand.
    ///
    /// - Parameters:
    ///   - key: The root key: ECDSA or RSA.
    ///   - commonName: The collection's name.
    ///   - notBefore: Its first moment, in seconds since the epoch.
    ///   - notAfter: Its last moment.
    /// - Returns: The certificate.
    /// - Throws: What ``init(publicKey:commonName:notBefore:notAfter:serialNumber:)`` throws, and
    ///   ``CertificateError/signingFailed``.
    public static func make(
        key: PrivateKey,
        commonName: String,
        notBefore: Int64,
        notAfter: Int64
    ) throws(CertificateError) -> Certificate {
        let unsigned = try RootCertificate(
            publicKey: key.publicKey,
            commonName: commonName,
            notBefore: notBefore,
            notAfter: notAfter
        )
        let signature: [UInt8]
        do {
            signature = try key.signature(over: unsigned.toBeSigned.span, scheme: unsigned.scheme)
        } catch {
            throw .signingFailed
        }
        return try unsigned.certificate(signature: signature)
    }

    /// Makes and signs a certificate with a key wherever it is.
    ///
    /// - Parameters:
    ///   - signer: The root key. One that is not in this process's memory signs with its own scheme only, so an RSA key
    ///     elsewhere has to sign with PKCS #1 v1.5.
    ///   - commonName: The collection's name.
    ///   - notBefore: Its first moment, in seconds since the epoch.
    ///   - notAfter: Its last moment.
    /// - Returns: The certificate.
    /// - Throws: What ``make(key:commonName:notBefore:notAfter:)`` throws; ``CertificateError/unsupportedScheme(_:)``
    ///   with the signer's scheme when another is needed.
    public static func make(
        signer: any Signer,
        commonName: String,
        notBefore: Int64,
        notAfter: Int64
    ) async throws(CertificateError) -> Certificate {
        if let key = signer as? PrivateKey {
            return try make(key: key, commonName: commonName, notBefore: notBefore, notAfter: notAfter)
        }
        let unsigned = try RootCertificate(
            publicKey: signer.publicKey,
            commonName: commonName,
            notBefore: notBefore,
            notAfter: notAfter
        )
        guard signer.scheme == unsigned.scheme else { throw .unsupportedScheme(signer.scheme) }
        let signature: [UInt8]
        do {
            signature = try await signer.sign(unsigned.toBeSigned)
        } catch {
            throw .signingFailed
        }
        return try unsigned.certificate(signature: signature)
    }
}
