public import CanonicalJSON
public import TrustCrypto

/// What lies under `signed` of one kind of metadata. A value of such a type was checked for its form only; that it may be
/// trusted is what ``Verified`` says.
public protocol RolePayload: Sendable {
    /// The `_type` that metadata of this kind carries.
    static var typeName: String { get }
    /// The fields that all kinds share.
    var common: CommonFields { get }
    /// Reads and checks the payload.
    ///
    /// - Parameters:
    ///   - signed: The object under `signed`.
    ///   - role: The role that the file was asked for as.
    ///   - dialect: The form that it must have.
    /// - Throws: ``TUFError/malformed(role:field:)``, ``TUFError/wrongType(role:found:)``,
    ///   ``TUFError/unsupportedSpecVersion(role:found:)``.
    init(decoding signed: JSONNode, role: RoleName, dialect: Dialect) throws(TUFError)
}

/// The fields that metadata of every role has (TUF 1.0.34 §4.3 to §4.6).
public struct CommonFields: Sendable, Hashable {
    /// `spec_version`, whose major version is 1; empty in Notary's dialect, which has none.
    public let specVersion: String
    /// `version`, 1 to ``maximumVersion``.
    public let version: Int64
    /// `expires`: from this instant on the metadata must not be trusted.
    public let expires: Instant
    /// `x-trustctl-repository`: the repository that this trust data belongs to; nil in general TUF metadata.
    public let repository: String?
    /// `x-trustctl-issued`: when the metadata was signed, as it says itself; nil in general TUF metadata.
    public let issued: Instant?

    /// The highest version that is read. One more still fits, so that whoever counts on from a foreign file (the next root,
    /// the next publication) does not trap.
    public static let maximumVersion = Int64.max - 1

    /// Fields of a dialect that has no others.
    init(version: Int64, expires: Instant) {
        specVersion = ""
        self.version = version
        self.expires = expires
        repository = nil
        issued = nil
    }

    init(_ reader: ObjectReader, type: String, role: RoleName) throws(TUFError) {
        let found = try reader.string("_type")
        guard found.hasSameBytes(as: type) else { throw .wrongType(role: role, found: found) }
        specVersion = try reader.string("spec_version")
        guard Self.isSupported(specVersion) else {
            throw .unsupportedSpecVersion(role: role, found: specVersion)
        }
        version = try reader.version()
        expires = try reader.instant("expires")
        repository = try reader.optionalString(TrustDataField.repository)
        issued = try reader.optionalInstant(TrustDataField.issued)
        // A snapshot may list versions alone, and roles may share keys: one role's file must not pass for another's.
        if let named = try reader.optionalString(TrustDataField.role), !named.hasSameBytes(as: role.string) {
            throw .wrongRole(role: role, found: named)
        }
    }

    /// Whether the version is `1.X` or `1.X.Y`: §4.3 lets a client go on with the same major version.
    private static func isSupported(_ version: String) -> Bool {
        let parts = version.split(separator: ".", omittingEmptySubsequences: false)
        return (2...3).contains(parts.count) && parts[0] == "1"
            && parts.allSatisfy { (1...9).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }
}

/// The names of the fields that trust data adds to TUF's. General TUF clients ignore them, and they are signed.
public enum TrustDataField {
    /// In every role: the repository that the trust data belongs to.
    public static let repository = "x-trustctl-repository"
    /// In every role: when it was signed, RFC 3339. The timestamp role's says how fresh the trust data is; with `expires`
    /// it says how long the publisher means a role to live.
    public static let issued = "x-trustctl-issued"
    /// In delegated roles: the role's name. A file that carries another is refused.
    public static let role = "x-trustctl-role"
}

/// The ids of the keys of a role and how many of them must sign (TUF 1.0.34 §4.3, §4.5).
public struct RoleKeys: Sendable, Hashable {
    /// The key ids, each once, in the order of the file.
    public let keyIDs: [KeyID]
    /// How many different keys must sign, at least 1. It may be more than there are keys: then nothing verifies.
    public let threshold: Int

    /// The keys of a role.
    ///
    /// - Parameters:
    ///   - keyIDs: The key ids.
    ///   - threshold: How many must sign, at least 1.
    public init(keyIDs: [KeyID], threshold: Int) {
        precondition(threshold >= 1, "a threshold is at least 1")
        self.keyIDs = keyIDs
        self.threshold = threshold
    }
}

/// What a parent role says of the metadata file of another role (TUF 1.0.34 §4.4, §4.6: METAFILES).
public struct MetaRecord: Sendable, Hashable {
    /// The version, at least 1; ``untold`` in Notary's dialect.
    public let version: Int64
    /// The exact length in bytes, if the parent tells.
    public let length: Int64?
    /// The digests of the file, if the parent tells, those of known algorithms.
    public let hashes: [Digest]

    /// Stands for the version where the parent tells none. It then always tells a digest.
    static let untold: Int64 = 0

    /// Whether a file has the version that its parent tells, if it tells one.
    func allows(_ version: Int64) -> Bool { self.version == Self.untold || self.version == version }

    /// What a parent says of a file.
    ///
    /// - Parameters:
    ///   - version: The version, at least 1.
    ///   - length: The exact length in bytes, or nil.
    ///   - hashes: The digests of the file, or none.
    public init(version: Int64, length: Int64? = nil, hashes: [Digest] = []) {
        self.version = version
        self.length = length
        self.hashes = hashes
    }

    init(decoding reader: ObjectReader) throws(TUFError) {
        version = try reader.version()
        length = try reader.optionalInteger("length", atLeast: 0)
        if reader.node["hashes"] == nil {
            hashes = []
        } else {
            hashes = try reader.knownHashes("hashes")
            // Hashes of which none can be checked must not read as "no hashes".
            guard !hashes.isEmpty else { throw reader.malformed("hashes") }
        }
    }

    /// The object that metadata carries.
    public var json: JSONValue {
        var object: JSONObject = ["version": .integer(version)]
        if let length { object["length"] = .integer(length) }
        if !hashes.isEmpty { object["hashes"] = .hashes(hashes) }
        return .object(object)
    }

    /// Compares length and hashes with those of the bytes.
    func check(_ bytes: [UInt8], role: RoleName) throws(TUFError) {
        if let length, Int64(bytes.count) != length {
            throw .lengthMismatch(role: role, expected: length, found: Int64(bytes.count))
        }
        for digest in hashes where Digest.compute(digest.algorithm, over: bytes.span) != digest {
            throw .hashMismatch(role: role, expected: digest)
        }
    }
}

extension JSONValue {
    /// A `hashes` object.
    static func hashes(_ digests: [Digest]) -> JSONValue {
        var object: JSONObject = [:]
        for digest in digests { object[digest.algorithm.rawValue] = .string(digest.hex) }
        return .object(object)
    }
}
