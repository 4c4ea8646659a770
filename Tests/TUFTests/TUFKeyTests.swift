import CanonicalJSON
import Testing
import TrustCrypto
import TrustTestSupport

@testable import TUF

@Suite struct TUFKeyTests {
    /// Key ids that securesystemslib 1.6 (`SSlibKey.from_crypto`) computes from the same private keys.
    @Test(arguments: [
        (SimulatedKey.ed25519(0), "b97b4d0a1e8dafdbaa2afe86df595f6220cbf3dc67a72390795a6073fd3986ce"),
        (.p256(0), "6829083f2e2bda52563c4a11247b2392335209f8b2620446e93492543a1cfcb7"),
        (.p384, "2b2e58aa6bfc85bcaf4c8f263635879dd030379f75011d9480e9569e9dc7d41e"),
        (.rsa, "0ad1777772b67168ee77bf1d01946b884192b14d97773bc58324896ff6299e37"),
        (.rsaPKCS1v15, "bb0b8a9ab49adb944c7b3602064e3a14dcbad58256e6a48327a751a7357363f5"),
    ])
    func computedIDs(_ key: SimulatedKey, _ id: String) throws {
        let written = TUFKey(publicKey: key.privateKey.publicKey, scheme: key.scheme)
        #expect(written.computedID.string == id)
        let read = try readKey(written.json)
        #expect(read.computedID.string == id)
        #expect(read.publicKey == key.privateKey.publicKey)
        #expect(read.scheme == key.scheme)
        #expect(read == written)
    }

    private static let point =
        "04c3a9546409d97187f008e66eb41e4cf849e0ba33222ae09c6525baac522f966b"
        + "9405ed53625a8f1791030ee41227568d4784107397b42bbbe5fd9d2c65561ca3"

    /// The first roots of sigstore carry points in hexadecimal, and a list of hash algorithms that counts for the id.
    @Test func hexadecimalPoint() throws {
        var json: JSONValue = [
            "keytype": "ecdsa-sha2-nistp256", "scheme": "ecdsa-sha2-nistp256",
            "keyval": ["public": .string(Self.point)],
        ]
        var key = try readKey(json)
        #expect(key.publicKey == SimulatedKey.p256(0).privateKey.publicKey)
        #expect(key.computedID.string == "0cd7147d6e958b1acc7496f1ff233892caee6f4cdbd07e837bf41b5b3e83a9da")
        var object = try #require(json.object)
        object["keyid_hash_algorithms"] = ["sha256", "sha512"]
        json = .object(object)
        key = try readKey(json)
        #expect(key.publicKey == SimulatedKey.p256(0).privateKey.publicKey)
        #expect(key.computedID.string == "1aaf86f0ba0c5c1292079abbcbd0c136334f56539a329cd1a7acd2493f80eb04")
        #expect(key.json == json)
    }

    /// TAP 18: another kind of key, with other members under `keyval`, and text that must be escaped.
    @Test func sigstoreIdentity() throws {
        let json: JSONValue = [
            "keytype": "sigstore-oidc", "scheme": "Fulcio",
            "keyval": ["identity": "a\"b\\c\né", "issuer": "https://x"],
        ]
        let key = try readKey(json)
        #expect(key.publicKey == nil)
        #expect(key.scheme == nil)
        #expect(key.json == json)
        #expect(key.computedID.string == "84a60d7c2b693e170c7dce93c718febf550aab806f046ac5623756d8fab6443d")
    }

    private static let pem256 = SimulatedKey.p256(0).privateKey.publicKey.pem
    private static let pem384 = SimulatedKey.p384.privateKey.publicKey.pem
    private static let pemRSA = SimulatedKey.rsa.privateKey.publicKey.pem
    private static let hexEd25519 = "ebbacf39e979ab8810ecc4e98682cb07bfea4f21d2ee0d603c127671078e6e63"

    /// Kind, scheme and value that go together.
    @Test(arguments: good)
    func goodForms(_ keyType: String, _ scheme: String, _ value: String) throws {
        let key = try readKey(Self.form(keyType, scheme, .string(value)))
        #expect(key.publicKey != nil)
        #expect(key.scheme?.rawValue == scheme)
    }

    /// Everything else is kept and never counts (TAP 9), and is no reason to refuse the file.
    @Test(arguments: uncounted)
    func neverCounts(_ keyType: String, _ scheme: String, _ value: String) throws {
        let json = Self.form(keyType, scheme, .string(value))
        let key = try readKey(json)
        #expect(key.publicKey == nil)
        #expect(key.json == json)
    }

