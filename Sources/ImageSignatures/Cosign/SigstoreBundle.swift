internal import CanonicalJSON
public import TrustCrypto

/// sigstore's bundle, version 0.3, around a DSSE envelope: how cosign 3 stores signatures (sigstore/protobuf-specs,
/// `sigstore_bundle.proto`; sigstore/cosign, `specs/BUNDLE_SPEC.md`).
///
/// What transparency logs and time stamps in it say is not checked: under a given key neither is needed to know who signed.
public struct SigstoreBundle: Sendable, Hashable {
    /// The media type of a bundle.
    public static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
    /// The annotation of the manifest that repeats the type of the statement.
    public static let predicateAnnotation = "dev.sigstore.bundle.predicateType"

    /// The type of what is signed.
    public let payloadType: String
    /// What is signed.
    public let payload: [UInt8]
    /// The signature.
    public let signature: [UInt8]
    /// Whether the key is that of a certificate of a moment.
    public let isKeyless: Bool

    /// Reads a bundle; nothing of it is believed.
    ///
    /// - Parameter bytes: At most ``SignatureLimits/maximumBytes`` of JSON.
    /// - Throws: ``SignatureProblem``; ``SignatureProblem/payloadType(_:)`` for a signature without an envelope, which is of a
    ///   file's bytes.
    public init(parsing bytes: [UInt8]) throws(SignatureProblem) {
        guard bytes.count <= SignatureLimits.maximumBytes else { throw .tooLarge(limit: SignatureLimits.maximumBytes) }
        let root = try SignatureLimits.parse(bytes, "bundle")
        guard let type = root["mediaType"]?.string else { throw .malformed("mediaType") }
        guard type.utf8.elementsEqual(Self.mediaType.utf8) else { throw .mediaType(SignatureProblem.cut(type)) }
        guard let material = root["verificationMaterial"], material.kind == .object else {
            throw .malformed("verificationMaterial")
        }
        let kinds = ["publicKey", "certificate", "x509CertificateChain"].filter { material[$0] != nil }
        guard kinds.count == 1, let kind = kinds.first else { throw .malformed("verificationMaterial") }
        isKeyless = kind != "publicKey"
        // Readers of protocol buffers take names in both spellings, and would see another content than is read here.
        guard root["dsse_envelope"] == nil, root["message_signature"] == nil else { throw .malformed("dsseEnvelope") }
        guard let envelope = root["dsseEnvelope"] else {
            guard root["messageSignature"] == nil else { throw .payloadType("messageSignature") }
            throw .malformed("dsseEnvelope")
        }
        guard root["messageSignature"] == nil, envelope.kind == .object, envelope["payload_type"] == nil else {
            throw .malformed("dsseEnvelope")
        }
        guard let payloadType = envelope["payloadType"]?.string,
            let payload = envelope["payload"]?.string.flatMap(Base64.decode)
        else { throw .malformed("dsseEnvelope.payload") }
        // The bundle's specification: one signature, of the one key.
        guard let signatures = envelope["signatures"], signatures.kind == .array, signatures.count == 1,
            let signature = signatures.elements.first(where: { _ in true })?["sig"]?.string.flatMap(Base64.decode),
            !signature.isEmpty
        else { throw .malformed("dsseEnvelope.signatures") }
        self.payloadType = payloadType
        self.payload = payload
        self.signature = signature
    }

    /// What is to be said of the signature.
    ///
    /// - Parameters:
    ///   - digest: The image that it must be of.
    ///   - given: The keys.
    /// - Returns: The state.
    public func state(of digest: Digest, under given: GivenSigners) -> ImageSignature.State {
        do throws(SignatureProblem) {
            guard payloadType.utf8.elementsEqual(Statement.payloadType.utf8) else {
                throw .payloadType(SignatureProblem.cut(payloadType))
            }
            let statement = try Statement(parsing: payload)
            guard statement.predicateType.utf8.elementsEqual(Statement.signaturePredicate.utf8) else {
                throw .payloadType(SignatureProblem.cut(statement.predicateType))
            }
            guard statement.digests.contains(digest) else { throw .otherDigest(statement.digests.first) }
            guard !isKeyless else { return .unchecked(.keyless) }
            guard given.isGiven(for: .cosign) else { return .unchecked(.nothingGiven) }
            return .valid(try given.cosignSigner(of: signedBytes, signature: signature))
        } catch {
            return .invalid(error)
        }
    }

    /// What the signature is over: DSSE's pre-authentication encoding, version 1, of type and payload (secure-systems-lab/dsse,
    /// `protocol.md`).
    var signedBytes: [UInt8] {
        Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
    }
}
