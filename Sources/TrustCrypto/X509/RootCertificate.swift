/// A self-signed certificate in the making, byte for byte as Notary v1 makes the certificate of a root key.
///
/// Its key signs ``toBeSigned`` wherever it is; ``certificate(signature:)`` puts both together.
public struct RootCertificate: Sendable {
    /// What Notary gives a root certificate: 3650 days, in seconds.
    public static let lifetime: Int64 = 3650 * 86_400

    /// The part of the certificate that is signed (RFC 5280 §4.1.1.1).
    public let toBeSigned: [UInt8]
    /// How it has to be signed: ECDSA in DER with the hash function of the curve, or PKCS #1 v1.5 with SHA-256.
    public let scheme: SignatureScheme

    private let publicKey: PublicKey
    private let algorithm: [UInt8]

    /// Composes a certificate.
    ///
    /// - Parameters:
    ///   - publicKey: The root key: ECDSA or RSA.
    ///   - commonName: The collection's name; subject and issuer.
    ///   - notBefore: Its first moment, in seconds since the epoch.
    ///   - notAfter: Its last moment; not before the first.
    ///   - serialNumber: Big-endian, at most 16 bytes; random by default.
    /// - Throws: ``CertificateError/unsupportedScheme(_:)`` for a key of another kind, and
    ///   ``CertificateError/invalidContents`` for an empty or very long name or impossible times.
    public init(
        publicKey: PublicKey,
        commonName: String,
        notBefore: Int64,
        notAfter: Int64,
        serialNumber: [UInt8] = SecureRandom.bytes(count: 16)
    ) throws(CertificateError) {
        switch publicKey.algorithm {
        case .ecdsaP256:
            scheme = .ecdsaSHA2NISTP256
            algorithm = DERWriter.sequence(DERWriter.objectIdentifier(ObjectIdentifiers.ecdsaWithSHA256))
        case .ecdsaP384:
            scheme = .ecdsaSHA2NISTP384
            algorithm = DERWriter.sequence(DERWriter.objectIdentifier(ObjectIdentifiers.ecdsaWithSHA384))
        case .rsa:
            scheme = .rsaPKCS1v15SHA256
            let identifier = DERWriter.objectIdentifier(ObjectIdentifiers.sha256WithRSAEncryption)
            algorithm = DERWriter.sequence(identifier, DERWriter.null)
        case .ed25519:
            throw .unsupportedScheme(.ed25519)
        }
        guard (1...Self.maximumNameLength).contains(commonName.utf8.count), serialNumber.count <= 16,
            CertificateTime.range.contains(notBefore), CertificateTime.range.contains(notAfter), notBefore <= notAfter
        else { throw .invalidContents }
        let name = Self.name(commonName)
        let version3 = DERWriter.element(DERReader.Tag.context(0, constructed: true), DERWriter.integer(2))
        toBeSigned = DERWriter.sequence(
            version3,
            DERWriter.unsigned(Array(serialNumber.drop { $0 == 0 })),
            algorithm,
            name,
            DERWriter.sequence(CertificateTime.write(notBefore), CertificateTime.write(notAfter)),
            name,
            publicKey.spkiDER,
            Self.extensions
        )
        self.publicKey = publicKey
    }

    /// Puts the certificate together.
    ///
    /// - Parameter signature: The key's signature of ``toBeSigned`` with ``scheme``.
    /// - Returns: The certificate.
    /// - Throws: ``CertificateError/signingFailed`` for a signature that is not valid.
    public func certificate(signature: [UInt8]) throws(CertificateError) -> Certificate {
        guard publicKey.isValidSignature(signature.span, over: toBeSigned.span, scheme: scheme) else {
            throw .signingFailed
        }
        return try Certificate(der: DERWriter.sequence(toBeSigned, algorithm, DERWriter.bitString(signature)))
    }

    /// Names of repositories have at most some 500 bytes, their registry's included.
    private static let maximumNameLength = 4096

    private static func name(_ commonName: String) -> [UInt8] {
        let text = Array(commonName.utf8)
        // X.520 would have it end at 64 characters; Go does not, and names of collections are longer.
        let tag = text.allSatisfy(isPrintable) ? DERReader.Tag.printableString : DERReader.Tag.utf8String
        let attribute = DERWriter.sequence(
            DERWriter.objectIdentifier(ObjectIdentifiers.commonName),
            DERWriter.element(tag, text)
        )
        return DERWriter.sequence(DERWriter.element(DERReader.Tag.set, attribute))
    }

    /// The characters of a PrintableString (X.680 §41.4): neither `_` nor `*`.
    private static func isPrintable(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "'")...UInt8(ascii: ")"), UInt8(ascii: "+")...UInt8(ascii: ":"), UInt8(ascii: " "),
            UInt8(ascii: "="), UInt8(ascii: "?"):
            true
        default:
            false
        }
    }

    /// keyUsage with digitalSignature and keyEncipherment, extendedKeyUsage with codeSigning, and basicConstraints that
    /// leave out what is the default.
    private static let extensions: [UInt8] = DERWriter.element(
        DERReader.Tag.context(3, constructed: true),
        DERWriter.sequence(
            DERWriter.sequence(
                DERWriter.objectIdentifier(ObjectIdentifiers.keyUsage),
                DERWriter.yes,
                // Two bits of eight: five are unused at the end, so that the last used is a one.
                DERWriter.octetString([DERReader.Tag.bitString, 2, 5, 0xA0])
            ),
            DERWriter.sequence(
                DERWriter.objectIdentifier(ObjectIdentifiers.extendedKeyUsage),
                DERWriter.octetString(
                    DERWriter.sequence(DERWriter.objectIdentifier(ObjectIdentifiers.codeSigning))
                )
            ),
            DERWriter.sequence(
                DERWriter.objectIdentifier(ObjectIdentifiers.basicConstraints),
                DERWriter.yes,
                DERWriter.octetString(DERWriter.sequence())
            )
        )
    )
}
