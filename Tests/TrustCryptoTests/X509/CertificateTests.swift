import Testing
import TrustTestSupport

@testable import TrustCrypto

/// Reading one certificate.
@Suite struct CertificateTests {
    @Test func vector() throws {
        let certificate = try CertificateVector.certificate()
        #expect(certificate.commonName == "example.com/app")
        #expect(certificate.notBefore == CertificateVector.notBefore)
        #expect(certificate.notAfter == CertificateVector.notAfter)
        #expect(!certificate.isCA)
        #expect(certificate.isSound)
        #expect(certificate.pem == CertificateVector.pem)
        let key = try CertificateVector.key()
        #expect(certificate.publicKey == key.publicKey)
        #expect(certificate.spkiDER == key.publicKey.spkiDER)
        #expect(try Certificate(der: certificate.der) == certificate)
    }

    /// SHA-256 of what Notary computes the IDs of: that of the certificate, and that of the key alone.
    @Test(arguments: [
        ("ecdsa-x509", "617ad0c822ab6dfe64033864f1d8fb4b913663d1bc9a07d8a54118b34e70c3f9"),
        ("ecdsa", "a37c4cdcb0c06c8e9e7acc852524a56791293cbbef26393a57c7a92755242ac0"),
    ])
    func keyIDs(type: String, id: String) throws {
        let certificate = try CertificateVector.certificate()
        let value = type == "ecdsa" ? certificate.spkiDER : Array(certificate.pem.utf8)
        let text = #"{"keytype":"\#(type)","keyval":{"private":null,"public":"\#(Base64.encode(value.span))"}}"#
        #expect(Digest.of(Array(text.utf8)).hex == id)
    }

    @Test func validityIncludesItsEnds() throws {
        let certificate = try CertificateVector.certificate()
        let (start, end) = (certificate.notBefore, certificate.notAfter)
        for (time, isValid) in [(start - 1, false), (start, true), (end, true), (end + 1, false)] {
            #expect(certificate.isValid(at: time) == isValid)
        }
        #expect(certificate.isValid(at: start - 86_400, tolerance: 86_400))
        #expect(!certificate.isValid(at: start - 86_401, tolerance: 86_400))
        #expect(!certificate.isValid(at: end + 1, tolerance: 86_400))
        #expect(!certificate.isValid(at: .max, tolerance: .max))
        #expect(!certificate.isValid(at: .min))
    }

    @Test func cutAndLongerBytesAreRefused() throws {
        let der = try CertificateVector.certificate().der
        for count in 0..<der.count {
            #expect(throws: CertificateError.malformed) { try Certificate(der: Array(der.prefix(count))) }
        }
        #expect(throws: CertificateError.malformed) { try Certificate(der: der + [0]) }
        #expect(throws: CertificateError.malformed) { try Certificate(der: der + der) }
        #expect(throws: CertificateError.malformed) { try Certificate(der: [UInt8](repeating: 0x30, count: 65_536)) }
        #expect(throws: CertificateError.limitExceeded) { try Certificate(der: [UInt8](repeating: 0, count: 65_537)) }
    }

