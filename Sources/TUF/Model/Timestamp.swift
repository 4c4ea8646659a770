public import CanonicalJSON

/// Timestamp metadata: the current snapshot, signed often (TUF 1.0.34 §4.6).
public struct Timestamp: RolePayload, Hashable {
    /// `timestamp`.
    public static let typeName = "timestamp"

    /// The fields that all kinds of metadata share.
    public let common: CommonFields
    /// What it says of the snapshot.
    public let snapshot: MetaRecord

    /// Reads and checks the payload.
    ///
    /// - Parameters:
    ///   - signed: The object under `signed`.
    ///   - role: The role that the file was asked for as.
    ///   - dialect: The form that it must have.
    /// - Throws: ``TUFError``.
    public init(decoding signed: JSONNode, role: RoleName, dialect: Dialect) throws(TUFError) {
        switch dialect {
        case .tuf1: try self.init(tuf1: signed, role: role)
        case .notary: try self.init(notary: signed, role: role)
        }
    }

    init(common: CommonFields, snapshot: MetaRecord) {
        self.common = common
        self.snapshot = snapshot
    }

    private init(tuf1 signed: JSONNode, role: RoleName) throws(TUFError) {
        let reader = try ObjectReader(signed, role: role, path: "signed")
        common = try CommonFields(reader, type: Self.typeName, role: role)
        let meta = try reader.object("meta")
        // §4.6: exactly one entry. A second one would be signed and unheeded.
        guard meta.node.count == 1 else { throw reader.malformed("meta") }
        snapshot = try MetaRecord(decoding: meta.object("snapshot.json"))
    }
}
