public import CanonicalJSON

/// Snapshot metadata: the versions of all targets metadata that belong together (TUF 1.0.34 §4.4).
public struct Snapshot: RolePayload, Hashable {
    /// `snapshot`.
    public static let typeName = "snapshot"

    /// The fields that all kinds of metadata share.
    public let common: CommonFields
    /// What it says of each role's file, without the `.json` of the file names. Old repositories list `root` too.
    public let roles: [RoleName: MetaRecord]

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

    init(common: CommonFields, roles: [RoleName: MetaRecord]) {
        self.common = common
        self.roles = roles
    }

    private init(tuf1 signed: JSONNode, role: RoleName) throws(TUFError) {
        let reader = try ObjectReader(signed, role: role, path: "signed")
        common = try CommonFields(reader, type: Self.typeName, role: role)
        var roles: [RoleName: MetaRecord] = [:]
        let meta = try reader.object("meta")
        for (file, value) in meta.node.members {
            guard let name = Self.role(ofFile: file) else { throw meta.malformed(file) }
            roles[name] = try MetaRecord(decoding: ObjectReader(value, role: role, path: "\(meta.path).\(file)"))
        }
        self.roles = roles
    }

    /// The role whose file has this name. By bytes: as characters, the point could belong to what stands before it.
    private static func role(ofFile name: String) -> RoleName? {
        let suffix = ".json".utf8
        guard name.utf8.count > suffix.count, name.utf8.suffix(suffix.count).elementsEqual(suffix) else { return nil }
        return try? RoleName(String(decoding: name.utf8.dropLast(suffix.count), as: UTF8.self))
    }
}
