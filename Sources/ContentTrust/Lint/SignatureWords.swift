import ImageSignatures
import TUF
import TrustCrypto

/// Findings about signatures of other tools, in words.
enum SignatureWords {
    /// Why something is no signature of an image.
    static func problem(_ problem: SignatureProblem) -> String {
        switch problem {
        case .malformed(let part): "malformed: \(part)"
        case .tooLarge(let limit): "more than \(limit) bytes"
        case .mediaType(let type): "the media type \(type), which no such signature has"
        case .layerCount(let count): "\(count) layers in its manifest instead of one"
        case .payloadType(let type): "it signs something of the type \(type)"
        case .otherDigest(let digest): "it signs \(digest.map { "\($0)" } ?? "no digest that is known")"
        case .otherDescriptor: "it signs the digest with another media type or size"
        case .otherSubject(let digest): "its manifest is about \(digest.map { "\($0)" } ?? "nothing")"
        case .noGivenKey: "none of the given keys made it"
        case .wrongSignature: "the key of its certificate did not make it"
        case .algorithm(let name): "the algorithm or scheme \(name) does not belong to its key, or is not known"
        case .certificate(let error): certificate(error)
        case .critical(let name): "\(name) must be understood and is not, or must be critical and is not"
        case .expired(let time): "it expired at \(SignatureWords.time(time))"
        }
    }

    /// Why certificates do not count.
    private static func certificate(_ error: CertificateError) -> String {
        switch error {
        case .malformed: "a certificate that cannot be read, or with a key of another kind"
        case .limitExceeded: "too many certificates, or too long ones"
        case .noCertificate: "no certificate"
        case .unsound: "a certificate with a weak key or signature"
        case .outsideValidity: "a certificate that is not valid at the time that counts"
        case .noTrustedChain: "its certificates are no chain up to a root, each issued by the next"
        case .extendedKeyUsage: "its certificate is for servers or services"
        case .keyUsage: "a certificate that is not for signing, or not for certifying"
        case .untrusted: "none of the given certificates is in its chain"
        case .unexpectedBlock, .leafNotFirst, .unsupportedScheme, .invalidContents, .signingFailed: "\(error)"
        }
    }

    private static func time(_ seconds: Int64) -> String { Instant(secondsSinceEpoch: seconds).description }

    /// Who signed.
    static func signer(_ signer: ImageSigner) -> String {
        switch signer {
        case .key(let name, let fingerprint): "\(name) (\(fingerprint))"
        case .certificate(let name, let fingerprint): "\(name ?? "a certificate without a name") (\(fingerprint))"
        }
    }

    /// Where it lies.
    static func place(_ place: SignaturePlace) -> String {
        switch place {
        case .tag(let tag, let layer): "tag \(tag)" + (layer.map { ", layer \($0)" } ?? "")
        case .referrer(let digest, let layer): "referrer \(digest)" + (layer.map { ", layer \($0)" } ?? "")
        case .referrers(let digest): "referrers of \(digest)"
        }
    }

    /// Why a signature was not checked.
    static func unchecked(_ why: ImageSignature.Unchecked, _ tool: SignatureTool) -> String {
        switch (why, tool) {
        case (.nothingGiven, .cosign): "no public key was given"
        case (.nothingGiven, .notation): "no certificate was given"
        case (.keyless, _): "it was made with a certificate of a moment (keyless), which is not checked here"
        }
    }
}

extension Refusal {
    /// A place that could not be looked at.
    static func look(_ problem: LookProblem, checked: String) -> Refusal {
        switch problem {
        case .registry(let error): .registry(error, checked: checked)
        case .missing(let digest):
            Refusal(.badResponse, checked: checked, found: "\(digest) is named, and is not there")
        case .tooMany(let limit):
            Refusal(
                .badResponse,
                checked: checked,
                found: "more than \(limit) signatures",
                expected: "at most that many"
            )
        case .tooMuch(let limit):
            Refusal(
                .badResponse,
                checked: checked,
                found: "more than \(limit) bytes of signatures",
                expected: "at most that many"
            )
        }
    }
}
