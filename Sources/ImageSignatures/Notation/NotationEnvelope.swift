public import OCI
internal import TrustCrypto

/// A signature of notation, taken out of its envelope (Notary Project, `signature-specification.md`). Nothing of it is believed
/// before ``state(of:under:now:)`` is asked.
public struct NotationEnvelope: Sendable {
    /// The artifact type of manifests with signatures, and the media type of the config of older ones.
    public static let artifactType = "application/vnd.cncf.notary.signature"
    /// The type of what is signed.
    static let payloadType = "application/vnd.cncf.notary.payload.v1+json"

    let attributes: NotationAttributes
    let algorithm: NotationAlgorithm
    let payload: [UInt8]
    /// What the signature is over.
    let signedBytes: [UInt8]
    let signature: [UInt8]
    let chain: CodeSigningChain

    init(
        attributes: NotationAttributes,
        algorithm: NotationAlgorithm,
        payload: [UInt8],
        signedBytes: [UInt8],
        signature: [UInt8],
        certificates: [[UInt8]]
    ) throws(SignatureProblem) {
        guard !signature.isEmpty else { throw .malformed("signature") }
        do {
            chain = try CodeSigningChain(der: certificates)
        } catch {
            throw .certificate(error)
        }
        self.attributes = attributes
        self.algorithm = algorithm
        self.payload = payload
        self.signedBytes = signedBytes
        self.signature = signature
    }

    /// Reads an envelope.
    ///
    /// - Parameters:
    ///   - bytes: At most ``SignatureLimits/maximumBytes``.
    ///   - format: ``SignatureFormat/jws`` or ``SignatureFormat/cose``.
    /// - Throws: ``SignatureProblem``; its certificates are read, and not checked.
    public init(parsing bytes: [UInt8], as format: SignatureFormat) throws(SignatureProblem) {
        guard bytes.count <= SignatureLimits.maximumBytes else { throw .tooLarge(limit: SignatureLimits.maximumBytes) }
        switch format {
        case .jws: self = try JWSEnvelope.read(bytes)
        case .cose: self = try COSEEnvelope.read(bytes)
        case .simpleSigning, .bundle: throw .mediaType(format.rawValue)
        }
    }

    /// The format of a layer; nil for a media type that no envelope has.
    public static func format(of mediaType: MediaType) -> SignatureFormat? {
        switch mediaType.string {
        case "application/jose+json": .jws
        case "application/cose": .cose
        default: nil
        }
    }

    /// What is to be said of the signature.
    ///
    /// Revocation is not looked at: no list and no service of an authority is asked.
    ///
    /// - Parameters:
    ///   - image: The image that it must be of.
    ///   - given: The certificates.
    ///   - now: The time, in seconds since the epoch.
    /// - Returns: The state.
    public func state(of image: Descriptor, under given: GivenSigners, now: Int64) -> ImageSignature.State {
        do throws(SignatureProblem) {
            // The signature first: nothing of the payload means anything without it.
            guard NotationAlgorithm(of: chain.key) == algorithm else { throw .algorithm(algorithm.rawValue) }
            guard chain.key.isValidSignature(signature.span, over: signedBytes.span, method: algorithm.method) else {
                throw .wrongSignature
            }
            try NotationPayload(parsing: payload).require(image)
            if let expiry = attributes.expiry, now >= expiry { throw .expired(at: expiry) }
            guard given.isGiven(for: .notation) else { return .unchecked(.nothingGiven) }
            try requireTrust(given, now: now)
        } catch {
            return .invalid(error)
        }
        let fingerprint = Digest.compute(over: chain.leaf.der.span)
        return .valid(.certificate(commonName: chain.leaf.commonName, fingerprint: fingerprint))
    }

    private func requireTrust(_ given: GivenSigners, now: Int64) throws(SignatureProblem) {
        do {
            switch attributes.scheme {
            case .x509: try chain.requireTrust(in: given.authorities, at: now)
            case .signingAuthority:
                guard attributes.signedAt <= now else { throw CertificateError.outsideValidity }
                try chain.requireTrust(in: given.signingAuthorities, at: attributes.signedAt)
            }
        } catch let error as CertificateError {
            throw .certificate(error)
        } catch {
            throw .malformed("certificates")
        }
    }
}
