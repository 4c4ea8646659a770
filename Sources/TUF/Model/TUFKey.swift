public import CanonicalJSON
public import TrustCrypto

/// A public key as metadata writes it: `{"keytype", "scheme", "keyval": {"public"}}` (TUF 1.0.34 §4.2).
///
/// A key of a kind that this module does not know, or whose scheme does not belong to its kind, is kept and written
/// again as it was, and never counts for a threshold (TAP 9).
public struct TUFKey: Sendable, Hashable {
    /// The whole object as received, unknown fields included.
    public let json: JSONValue
    /// The key, or nil when its kind is unknown or its value is not one.
    public let publicKey: PublicKey?
    /// The scheme that all signatures with this key must follow, or nil when it is unknown or of another kind of key.
    public let scheme: SignatureScheme?
    /// SHA-256 of the canonical form of ``json``: the id that §4.2 computes. Metadata may use another one (TAP 12); only
    /// this one says which key it is.
    public let computedID: KeyID
    /// The certificates in which Notary's dialect lists a root key; nil for all others.
    package let certificates: CertificateBundle?

    init(json: JSONValue, publicKey: PublicKey?, scheme: SignatureScheme?, certificates: CertificateBundle?) {
        self.json = json
        self.publicKey = publicKey
        self.scheme = scheme
        self.certificates = certificates
        computedID = Self.identifier(ofCanonical: Self.bytes(ofStrings: json))
    }

    /// The TUF form of a key.
    ///
    /// ECDSA keys get the key type `ecdsa`, RSA keys `rsa`, both with the PEM SubjectPublicKeyInfo; Ed25519 keys are 64
    /// hexadecimal digits.
    ///
    /// - Parameters:
    ///   - publicKey: The key.
    ///   - scheme: The scheme that its signatures follow.
    public init(publicKey: PublicKey, scheme: SignatureScheme) {
        let keyType: String
        let value: String
        switch publicKey.algorithm {
        case .ed25519:
            keyType = "ed25519"
            let raw = publicKey.ed25519Raw ?? []
            value = Hex.encode(raw.span)
        case .ecdsaP256, .ecdsaP384:
            keyType = "ecdsa"
            value = publicKey.pem
        case .rsa:
            keyType = "rsa"
            value = publicKey.pem
        }
        let json = JSONValue.object([
            "keytype": .string(keyType),
            "keyval": .object(["public": .string(value)]),
            "scheme": .string(scheme.rawValue),
        ])
        self.json = json
        self.publicKey = publicKey
        self.scheme = scheme
        self.computedID = Self.identifier(ofCanonical: Self.bytes(ofStrings: json))
        certificates = nil
    }

    init(decoding reader: ObjectReader) throws(TUFError) {
        let keyType = try reader.string("keytype")
        let schemeName = try reader.string("scheme")
        let value = try reader.object("keyval")
        certificates = nil
        json = reader.node.value()
        do {
            computedID = Self.identifier(ofCanonical: try json.canonicalBytes())
        } catch {
            throw .malformed(role: reader.role, field: reader.path)
        }
        scheme = SignatureScheme(rawValue: schemeName)
        guard let scheme, let read = Self.reading(keyType: keyType, scheme: scheme) else {
            // What lies under `keyval` is for each key type to say (TAP 18 has no `public` there).
            publicKey = nil
            return
        }
        publicKey = read(try value.string("public"))
    }

    /// How to read the value of the key types that §4.2 names, and those that real repositories carry; nil for a type that
    /// is unknown or has nothing to do with the scheme.
    private static func reading(keyType: String, scheme: SignatureScheme) -> ((String) -> PublicKey?)? {
        switch (keyType, scheme) {
        case ("ed25519", .ed25519): ed25519
        case ("ecdsa", .ecdsaSHA2NISTP256), ("ecdsa-sha2-nistp256", .ecdsaSHA2NISTP256): { ecdsa($0, .ecdsaP256) }
        case ("ecdsa", .ecdsaSHA2NISTP384), ("ecdsa-sha2-nistp384", .ecdsaSHA2NISTP384): { ecdsa($0, .ecdsaP384) }
        case ("rsa", .rsassaPSSSHA256), ("rsa", .rsaPKCS1v15SHA256): rsa
        default: nil
        }
    }

    private static func ed25519(_ value: String) -> PublicKey? {
        guard let raw = Hex.decode(value) else { return nil }
        return try? PublicKey(ed25519: raw)
    }

    private static func rsa(_ value: String) -> PublicKey? {
        guard let key = try? PublicKey(pem: value), case .rsa = key.algorithm else { return nil }
        return key
    }

    /// An ECDSA key in PEM, or as the hexadecimal uncompressed point of sigstore's first roots.
    private static func ecdsa(_ value: String, _ algorithm: KeyAlgorithm) -> PublicKey? {
        if let point = Hex.decode(value) {
            return try? PublicKey(ecdsaPoint: point, algorithm: algorithm)
        }
        guard let key = try? PublicKey(pem: value), key.algorithm == algorithm else { return nil }
        return key
    }

    private static func identifier(ofCanonical bytes: [UInt8]) -> KeyID {
        KeyID(Digest.compute(.sha256, over: bytes.span))
    }

    /// The canonical form of an object without numbers, which always has one.
    private static func bytes(ofStrings json: JSONValue) -> [UInt8] {
        do {
            return try json.canonicalBytes()
        } catch {
            preconditionFailure("an object without numbers has a canonical form")
        }
    }

    /// Whether both objects are the same, field by field.
    public static func == (lhs: TUFKey, rhs: TUFKey) -> Bool { lhs.json == rhs.json }

    /// Feeds the object.
    public func hash(into hasher: inout Hasher) { hasher.combine(computedID) }
}
