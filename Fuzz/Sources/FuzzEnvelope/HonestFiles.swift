import CanonicalJSON
import TUF
import TrustCrypto

/// Metadata that honest keys signed, and some that they did not all sign; the same in every run.
struct HonestFiles {
    /// The root role's keys. Both must sign.
    let rootKeys: [PrivateKey]
    /// The key of all other roles.
    let otherKey: PrivateKey
    let firstRoot: [UInt8]
    let nextRoot: [UInt8]
    let timestamp: [UInt8]
    /// Files that must verify under no change: too few keys signed them, or the wrong ones.
    let dishonest: [[UInt8]]
    /// The canonical form of everything that may ever verify, by role.
    let canonical: [RoleName: Set<[UInt8]>]

    static let shared = HonestFiles()
    static let now = instant("2030-01-01T00:00:00Z")

    private init() {
        rootKeys = [Self.key(1), Self.key(2)]
        otherKey = Self.key(3)
        let first = Self.root(1, rootKeys, otherKey)
        let next = Self.root(2, rootKeys, otherKey)
        let stolen = Self.root(2, [rootKeys[0], Self.key(4)], otherKey)
        let timestamp = Self.timestamp(5)
        firstRoot = Self.file(first, rootKeys)
        nextRoot = Self.file(next, rootKeys)
        self.timestamp = Self.file(timestamp, [otherKey])
        dishonest = [
            Self.file(stolen, [rootKeys[0]]),
            Self.file(stolen, [rootKeys[0], Self.key(4)]),
            Self.file(stolen, [rootKeys[0], otherKey]),
            Self.file(Self.timestamp(6), rootKeys),
            Self.file(Self.timestamp(6), [Self.key(4)]),
        ]
        canonical = [.root: [Self.message(first), Self.message(next)], .timestamp: [Self.message(timestamp)]]
    }

    var rootAnchor: RootAnchor {
        .keys(Set(rootKeys.map { TUFKey(publicKey: $0.publicKey, scheme: .ed25519).computedID }), threshold: 2)
    }

    /// An Ed25519 key whose secret is one byte, 32 times.
    private static func key(_ number: UInt8) -> PrivateKey {
        let head: [UInt8] = [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20]
        let der = head + [UInt8](repeating: number, count: 32)
        let pem = Array("-----BEGIN PRIVATE KEY-----\n\(base64(der))\n-----END PRIVATE KEY-----\n".utf8)
        guard let key = try? PrivateKeyFile.decode(pem.span) else { fatalError("no key: \(number)") }
        return key
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = UInt32(bytes[start]) << 16 | UInt32(bytes[start + 1]) << 8 | UInt32(bytes[start + 2])
            for shift: UInt32 in [18, 12, 6, 0] { text.append(alphabet[Int(group >> shift & 63)]) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func root(_ version: Int64, _ rootKeys: [PrivateKey], _ otherKey: PrivateKey) -> JSONObject {
        var draft = RoleDraft(
            role: .root,
            version: version,
            expires: instant("2040-01-01T00:00:00Z"),
            issued: nil,
            repository: nil
        )
        let other = [TUFKey(publicKey: otherKey.publicKey, scheme: .ed25519)]
        draft.setRoles([
            .root: (rootKeys.map { TUFKey(publicKey: $0.publicKey, scheme: .ed25519) }, 2),
            .timestamp: (other, 1), .snapshot: (other, 1), .targets: (other, 1),
        ])
        return draft.signed
    }

    private static func timestamp(_ version: Int64) -> JSONObject {
        var draft = RoleDraft(
            role: .timestamp,
            version: version,
            expires: instant("2040-01-01T00:00:00Z"),
            issued: nil,
            repository: nil
        )
        draft.setSnapshot(MetaRecord(version: version))
        return draft.signed
    }

    private static func file(_ signed: JSONObject, _ keys: [PrivateKey]) -> [UInt8] {
        let message = message(signed)
        let signatures = keys.map { key -> JSONValue in
            let id = TUFKey(publicKey: key.publicKey, scheme: .ed25519).computedID
            do {
                let signature = try key.signature(over: message.span, scheme: .ed25519)
                return ["keyid": .string(id.string), "sig": .string(Hex.encode(signature.span))]
            } catch {
                fatalError("\(error)")
            }
        }
        return JSONValue.object(["signatures": .array(signatures), "signed": .object(signed)]).jsonBytes(pretty: false)
    }

    private static func message(_ signed: JSONObject) -> [UInt8] {
        do {
            return try JSONValue.object(signed).canonicalBytes()
        } catch {
            fatalError("\(error)")
        }
    }

    private static func instant(_ text: String) -> Instant {
        guard let instant = Instant(rfc3339: text) else { fatalError("no time: \(text)") }
        return instant
    }
}
