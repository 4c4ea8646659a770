import CanonicalJSON
public import TrustCrypto

/// What a person or machine that is to become a signer hands to the publisher, as a file that travels: its public keys, and
/// the first file of its role, which each of these keys has signed.
///
/// The signatures prove that whoever asks has the keys, and the role has a file from its first moment on: a delegation
/// without one would end every search that comes to it (TUF 1.0.34 §5.6.7).
public struct SignerRequest: Sendable {
    /// Who may speak for the role by the word of this file alone: all of its keys together.
    public let authority: RoleAuthority
    /// The keys.
    public let keys: [TUFKey]
    /// The first file of the role.
    public let proposed: Targets
    private let envelope: Envelope

    /// The most bytes that a request may have.
    public static let maximumLength = 1 << 20

    private static let typeName = "trustctl-signer-request"

    /// The role.
    public var role: RoleName { authority.role }

    /// A request that no key has joined.
    ///
    /// - Parameter draft: The first file of the role.
    /// - Throws: ``TUFError`` when the draft is no metadata of a targets role.
    public init(_ draft: RoleDraft) throws(TUFError) {
        try self.init(SignableFile(role: draft.role, signed: .object(draft.signed)), keys: [])
    }

    /// Reads a request.
    ///
    /// - Parameter bytes: The file.
    /// - Throws: ``TUFError`` when it is not a request.
    public init(parsing bytes: [UInt8]) throws(TUFError) {
        let role = RoleName.targets
        guard bytes.count <= Self.maximumLength else { throw .lengthExceeded(role: role, limit: Self.maximumLength) }
        let document: JSONDocument
        do { document = try JSONDocument(parsing: bytes) } catch { throw .notJSON(role: role, error) }
        let reader = try ObjectReader(document.root, role: role, path: "")
        let type = try reader.string("_type")
        guard type.hasSameBytes(as: Self.typeName) else { throw .wrongType(role: role, found: type) }
        let name = try RoleName(reader.string("name"))
        var keys: [TUFKey] = []
        for element in try reader.array("keys").elements {
            keys.append(try TUFKey(decoding: ObjectReader(element, role: name, path: "keys[\(keys.count)]")))
        }
        let envelope = try Envelope(
            parsing: Array(try reader.string("file").utf8),
            role: name,
            maximumLength: Self.maximumLength
        )
        try self.init(SignableFile(envelope, role: name), keys: keys)
    }

    private init(_ file: SignableFile, keys: [TUFKey]) throws(TUFError) {
        guard !RoleName.topLevel.contains(file.role) else { throw .invalidName(file.role.string) }
        self.keys = keys
        authority = RoleAuthority(
            role: file.role,
            keys: Dictionary(keys.map { ($0.computedID, $0) }) { first, _ in first },
            threshold: max(1, keys.count)
        )
        envelope = try Envelope(parsing: file.bytes, role: file.role, maximumLength: Self.maximumLength)
        proposed = try Targets(decoding: envelope.signed, role: file.role, dialect: .tuf1)
    }

    /// The repository whose signer it is to be; nil when it does not say.
    public var repository: String? { proposed.common.repository }

    /// The request with one more key, which signs it.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - signer: Its private half.
    /// - Returns: The request; the same when the key has joined already.
    /// - Throws: ``TUFError/signingFailed(role:_:)``, ``TUFError/notJSON(role:_:)``.
    public func joined(by key: TUFKey, _ signer: some Signer) async throws(TUFError) -> SignerRequest {
        var file = SignableFile(envelope, role: role)
        try await file.sign(with: signer, as: [key.computedID])
        let isNew = !keys.contains { $0.publicKey == key.publicKey }
        return try SignerRequest(file, keys: isNew ? keys + [key] : keys)
    }

    /// The first file, signed by every key of the request.
    ///
    /// - Returns: The file.
    /// - Throws: ``TUFError/thresholdNotMet(role:required:valid:)`` when a key has not signed or cannot be used.
    public func verified() throws(TUFError) -> Verified<Targets> { try envelope.verified(by: authority) }

    /// The file that travels.
    public var bytes: [UInt8] {
        JSONValue.object([
            "_type": .string(Self.typeName),
            "file": .string(String(decoding: envelope.bytes, as: UTF8.self)),
            "keys": .array(keys.map(\.json)),
            "name": .string(role.string),
        ]).jsonBytes(pretty: true)
    }
}