    /// Whatever is changed in a certificate: its issuer has not signed that.
    @Test func changedBytes() async throws {
        let workshop = try CertificateWorkshop()
        let root = try await workshop.makeCA("root")
        let leaf = try await workshop.make("leaf", issuer: "root", .init())
        try CertificateBundle([leaf]).requireChain(to: [root], at: leaf.notBefore)
        var readable = 0
        for index in leaf.der.indices {
            for bit in [1, 0x20, 0x80] as [UInt8] {
                var der = leaf.der
                der[index] ^= bit
                guard let other = try? Certificate(der: der) else { continue }
                readable += 1
                #expect(other != leaf && other.der == der)
                #expect(throws: CertificateError.self) {
                    try CertificateBundle([other]).requireChain(to: [root], at: leaf.notBefore)
                }
            }
        }
        #expect(readable > 100)
    }

    /// The same content in BER that is not DER: lengths in a longer form, of the whole and of a part.
    @Test func otherEncodingsAreRefused() throws {
        let der = try CertificateVector.certificate().der
        #expect(der.prefix(8) == [0x30, 0x82, 0x01, 0x66, 0x30, 0x82, 0x01, 0x0D])
        let longer = [0x30, 0x83, 0, 1, 0x66] + der[4...]
        #expect(throws: CertificateError.malformed) { try Certificate(der: longer) }
        let longerPart = [0x30, 0x82, 0x01, 0x67, 0x30, 0x83, 0, 1, 0x0D] + der[8...]
        #expect(throws: CertificateError.malformed) { try Certificate(der: longerPart) }
        let indefinite = [0x30, 0x80] + der[4...] + [0, 0]
        #expect(throws: CertificateError.malformed) { try Certificate(der: indefinite) }
    }

    @Test func kindsOfKeyAndSignature() async throws {
        let workshop = try CertificateWorkshop()
        let rsa = try await workshop.make("rsa", .init(key: CertificateWorkshop.rsa(2048)))
        #expect(rsa.publicKey?.algorithm == .rsa(bits: 2048))
        #expect(rsa.isSound)
        let sha1 = try await workshop.make("sha1", .init(key: CertificateWorkshop.rsa(2048), options: ["-sha1"]))
        #expect(sha1.hasWeakSignature && !sha1.hasWeakKey && !sha1.isSound)
        let ecdsaSHA1 = try await workshop.make("ecdsa-sha1", .init(options: ["-sha1"]))
        #expect(ecdsaSHA1.hasWeakSignature && !ecdsaSHA1.isSound)
        let pss = ["-sha1", "-sigopt", "rsa_padding_mode:pss"]
        #expect(
            try await workshop.make("pss-sha1", .init(key: CertificateWorkshop.rsa(2048), options: pss))
                .hasWeakSignature
        )
        let short = try await workshop.make("rsa1024", .init(key: CertificateWorkshop.rsa(1024)))
        #expect(short.hasWeakKey && !short.hasWeakSignature && !short.isSound && short.publicKey == nil)
        let p521 = try await workshop.make("p521", .init(key: CertificateWorkshop.p521))
        #expect(p521.isSound && p521.publicKey == nil && p521.commonName == "registry.example/app")
        let ed25519 = try await workshop.make("ed25519", .init(key: CertificateWorkshop.ed25519, options: []))
        #expect(ed25519.isSound && ed25519.publicKey?.algorithm == .ed25519)
    }

    @Test(arguments: [
        ("/CN=one/CN=two", "two"), ("/CN=one/O=other", "one"), ("/O=other", nil), ("/CN=one+CN=two", "two"),
        ("/CN=r.example\\/*", "r.example/*"), ("/CN=r.example\\/a_b", "r.example/a_b"),
        ("/CN=" + String(repeating: "a", count: 64), String(repeating: "a", count: 64)),
    ])
    func lastCommonName(subject: String, name: String?) async throws {
        let certificate = try await CertificateWorkshop().make(
            "name",
            .init(subject: subject, options: subject.contains("+") ? ["-multivalue-rdn"] : [])
        )
        #expect(certificate.commonName == name)
    }

    /// A name in UTF-16 after one in UTF-8: neither is the name.
    @Test func textsOfOtherTypesAreNoNames() throws {
        let der = try CertificateVector.certificate().der
        for (tag, isText) in [(0x13, true), (0x0C, true), (0x16, true), (0x1E, false), (0x14, false), (0x04, false)] {
            // The second name is that of the subject.
            let name = try #require(Self.lastPosition(of: [0x13, 0x0F] + Array("example.com/app".utf8), in: der))
            var other = der
            other[name] = UInt8(tag)
            let certificate = try? Certificate(der: other)
            #expect(certificate?.commonName == (isText ? "example.com/app" : nil), "\(tag)")
        }
    }

    private static func lastPosition(of part: [UInt8], in bytes: [UInt8]) -> Int? {
        (0...(bytes.count - part.count)).last { bytes[$0..<($0 + part.count)].elementsEqual(part) }
    }
}
