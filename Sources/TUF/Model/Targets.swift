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
    private let reader: ObjectReader

    /// Reads and checks the payload.
    ///
    /// - Parameters:
    ///   - signed: The object under `signed`.
    ///   - role: The role that the file was asked for as.
    /// - Throws: ``TUFError``.
    public init(decoding signed: JSONNode, role: RoleName) throws(TUFError) {
        let signedReader = try ObjectReader(signed, role: role, path: "signed")
        common = try CommonFields(signedReader, type: Self.typeName, role: role)
        reader = try signedReader.object("targets")
        try Self.checkRecords(reader)
        delegations =
            signedReader.node["delegations"] == nil
            ? nil : try Delegations(decoding: signedReader.object("delegations"))
    }

    /// How many targets the role lists itself.
    public var count: Int { reader.node.count }

    /// The record of a target that this role lists itself.
    ///
    /// - Parameter path: The target.
    /// - Returns: Its record, or nil when the role does not list it.
    /// - Throws: ``TUFError/malformed(role:field:)`` when a digest in the record does not have the form of its algorithm.
    public func record(for path: TargetPath) throws(TUFError) -> TargetRecord? {
        guard let node = reader.node[path.string] else { return nil }
        return try TargetRecord(decoding: ObjectReader(node, role: reader.role, path: "\(reader.path).\(path.string)"))
    }

    /// Calls `body` for every target of the role, in the order of the file.
    ///
    /// - Parameter body: Receives the path and the record.
    /// - Throws: ``TUFError/malformed(role:field:)``, ``TUFError/invalidName(_:)``, or what `body` throws as ``TUFError``.
    public func forEach(_ body: (TargetPath, TargetRecord) throws(TUFError) -> Void) throws(TUFError) {
        for (name, node) in reader.node.members {
            let field = try ObjectReader(node, role: reader.role, path: "\(reader.path).\(name)")
            try body(TargetPath(name), TargetRecord(decoding: field))
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
