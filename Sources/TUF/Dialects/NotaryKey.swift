import CanonicalJSON
package import TrustCrypto

extension TUFKey {
    /// The forms in which Notary writes keys.
    package enum NotaryType: String, Sendable, Hashable {
        /// DER SubjectPublicKeyInfo.
        case ecdsa
        /// PEM certificates, the key's own first.
        case ecdsaX509 = "ecdsa-x509"
        /// DER SubjectPublicKeyInfo.
        case rsa
        /// PEM certificates, the key's own first.
        case rsaX509 = "rsa-x509"
        /// The 32 bytes of the key.
        case ed25519

        var isCertificate: Bool { self == .ecdsaX509 || self == .rsaX509 }
    }

    /// A key of a certificate, as Notary's root roles list it.
    ///
    /// - Parameter chain: The key's own certificate, then intermediates.
    package init?(notaryCertificate chain: CertificateBundle) {
        guard let key = chain.leaf.publicKey else { return nil }
        let type: NotaryType
        switch key.algorithm {
        case .ecdsaP256, .ecdsaP384: type = .ecdsaX509
        case .rsa: type = .rsaX509
        case .ed25519: return nil
        }
        self.init(notary: type.rawValue, value: Array(chain.pem.utf8))
    }

    /// A key as Notary lists those of all roles but the root.
    package init(notary publicKey: PublicKey) {
        switch publicKey.algorithm {
        case .ed25519: self.init(notary: NotaryType.ed25519.rawValue, value: publicKey.ed25519Raw ?? [])
        case .ecdsaP256, .ecdsaP384: self.init(notary: NotaryType.ecdsa.rawValue, value: publicKey.spkiDER)
        case .rsa: self.init(notary: NotaryType.rsa.rawValue, value: publicKey.spkiDER)
        }
    }

    /// A public key that a Notary server hands out.
    ///
    /// - Parameter bytes: The object, of any form that Go writes; nil for anything else.
    package init?(parsingNotary bytes: [UInt8]) {
        let limits = JSONLimits(maximumBytes: 256 << 10, maximumDepth: 4, maximumValues: 100)
        guard let document = try? JSONDocument(parsing: bytes, limits: limits),
            let reader = try? ObjectReader(document.root, role: .root, path: "key"),
            let key = try? TUFKey(notary: reader)
        else { return nil }
        self = key
    }

    init(notary reader: ObjectReader) throws(TUFError) {
        try reader.refuseLookalikes(of: ["keytype", "keyval"])
        let value = try reader.object("keyval")
        try value.refuseLookalikes(of: ["private", "public"])
        guard let bytes = Base64.decode(try value.string("public")) else { throw value.malformed("public") }
        self.init(notary: try reader.string("keytype"), value: bytes)
    }

    private init(notary typeName: String, value: [UInt8]) {
        let json = JSONValue.object([
            "keytype": .string(typeName),
            "keyval": .object(["private": .null, "public": .string(Base64.encode(value.span))]),
        ])
        let read = NotaryType(rawValue: typeName).flatMap { Self.read(value, as: $0) }
        self.init(json: json, publicKey: read?.key, scheme: nil, certificates: read?.certificates)
    }

    /// The id that names the private key: of the key without its certificate.
    package var notaryCanonicalID: KeyID {
        let isCertificate = json["keytype"]?.string.flatMap(NotaryType.init)?.isCertificate ?? false
        guard isCertificate, let publicKey else { return computedID }
        return TUFKey(notary: publicKey).computedID
    }

    /// All ids by which a root key may be pinned: of the certificate, of the key in it, and that of the same key in TUF 1.0.
    package var pinnableIDs: Set<KeyID> {
        var ids: Set<KeyID> = [computedID, notaryCanonicalID]
        if let publicKey { ids.insert(TUFKey(publicKey: publicKey, scheme: publicKey.defaultScheme).computedID) }
        return ids
    }

    private static func read(
        _ value: [UInt8],
        as type: NotaryType
    ) -> (key: PublicKey, certificates: CertificateBundle?)? {
        switch type {
        case .ed25519:
            return (try? PublicKey(ed25519: value)).map { ($0, nil) }
        case .ecdsa, .rsa:
            guard let key = try? PublicKey(spkiDER: value), key.algorithm.isRSA == (type == .rsa) else { return nil }
            return (key, nil)
        case .ecdsaX509, .rsaX509:
            // What is not exactly the form that Go writes would have another id once Go has read it.
            guard let all = try? Certificate.all(inPEM: value), all.map(\.pem).joined().utf8.elementsEqual(value),
                let key = all.first?.publicKey, key.algorithm.isRSA == (type == .rsaX509)
            else { return nil }
            // A delegated role's key may have the certificate of a CA, as openssl makes them for oneself. A root key may not.
            return (key, try? CertificateBundle(all))
        }
    }
}

extension KeyAlgorithm {
    fileprivate var isRSA: Bool {
        if case .rsa = self { true } else { false }
    }
}