    /// What is no key at all is malformed, with the path of the field.
    @Test(arguments: notKeys)
    func malformed(_ json: JSONValue, _ field: String) {
        #expect(throws: TUFError.malformed(role: .root, field: field)) { try readKey(json) }
    }

    /// An id cannot be computed from what has no canonical form.
    @Test func numberWithoutCanonicalForm() throws {
        let number = try #require(JSONNumber("1.5"))
        let json: JSONValue = [
            "keytype": "ed25519", "scheme": "ed25519", "keyval": ["public": .string(Self.hexEd25519)],
            "x": .number(number),
        ]
        #expect(throws: TUFError.malformed(role: .root, field: "signed.keys.k")) { try readKey(json) }
    }

    private static let good: [(keyType: String, scheme: String, value: String)] = [
        ("ed25519", "ed25519", hexEd25519), ("ed25519", "ed25519", hexEd25519.uppercased()),
        ("ecdsa", "ecdsa-sha2-nistp256", pem256), ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", pem256),
        ("ecdsa", "ecdsa-sha2-nistp256", point), ("ecdsa", "ecdsa-sha2-nistp384", pem384),
        ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", pem384), ("rsa", "rsassa-pss-sha256", pemRSA),
        ("rsa", "rsa-pkcs1v15-sha256", pemRSA), ("rsa", "rsassa-pss-sha256", "\n" + pemRSA + "\n"),
    ]

    private static let uncounted: [(keyType: String, scheme: String, value: String)] = [
        ("rsa", "ed25519", hexEd25519), ("ed25519", "rsassa-pss-sha256", pemRSA), ("ecdsa", "ed25519", hexEd25519),
        ("ed25519", "ecdsa-sha2-nistp256", pem256), ("rsa", "ecdsa-sha2-nistp256", pem256),
        ("ecdsa", "rsassa-pss-sha256", pemRSA), ("ecdsa", "ecdsa-sha2-nistp256", pem384),
        ("ecdsa", "ecdsa-sha2-nistp384", pem256), ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", pem384),
        ("rsa", "rsassa-pss-sha256", pem256), ("ecdsa", "ecdsa-sha2-nistp256", pemRSA),
        ("rsa", "rsassa-pss-sha512", pemRSA), ("rsa", "RSASSA-PSS-SHA256", pemRSA),
        ("RSA", "rsassa-pss-sha256", pemRSA),
        ("ed25519", "ed25519", String(hexEd25519.dropLast(2))), ("ed25519", "ed25519", hexEd25519 + "00"),
        ("ed25519", "ed25519", String(hexEd25519.dropLast())), ("ed25519", "ed25519", ""),
        ("ed25519", "ed25519", String(repeating: "0", count: 64)), ("ed25519", "ed25519", pem256),
        ("ecdsa", "ecdsa-sha2-nistp256", ""),
        ("ecdsa", "ecdsa-sha2-nistp256", "04" + String(repeating: "11", count: 64)),
        ("ecdsa", "ecdsa-sha2-nistp256", String(point.dropLast(2))), ("ecdsa", "ecdsa-sha2-nistp384", point),
        ("rsa", "rsassa-pss-sha256", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"),
        ("rsa", "rsassa-pss-sha256", "x"), ("gpg", "gpg", "x"), ("", "", ""), ("ed25519", "ed25519ph", hexEd25519),
    ]

    private static let notKeys: [(JSONValue, String)] = [
        (form("ed25519", "ed25519", nil), "signed.keys.k.keyval.public"),
        (form("ed25519", "ed25519", 5), "signed.keys.k.keyval.public"),
        (["scheme": "ed25519", "keyval": ["public": "00"]], "signed.keys.k.keytype"),
        (["keytype": "ed25519", "keyval": ["public": "00"]], "signed.keys.k.scheme"),
        (["keytype": "ed25519", "scheme": "ed25519"], "signed.keys.k.keyval"),
        (["keytype": "ed25519", "scheme": "ed25519", "keyval": "00"], "signed.keys.k.keyval"),
        (["keytype": "unknown", "scheme": "unknown", "keyval": .null], "signed.keys.k.keyval"),
        (["keytype": .null, "scheme": "ed25519", "keyval": ["public": "00"]], "signed.keys.k.keytype"),
        ([], "signed.keys.k"), (.null, "signed.keys.k"),
    ]

    private static func form(_ keyType: String, _ scheme: String, _ value: JSONValue?) -> JSONValue {
        var keyValue: JSONObject = [:]
        keyValue["public"] = value
        return ["keytype": .string(keyType), "scheme": .string(scheme), "keyval": .object(keyValue)]
    }
}
