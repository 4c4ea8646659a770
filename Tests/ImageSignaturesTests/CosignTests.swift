import CanonicalJSON
import OCI
import Testing
import TrustCrypto

@testable import ImageSignatures

@Suite("Signatures of cosign")
struct CosignTests {
    private let all: SignatureCases
    private let payload: [UInt8]

    init() throws {
        all = try SignatureCases()
        payload = try SignatureCases.bytes("cosign/payload.json")
    }

    private func layer(_ payload: [UInt8], _ signature: String, certificate: Bool = false) -> CosignLayer {
        var annotations: Annotations = [SimpleSigning.signatureAnnotation: signature]
        if certificate { annotations[SimpleSigning.certificateAnnotation] = "PEM" }
        return CosignLayer(payload: payload, annotations: annotations)
    }

    private func signature(_ name: String) throws -> String {
        String(decoding: try SignatureCases.bytes("cosign/\(name).sig"), as: UTF8.self)
    }

    // MARK: Layers

    @Test("in layers are valid under their key alone", arguments: SignatureCases.all(".sig"))
    func layers(_ one: SignatureCases.Case) throws {
        let signature = String(decoding: try SignatureCases.bytes(one.file), as: UTF8.self)
        let kind = try #require(one.key)
        let key = try SignatureCases.key(kind)
        let (state, reference) = layer(payload, signature).state(of: all.image.digest, under: GivenSigners(keys: [key]))
        #expect(state == .valid(.key(name: "\(kind).pub", fingerprint: key.key.fingerprint)))
        #expect(reference == "registry.example.com/team/app")

        let other = try SignatureCases.key(kind == "p256" ? "p384" : "p256")
        let refused = layer(payload, signature).state(of: all.image.digest, under: GivenSigners(keys: [other])).0
        #expect(refused == .invalid(.noGivenKey))
        let both = layer(payload, signature).state(of: all.image.digest, under: GivenSigners(keys: [other, key])).0
        #expect(both == .valid(.key(name: "\(kind).pub", fingerprint: key.key.fingerprint)))
    }

    @Test("in layers are of one digest")
    func otherImage() throws {
        let given = GivenSigners(keys: [try SignatureCases.key("p256")])
        let other = Digest.compute(over: payload.span)
        let (state, reference) = layer(payload, try signature("p256")).state(of: other, under: given)
        #expect(state == .invalid(.otherDigest(all.image.digest)))
        #expect(reference == "registry.example.com/team/app")
    }

    @Test("in layers are not checked without a key")
    func nothingGiven() throws {
        let given = GivenSigners(authorities: try SignatureCases.certificates("root"))
        #expect(
            layer(payload, try signature("p256")).state(of: all.image.digest, under: given).0
                == .unchecked(.nothingGiven)
        )
    }

    @Test("with the certificate of a moment are not checked, and never valid by it")
    func keyless() throws {
        let given = GivenSigners(keys: [try SignatureCases.key("p384")])
        let found = layer(payload, try signature("p256"), certificate: true).state(of: all.image.digest, under: given).0
        #expect(found == .unchecked(.keyless))
    }

    @Test("that are no base64 are none", arguments: ["", "!", "AAA", " AAAA"])
    func text(_ text: String) throws {
        let given = GivenSigners(keys: [try SignatureCases.key("p256")])
        #expect(
            layer(payload, text).state(of: all.image.digest, under: given).0
                == .invalid(.malformed(SimpleSigning.signatureAnnotation))
        )
        #expect(
            CosignLayer(payload: payload, annotations: [:]).state(of: all.image.digest, under: given).0
                == .invalid(.malformed(SimpleSigning.signatureAnnotation))
        )
    }

    static let image = "sha256:" + String(repeating: "0", count: 64)

    @Test(
        "have a payload of exactly the members of the specification",
        arguments: [
            (
                #"{"critical":{"identity":{"docker-reference":"r"},"image":{"docker-manifest-digest":"D"},"type":"T"}}"#,
                nil
            ),
            (
                #"{"critical":{"identity":{"docker-reference":""},"image":{"docker-manifest-digest":"D"},"type":"T"},"optional":{"a":1}}"#,
                nil
            ),
            ("{}", "malformed"), ("", "malformed"), ("[]", "malformed"), (#"{"critical":null}"#, "malformed"),
            (
                #"{"critical":{"identity":{"docker-reference":"r"},"image":{"Docker-manifest-digest":"D"},"type":"T"}}"#,
                "malformed"
            ),
            (
                #"{"critical":{"identity":{"docker-reference":"r"},"image":{"docker-manifest-digest":"D","x":1},"type":"T"}}"#,
                "malformed"
            ),
            (
                #"{"critical":{"identity":{"docker-reference":"r"},"image":{"docker-manifest-digest":"D"},"type":"T","Type":"T"}}"#,
                "malformed"
            ),
            (
                #"{"critical":{"identity":{},"image":{"docker-manifest-digest":"D"},"type":"T"}}"#, "malformed"
            ),
            (
                #"{"critical":{"identity":{"docker-reference":"r"},"image":{"docker-manifest-digest":"D"},"type":"T"},"x":1}"#,
                "malformed"
            ),
            (
                #"{"critical":{"identity":{"docker-reference":"r"},"image":{"docker-manifest-digest":"D"},"type":"T"},"optional":1}"#,
                "malformed"
            ),
            (
                #"{"critical":{"identity":{"docker-reference":"r"},"image":{"docker-manifest-digest":"D"},"type":"atomic container signature"}}"#,
                "payload-type"
            ),
            (
                #"{"critical":{"identity":{"docker-reference":"r"},"image":{"docker-manifest-digest":"sha256:00"},"type":"T"}}"#,
                "other-digest"
            ),
        ] as [(String, String?)]
    )
    func payloads(_ text: String, _ problem: String?) throws {
        let text = text.replacing("\"D\"", with: "\"\(Self.image)\"").replacing(
            "\"T\"",
            with: "\"\(SimpleSigning.type)\""
        )
        do throws(SignatureProblem) {
            let signing = try SimpleSigning(parsing: Array(text.utf8))
            #expect(problem == nil)
            #expect(signing.digest.description == Self.image)
        } catch {
            #expect(error.code == problem)
        }
    }

    // MARK: Bundles

    @Test("in bundles say what their specification says", arguments: SignatureCases.all(".bundle"))
    func bundles(_ one: SignatureCases.Case) throws {
        let bytes = try SignatureCases.bytes(one.file)
        let given = GivenSigners(keys: [try SignatureCases.key(try #require(one.key))])
        #expect(state(bytes, given).code == one.expected)
    }

    @Test("in bundles are not valid under another key, and not checked without one")
    func otherKey() throws {
        let bytes = try SignatureCases.bytes("cosign/p256.bundle")
        #expect(state(bytes, GivenSigners(keys: [try SignatureCases.key("rsa2048")])) == .invalid(.noGivenKey))
        #expect(state(bytes, GivenSigners()) == .unchecked(.nothingGiven))
    }

    private func state(_ bytes: [UInt8], _ given: GivenSigners) -> ImageSignature.State {
        do throws(SignatureProblem) {
            return try SigstoreBundle(parsing: bytes).state(of: all.image.digest, under: given)
        } catch {
            return .invalid(error)
        }
    }
}
