public import OCI
public import TrustCrypto

/// One signature of cosign's older form: a layer with the payload, and the signature in its annotations.
public struct CosignLayer: Sendable, Hashable {
    /// What was signed.
    public let payload: [UInt8]
    /// The annotations of the layer.
    public let annotations: Annotations

    /// A signature from its parts.
    ///
    /// - Parameters:
    ///   - payload: The content of the layer.
    ///   - annotations: The annotations of its descriptor.
    public init(payload: [UInt8], annotations: Annotations) {
        self.payload = payload
        self.annotations = annotations
    }

    /// What is to be said of the signature.
    ///
    /// - Parameters:
    ///   - digest: The image that it must be of.
    ///   - given: The keys.
    /// - Returns: The state, and the reference that the payload names where it could be read.
    public func state(of digest: Digest, under given: GivenSigners) -> (ImageSignature.State, reference: String?) {
        let signing: SimpleSigning
        do throws(SignatureProblem) {
            signing = try SimpleSigning(parsing: payload)
        } catch {
            return (.invalid(error), nil)
        }
        do throws(SignatureProblem) {
            return (try state(signing, digest, given), signing.reference)
        } catch {
            return (.invalid(error), signing.reference)
        }
    }

    private func state(
        _ signing: SimpleSigning,
        _ digest: Digest,
        _ given: GivenSigners
    ) throws(SignatureProblem) -> ImageSignature.State {
        guard signing.digest == digest else { throw .otherDigest(signing.digest) }
        guard let text = annotations[SimpleSigning.signatureAnnotation], let signature = Base64.decode(text),
            !signature.isEmpty
        else { throw .malformed(SimpleSigning.signatureAnnotation) }
        guard given.isGiven(for: .cosign) else { return .unchecked(.nothingGiven) }
        do {
            return .valid(try given.cosignSigner(of: payload, signature: signature))
        } catch {
            guard annotations[SimpleSigning.certificateAnnotation] == nil else { return .unchecked(.keyless) }
            throw error
        }
    }
}
