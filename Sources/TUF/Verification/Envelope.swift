import CanonicalJSON
public import TrustCrypto

/// One entry of `signatures`.
public struct EnvelopeSignature: Sendable, Hashable {
    /// The id that the file gives the key.
    public let keyID: KeyID
    /// The signature; empty when the file holds nothing that is hexadecimal, which no key accepts.
    public let bytes: [UInt8]
    let form: Form

    /// What says how a signature was made.
    enum Form: Sendable, Hashable {
        /// The scheme of the key.
        case scheme
        /// The signature itself, in Notary's dialect; nil for a method that is unknown, by which nothing verifies.
        case method(NotarySignatureMethod?)
    }
}

/// A metadata file that was parsed and not verified: `{"signatures", "signed"}` (TUF 1.0.34 §4.2.1).
///
/// The signatures can be read. The payload can not: it comes out of ``Verified``, or, marked as such, out of
/// ``inspect(as:role:)``.
public struct Envelope: Sendable {
    /// The signatures, with distinct key ids.
    public let signatures: [EnvelopeSignature]
    /// The form that it has.
    public let dialect: Dialect
    let signed: JSONNode
    private let document: JSONDocument

    /// Parses a metadata file.
    ///
    /// - Parameters:
    ///   - bytes: The file as received.
    ///   - role: The role it was asked for as, for errors.
    ///   - maximumLength: The most bytes it may have.
    ///   - limits: Bounds for what is in it.
    ///   - dialect: The form that it must have.
    /// - Throws: ``TUFError/lengthExceeded(role:limit:)``, ``TUFError/notJSON(role:_:)``,
    ///   ``TUFError/malformed(role:field:)``, ``TUFError/duplicateSignature(role:_:)``.
    public init(
        parsing bytes: [UInt8],
        role: RoleName,
        maximumLength: Int,
        limits: TUFLimits = TUFLimits(),
        dialect: Dialect = .tuf1
    ) throws(TUFError) {
        self.dialect = dialect
        guard bytes.count <= maximumLength else { throw .lengthExceeded(role: role, limit: maximumLength) }
        var jsonLimits = JSONLimits()
        jsonLimits.maximumBytes = maximumLength
        do {
            document = try JSONDocument(parsing: bytes, limits: jsonLimits)
        } catch {
            throw .notJSON(role: role, error)
        }
        let reader = try ObjectReader(document.root, role: role, path: "")
        signed = try reader.required("signed")
        guard signed.kind == .object else { throw reader.malformed("signed") }
        if dialect == .notary { try reader.refuseLookalikes(of: ["signatures", "signed"]) }
        signatures = try Self.signatures(reader, role: role, limit: limits.signatures, dialect)
    }

    /// The file as received.
    public var bytes: [UInt8] { document.bytes }

    /// Reads the payload of a file whose signatures nobody checked: to show it, or to say which keys it names.
    ///
    /// - Parameters:
    ///   - type: The kind of metadata.
    ///   - role: The role it was asked for as.
    /// - Returns: The payload, as a type that no verification accepts.
    /// - Throws: What the payload's initializer throws.
    public func inspect<Payload: RolePayload>(
        as type: Payload.Type,
        role: RoleName
    ) throws(TUFError) -> Inspected<Payload> {
        Inspected(unverified: try Payload(decoding: signed, role: role, dialect: dialect))
    }

    /// The object under `signed`, for editing what was verified.
    var signedValue: JSONValue { signed.value() }

    /// SHA-256 of the canonical form of what lies under `signed`: it names what the file says, whoever has signed it.
    func signedDigest(role: RoleName) throws(TUFError) -> Digest {
        do {
            return try signed.withCanonicalBytes { Digest.compute(.sha256, over: $0) }
        } catch {
            throw .notJSON(role: role, error)
        }
    }

    private static func signatures(
        _ reader: ObjectReader,
        role: RoleName,
        limit: Int,
        _ dialect: Dialect
    ) throws(TUFError) -> [EnvelopeSignature] {
        let array = try reader.array("signatures")
        guard array.count <= limit else { throw reader.malformed("signatures") }
        var signatures: [EnvelopeSignature] = []
        var seen: Set<KeyID> = []
        for element in array.elements {
            let entry = try ObjectReader(element, role: role, path: "signatures")
            let keyID = try entry.keyID(try entry.string("keyid"), in: "keyid")
            guard seen.insert(keyID).inserted else { throw .duplicateSignature(role: role, keyID) }
            let text = try entry.string("sig")
            // A signature that is not one beside enough good ones does no harm; files with empty ones are in use.
            switch dialect {
            case .tuf1:
                signatures.append(EnvelopeSignature(keyID: keyID, bytes: Hex.decode(text) ?? [], form: .scheme))
            case .notary:
                try entry.refuseLookalikes(of: ["keyid", "method", "sig"])
                let method = NotarySignatureMethod(ignoringCase: try entry.string("method"))
                signatures.append(
                    EnvelopeSignature(keyID: keyID, bytes: Base64.decode(text) ?? [], form: .method(method))
                )
            }
        }
        return signatures
    }
}

/// A payload that nobody verified. Nothing that verifies accepts it.
public struct Inspected<Payload: RolePayload>: Sendable {
    /// What the file claims.
    public let unverified: Payload
}
