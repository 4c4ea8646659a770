import OCI
import Testing
import TrustCrypto

@testable import ImageSignatures

@Suite("Envelopes of notation")
struct NotationEnvelopeTests {
    static let cases = SignatureCases.all(".jws") + SignatureCases.all(".cose")

    private func given(_ anchors: String) throws -> GivenSigners {
        switch anchors {
        case "none": GivenSigners()
        case "signing-authority": GivenSigners(signingAuthorities: try SignatureCases.certificates("root"))
        default: GivenSigners(authorities: try SignatureCases.certificates(anchors))
        }
    }

    private func state(
        _ bytes: [UInt8],
        _ format: SignatureFormat,
        _ given: GivenSigners,
        now: Int64? = nil
    ) throws -> ImageSignature.State {
        let all = try SignatureCases()
        do throws(SignatureProblem) {
            return try NotationEnvelope(parsing: bytes, as: format).state(
                of: all.image,
                under: given,
                now: now ?? all.now
            )
        } catch {
            return .invalid(error)
        }
    }

    @Test("say what the specification says of them", arguments: cases)
    func fixtures(_ one: SignatureCases.Case) throws {
        let format: SignatureFormat = one.file.hasSuffix(".jws") ? .jws : .cose
        let given = try given(try #require(one.anchors))
        #expect(try state(try SignatureCases.bytes(one.file), format, given).code == one.expected)
    }

    @Test("are all there")
    func count() { #expect(Self.cases.count > 100) }

    @Test("name the certificate of who signed")
    func signer() throws {
        let leaf = try #require(try SignatureCases.certificates("leaf").first)
        let found = try state(try SignatureCases.bytes("notation/p256.cose"), .cose, try given("root"))
        let digest = Digest.compute(over: leaf.der.span)
        #expect(found == .valid(.certificate(commonName: "Signer p256", fingerprint: digest)))
    }

    @Test("do not count once their certificates have ended", arguments: [SignatureFormat.jws, .cose])
    func later(_ format: SignatureFormat) throws {
        let bytes = try SignatureCases.bytes("notation/p256.\(format.rawValue)")
        let root = try #require(try SignatureCases.certificates("root").first)
        #expect(try state(bytes, format, try given("root"), now: root.notAfter).isValid)
        #expect(
            try state(bytes, format, try given("root"), now: root.notAfter + 1)
                == .invalid(.certificate(.outsideValidity))
        )
    }

    @Test("are refused in one format when they are of the other")
    func otherFormat() throws {
        #expect(
            try state(try SignatureCases.bytes("notation/p256.cose"), .jws, try given("root"))
                == .invalid(.malformed("envelope"))
        )
        #expect(
            try state(try SignatureCases.bytes("notation/p256.jws"), .cose, try given("root"))
                == .invalid(.malformed("envelope"))
        )
    }

    @Test("hold no changed byte", arguments: ["notation/p256.cose", "notation/rsa2048.cose", "notation/p384.jws"])
    func changed(_ file: String) throws {
        let bytes = try SignatureCases.bytes(file)
        let format: SignatureFormat = file.hasSuffix(".jws") ? .jws : .cose
        let given = try given("root")
        // Some bytes stand for nothing that is signed: spaces of JSON, and what names the program.
        for place in stride(from: 0, to: bytes.count, by: 11) {
            var changed = bytes
            changed[place] ^= 1
            guard case .valid = try state(changed, format, given) else { continue }
            let around = String(decoding: bytes[max(0, place - 64)..<min(bytes.count, place + 64)], as: UTF8.self)
            #expect(around.contains("signingAgent"), "byte \(place): \(around)")
        }
    }
}

extension ImageSignature.State {
    fileprivate var isValid: Bool { if case .valid = self { true } else { false } }
}
