import COpenSSL
import Testing
import TrustTestSupport

@testable import TrustCrypto

/// From a leaf to a trusted CA.
@Suite struct CertificateChainTests {
    let workshop: CertificateWorkshop
    let root: Certificate
    let middle: Certificate

    init() async throws {
        workshop = try CertificateWorkshop()
        root = try await workshop.makeCA("root")
        middle = try await workshop.makeCA("middle", issuer: "root")
    }

    func leaf(_ extensions: String..., issuer: String = "middle") async throws -> Certificate {
        try await workshop.make("leaf", issuer: issuer, .init(extensions: extensions))
    }

    static func noChain(_ reason: Int32) -> CertificateError { .noTrustedChain(Int(reason)) }

    @Test(arguments: [
        ("extendedKeyUsage=serverAuth", true), ("extendedKeyUsage=codeSigning,serverAuth", true),
        ("extendedKeyUsage=anyExtendedKeyUsage", true), ("keyUsage=digitalSignature", true),
        ("extendedKeyUsage=codeSigning", false), ("extendedKeyUsage=clientAuth", false),
        ("extendedKeyUsage=1.2.3.4", false),
    ])
    func extendedKeyUsageOfTheLeaf(extensions: String, isTaken: Bool) async throws {
        let leaf = try await leaf(extensions)
        let bundle = try CertificateBundle([leaf, middle])
        if isTaken {
            try bundle.requireChain(to: [root], at: leaf.notBefore)
        } else {
            #expect(throws: CertificateError.extendedKeyUsage) {
                try bundle.requireChain(to: [root], at: leaf.notBefore)
            }
        }
    }

    @Test(arguments: ["serverAuth", "anyExtendedKeyUsage", "codeSigning"])
    func extendedKeyUsageOfACA(usage: String) async throws {
        for (name, issuer) in [("other", "root"), ("top", nil)] {
            let authority = try await workshop.makeCA(name, issuer: issuer) {
                $0.extensions.append("extendedKeyUsage=\(usage)")
            }
            let leaf = try await leaf(issuer: name)
            let bundle = try CertificateBundle(issuer == nil ? [leaf] : [leaf, authority])
            let anchors = issuer == nil ? [authority] : [root]
            if usage == "codeSigning" {
                #expect(throws: CertificateError.extendedKeyUsage) {
                    try bundle.requireChain(to: anchors, at: leaf.notBefore)
                }
            } else {
                try bundle.requireChain(to: anchors, at: leaf.notBefore)
            }
        }
    }

    @Test func anyTrustedCAEndsTheChain() async throws {
        let leaf = try await leaf()
        let (now, alone) = (leaf.notBefore, try CertificateBundle([leaf]))
        try alone.requireChain(to: [middle], at: now)
        try alone.requireChain(to: [root, middle, middle], at: now)
        try CertificateBundle([leaf, middle, root]).requireChain(to: [root], at: now)
        try CertificateBundle([leaf, root, middle]).requireChain(to: [root], at: now)
        // What comes along with the leaf is not trusted for that.
        let whole = try CertificateBundle([leaf, middle, root])
        let other = try await workshop.makeCA("unrelated")
        let namesake = try await workshop.makeCA("namesake") { $0.subject = "/CN=root" }
        for anchors in [[], [other], [leaf], [namesake]] {
            #expect(throws: CertificateError.self) { try whole.requireChain(to: anchors, at: now) }
        }
        try whole.requireChain(to: [namesake, other, root], at: now)
        #expect(throws: Self.noChain(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY)) {
            try alone.requireChain(to: [root], at: now)
        }
    }

    /// A leaf that signs itself is no CA, so it does not vouch for itself even where it is listed as trusted.
    @Test func selfSignedLeaf() async throws {
        let leaf = try await workshop.make("self", .init())
        #expect(!leaf.isCA)
        let bundle = try CertificateBundle([leaf])
        for anchors in [[leaf], [leaf, root], []] {
            #expect(throws: Self.noChain(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)) {
                try bundle.requireChain(to: anchors, at: leaf.notBefore)
            }
        }
        let vector = try CertificateVector.certificate()
        #expect(throws: CertificateError.self) {
            try CertificateBundle([vector]).requireChain(to: [vector], at: vector.notBefore)
        }
    }

    @Test func timesOfAllCertificates() async throws {
        let short = try await workshop.makeCA("short", issuer: "root") { $0.days = 10 }
        let leaf = try await leaf(issuer: "short")
        let bundle = try CertificateBundle([leaf, short])
        for time in [leaf.notBefore, short.notAfter] { try bundle.requireChain(to: [root], at: time) }
        #expect(throws: CertificateError.self) { try bundle.requireChain(to: [root], at: short.notAfter + 1) }
        #expect(throws: CertificateError.self) { try bundle.requireChain(to: [short], at: short.notAfter + 1) }
        for time in [leaf.notBefore - 1, leaf.notAfter + 1, .min, .max] {
            #expect(throws: CertificateError.outsideValidity) { try bundle.requireChain(to: [root], at: time) }
        }
        let lasting = try await workshop.make(
            "lasting",
            issuer: "middle",
            .init(days: 5000)
        )
        let chain = try CertificateBundle([lasting, middle])
        try chain.requireChain(to: [root], at: min(root.notAfter, middle.notAfter))
        #expect(throws: CertificateError.self) { try chain.requireChain(to: [root], at: root.notAfter + 86_400) }
    }

    @Test func weakLinks() async throws {
        for (name, change) in [
            ("sha1", { (order: inout CertificateWorkshop.Order) in order.options = ["-sha1"] }),
            ("rsa1024", { $0.key = CertificateWorkshop.rsa(1024) }),
        ] {
            let between = try await workshop.makeCA(name, issuer: "root", change)
            #expect(!between.isSound)
            let leaf = try await leaf(issuer: name)
            for anchors in [[root], [between], [root, between]] {
                #expect(throws: CertificateError.self) {
                    try CertificateBundle([leaf, between]).requireChain(to: anchors, at: leaf.notBefore)
                }
            }
            let top = try await workshop.makeCA(name + "-top", change)
            let below = try await self.leaf(issuer: name + "-top")
            #expect(throws: CertificateError.self) {
                try CertificateBundle([below]).requireChain(to: [top], at: below.notBefore)
            }
            var order = CertificateWorkshop.Order()
            change(&order)
            let weak = try CertificateBundle([try await workshop.make("weak", issuer: "root", order)])
            #expect(throws: CertificateError.unsound) { try weak.requireChain(to: [root], at: weak.leaf.notBefore) }
        }
    }

    @Test func signersThatAreNoCAs() async throws {
        let between = try await workshop.make("between", issuer: "root", .init(subject: "/CN=between"))
        let leaf = try await leaf(issuer: "between")
        #expect(throws: CertificateError.leafNotFirst) { try CertificateBundle([leaf, between]) }
        #expect(throws: CertificateError.self) {
            try CertificateBundle([leaf]).requireChain(to: [root, between], at: leaf.notBefore)
        }
        let mute = try await workshop.makeCA("mute", issuer: "root") {
            $0.extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=digitalSignature"]
        }
        #expect(mute.isCA)
        let other = try await self.leaf(issuer: "mute")
        for anchors in [[root], [mute]] {
            #expect(throws: CertificateError.self) {
                try CertificateBundle([other, mute]).requireChain(to: anchors, at: other.notBefore)
            }
        }
    }

    @Test func lengthOfPathAndUnknownExtensions() async throws {
        let narrow = try await workshop.makeCA("narrow") {
            $0.extensions = ["basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=keyCertSign"]
        }
        let below = try await workshop.makeCA("below", issuer: "narrow")
        try await CertificateBundle([leaf(issuer: "narrow")]).requireChain(to: [narrow], at: narrow.notBefore + 60)
        let deep = try await CertificateBundle([leaf(issuer: "below"), below])
        #expect(throws: Self.noChain(X509_V_ERR_PATH_LENGTH_EXCEEDED)) {
            try deep.requireChain(to: [narrow], at: deep.leaf.notBefore)
        }
        let odd = try await CertificateBundle([leaf("1.2.3.4=critical,DER:0500"), middle])
        #expect(throws: Self.noChain(X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION)) {
            try odd.requireChain(to: [root], at: odd.leaf.notBefore)
        }
    }

    /// The issuer's name is right, its key is another.
    @Test func forgedLinks() async throws {
        try await workshop.makeCA("impostor") { $0.subject = "/CN=middle" }
        let leaf = try await leaf(issuer: "impostor")
        #expect(throws: CertificateError.self) {
            try CertificateBundle([leaf, middle]).requireChain(to: [root], at: leaf.notBefore)
        }
    }

    @Test func otherKindsOfKey() async throws {
        let p521 = try await workshop.makeCA("p521") {
            $0.key = CertificateWorkshop.p521; $0.options = ["-sha512"]
        }
        let rsa = try await workshop.makeCA("rsa", issuer: "p521") { $0.key = CertificateWorkshop.rsa(2048) }
        let leaf = try await leaf(issuer: "rsa")
        try CertificateBundle([leaf, rsa]).requireChain(to: [p521], at: leaf.notBefore)
    }
}
