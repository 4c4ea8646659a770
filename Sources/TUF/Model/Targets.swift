public import CanonicalJSON

/// Metadata of a targets role: its targets, and to whom it delegates others (TUF 1.0.34 §4.5).
///
/// The form of every record is checked when the payload is read. Records themselves are made when asked for, so that a
/// repository of 100,000 tags costs no tree.
public struct Targets: RolePayload {
    /// `targets`.
    public static let typeName = "targets"

    /// The fields that all kinds of metadata share.
    public let common: CommonFields
    /// To whom the role delegates targets; nil where it delegates none.
    public let delegations: Delegations?
    /// The records; nil where Notary's dialect has none.
    private let records: ObjectReader?
    private let dialect: Dialect

    /// Reads and checks the payload.
    ///
    /// - Parameters:
    ///   - signed: The object under `signed`.
    ///   - role: The role that the file was asked for as.
    ///   - dialect: The form that it must have.
    /// - Throws: ``TUFError``.
    public init(decoding signed: JSONNode, role: RoleName, dialect: Dialect) throws(TUFError) {
        switch dialect {
        case .tuf1: self = try Self.tuf1(signed, role: role)
        case .notary: self = try Self.notary(signed, role: role)
        }
    }

    init(common: CommonFields, delegations: Delegations?, records: ObjectReader?, dialect: Dialect) {
        self.common = common
        self.delegations = delegations
        self.records = records
        self.dialect = dialect
    }

    private static func tuf1(_ signed: JSONNode, role: RoleName) throws(TUFError) -> Targets {
        let reader = try ObjectReader(signed, role: role, path: "signed")
        let common = try CommonFields(reader, type: Self.typeName, role: role)
        let records = try reader.object("targets")
        try checkRecords(records)
        return Targets(
            common: common,
            delegations: reader.node["delegations"] == nil
                ? nil : try Delegations(decoding: reader.object("delegations")),
            records: records,
            dialect: .tuf1
        )
    }

    /// How many targets the role lists itself.
    public var count: Int { records?.node.count ?? 0 }

    /// The record of a target that this role lists itself.
    ///
    /// - Parameter path: The target.
    /// - Returns: Its record, or nil when the role does not list it.
    /// - Throws: ``TUFError/malformed(role:field:)`` when a digest in the record does not have the form of its algorithm.
    public func record(for path: TargetPath) throws(TUFError) -> TargetRecord? {
        guard let records, let node = records.node[path.string] else { return nil }
        return try record(node, path.string, in: records)
    }

    /// Calls `body` for every target of the role, in the order of the file.
    ///
    /// - Parameter body: Receives the path and the record.
    /// - Throws: ``TUFError/malformed(role:field:)``, ``TUFError/invalidName(_:)``, or what `body` throws as ``TUFError``.
    public func forEach(_ body: (TargetPath, TargetRecord) throws(TUFError) -> Void) throws(TUFError) {
        guard let records else { return }
        for (name, node) in records.node.members {
            try body(TargetPath(name), record(node, name, in: records))
        }
    }

    private func record(_ node: JSONNode, _ name: String, in records: ObjectReader) throws(TUFError) -> TargetRecord {
        let reader = try ObjectReader(node, role: records.role, path: "\(records.path).\(name)")
        return switch dialect {
        case .tuf1: try TargetRecord(decoding: reader)
        case .notary: try TargetRecord(notary: reader)
        }
    }

    /// Checks what can be wrong with a record without making it: this runs over every target of a file, and a value for
    /// each would cost more than the signature.
    private static func checkRecords(_ targets: ObjectReader) throws(TUFError) {
        for (name, record) in targets.node.memberNodes {
            guard name.withUTF8({ TargetPath.lengths.contains($0.count) }) == true, record.kind == .object,
                let length = record["length"]?.integer, length >= 0,
                let hashes = record["hashes"], hashes.kind == .object, hashes.count > 0,
                hashes.memberNodes.allSatisfy({ $0.value.kind == .string }),
                record["custom"].map({ $0.kind == .object }) ?? true
            else {
                throw targets.malformed(name.string ?? "")
            }
        }
    }
}
