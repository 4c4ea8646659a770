import CanonicalJSON
import OCI
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ImageSignatures

/// The files of `fixtures/signatures`, which share no code with trustctl, and what must be said of each.
struct SignatureCases: Sendable {
    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        let expected: String
        let anchors: String?
        let key: String?

        var testDescription: String { file }
    }

    static let directory = "signatures"

    static func bytes(_ file: String) throws -> [UInt8] {
        try Files.read(try Files.fixture("\(directory)/\(file)"))
    }

    let now: Int64
    let image: Descriptor
    let cases: [Case]

    init() throws {
        let root = try JSONDocument(parsing: try Self.bytes("cases.json")).root
        now = try #require(root["now"]?.integer)
        image = try Descriptor(try #require(root["image"]), at: "image")
        cases = try #require(root["cases"]).elements.map { node in
            Case(
                file: try #require(node["file"]?.string),
                expected: try #require(node["expected"]?.string),
                anchors: node["anchors"]?.string,
                key: node["key"]?.string
            )
        }
    }

    /// The cases whose files end so.
    static func all(_ suffix: String) -> [Case] {
        do {
            return try SignatureCases().cases.filter { $0.file.hasSuffix(suffix) }
        } catch {
            Issue.record(error, "the cases cannot be read")
            return []
        }
    }

    static func certificates(_ name: String) throws -> [Certificate] {
        try Certificate.all(inPEM: try bytes("notation/\(name).pem"))
    }

    static func key(_ kind: String) throws -> GivenSigners.Key {
        GivenSigners.Key(name: "\(kind).pub", key: try ArtifactKey(file: try bytes("cosign/\(kind).pub")))
    }
}

extension ImageSignature.State {
    /// As the fixtures write it.
    var code: String {
        switch self {
        case .valid: "valid"
        case .unchecked(.nothingGiven): "nothing-given"
        case .unchecked(.keyless): "keyless"
        case .invalid(let problem): problem.code
        case .unseen: "unseen"
        }
    }
}

extension SignatureProblem {
    var code: String {
        switch self {
        case .malformed: "malformed"
        case .tooLarge: "too-large"
        case .mediaType: "media-type"
        case .layerCount: "layer-count"
        case .payloadType: "payload-type"
        case .otherDigest: "other-digest"
        case .otherDescriptor: "other-descriptor"
        case .otherSubject: "other-subject"
        case .noGivenKey: "no-given-key"
        case .wrongSignature: "wrong-signature"
        case .algorithm: "algorithm"
        case .certificate(.untrusted): "untrusted"
        case .certificate(.noTrustedChain): "certificate noTrustedChain"
        case .certificate(let error): "certificate \(error)"
        case .critical: "critical"
        case .expired: "expired"
        }
    }
}
