public import CanonicalJSON
public import TrustCrypto

/// Metadata of one role that is being written: what will lie under `signed`.
///
/// A draft begins with what was verified, or empty, and keeps every field that it does not know.
public struct RoleDraft: Sendable {
    /// The role.
    public let role: RoleName
    /// The object under `signed`.
    public private(set) var signed: JSONObject

    /// The specification version that drafts say they follow (TUF 1.0.34 §4.3).
    public static let specVersion = "1.0.34"

    /// A draft of metadata that has no predecessor.
    ///
    /// - Parameters:
    ///   - role: The role. Any that is not root, timestamp or snapshot is a targets role.
    ///   - version: Its version, at least 1.
    ///   - expires: From when on it must not be trusted; a fraction of a second is dropped.
    ///   - issued: When it is signed; nil for general TUF metadata.
    ///   - repository: The repository that the trust data belongs to, or nil for general TUF metadata.
    public init(role: RoleName, version: Int64, expires: Instant, issued: Instant?, repository: String?) {
        self.role = role
        signed = [
            "_type": .string(Self.typeName(of: role)),
            "spec_version": .string(Self.specVersion),
        ]
        if let repository { signed[TrustDataField.repository] = .string(repository) }
        if repository != nil, !RoleName.topLevel.contains(role) { signed[TrustDataField.role] = .string(role.string) }
        setVersion(version, expires: expires, issued: issued)
    }

    /// A draft that begins with verified metadata.
    ///
    /// - Parameters:
    ///   - verified: The metadata to change.
    ///   - role: Its role.
    public init<Payload: RolePayload>(editing verified: Verified<Payload>, role: RoleName) {
        self.init(editing: verified.envelope, role: role)
    }

    init(editing envelope: Envelope, role: RoleName) {
        self.role = role
        guard case .object(let object) = envelope.signedValue else {
            preconditionFailure("an envelope has an object under signed")
        }
        signed = object
    }

    /// Sets version and times.
    ///
    /// - Parameters:
    ///   - version: The version, at least 1.
    ///   - expires: From when on the metadata must not be trusted; a fraction of a second is dropped.
    ///   - issued: When it is signed; nil for general TUF metadata.
    public mutating func setVersion(_ version: Int64, expires: Instant, issued: Instant?) {
        precondition(version >= 1, "versions begin with 1")
        signed["version"] = .integer(version)
        signed["expires"] = .string(expires.description)
        signed[TrustDataField.issued] = issued.map { .string($0.description) }
    }

    /// When the metadata expires, as the draft says; the beginning of time where it does not.
    public var expires: Instant {
        signed["expires"]?.string.flatMap(Instant.init(rfc3339:)) ?? Instant(secondsSinceEpoch: 0)
    }

    /// Sets or removes a field that TUF does not define.
    ///
    /// - Parameters:
    ///   - name: The field's name, by custom beginning with `x-`.
    ///   - value: Its value; nil removes it.
    public mutating func setField(_ name: String, to value: JSONValue?) {
        signed[name] = value
    }

    // MARK: Root

    /// Sets the keys of a root (§4.3). Keys that no role uses any more are dropped; roles that are not in `roles`, and
    /// fields of roles that this module does not know, stay.
    ///
    /// File names carry versions then (§6.2).
    ///
    /// - Parameter roles: Keys and threshold of each top-level role. A role's threshold is at least 1 and at most the
    ///   number of its different keys.
    public mutating func setRoles(_ roles: [RoleName: (keys: [TUFKey], threshold: Int)]) {
        precondition(role == .root, "only root metadata has roles")
        var rolesObject = signed["roles"]?.object ?? [:]
        var newKeys: JSONObject = [:]
        for (name, entry) in roles {
            precondition(
                (1...max(1, Set(entry.keys.map(\.publicKey)).count)).contains(entry.threshold),
                "a threshold that can be met"
            )
            for key in entry.keys { newKeys[key.computedID.string] = key.json }
            var object = rolesObject[name.string]?.object ?? [:]
            object["keyids"] = .array(entry.keys.map { .string($0.computedID.string) })
            object["threshold"] = .integer(Int64(entry.threshold))
            rolesObject[name.string] = .object(object)
        }
        let used = Set(rolesObject.values.flatMap { $0["keyids"]?.array ?? [] })
        var keysObject = signed["keys"]?.object ?? [:]
        keysObject.removeAll { id, _ in !used.contains(.string(id)) }
        keysObject.merge(newKeys)
        signed["keys"] = .object(keysObject)
        signed["roles"] = .object(rolesObject)
        signed["consistent_snapshot"] = true
    }

    // MARK: Timestamp and snapshot

    /// Sets what a timestamp says of the snapshot (§4.6).
    ///
    /// - Parameter record: Version, length and hashes of the snapshot file.
    public mutating func setSnapshot(_ record: MetaRecord) {
        precondition(role == .timestamp, "only the timestamp names a snapshot")
        signed["meta"] = .object(["snapshot.json": record.json])
    }

    /// Sets what a snapshot says of some roles' files (§4.4).
    ///
    /// - Parameter records: Version, and length and hashes where they are to be told, of each role's file.
    public mutating func setRecords(_ records: [RoleName: MetaRecord]) {
        precondition(role == .snapshot, "only the snapshot lists roles")
        var new: JSONObject = [:]
        for (role, record) in records.sorted(by: { $0.key < $1.key }) { new["\(role.string).json"] = record.json }
        var meta = signed["meta"]?.object ?? [:]
        meta.merge(new)
        signed["meta"] = .object(meta)
    }

    // MARK: Targets

    /// Lists, replaces and removes targets in one pass (§4.5).
    ///
    /// - Parameter changes: The new record of each changed target; nil takes it out.
    public mutating func changeTargets(_ changes: [TargetPath: TargetRecord?]) {
        let current = signed["targets"]?.object ?? [:]
        var changed: JSONObject = [:]
        var pending = changes.sorted { $0.key < $1.key }[...]
        // Both lists are sorted, so that appending keeps the order and a thousand changes cost one pass.
        for (key, value) in current {
            while let (path, record) = pending.first, path.string.bytesPrecede(key) {
                if let record { changed[path.string] = record.json }
                pending.removeFirst()
            }
            if let (path, record) = pending.first, path.string.hasSameBytes(as: key) {
                if let record { changed[key] = record.json }
                pending.removeFirst()
            } else {
                changed[key] = value
            }
        }
        for (path, record) in pending {
            if let record { changed[path.string] = record.json }
        }
        signed["targets"] = .object(changed)
    }

    /// Delegates all targets to hash bins, or ends that (TAP 15). What was delegated otherwise is delegated no more.
    ///
    /// - Parameters:
    ///   - bins: The bins, whose key ids are the computed ones of `keys`; nil delegates nothing.
    ///   - keys: Their keys.
    public mutating func setBins(_ bins: SuccinctRoles?, keys: [TUFKey] = []) {
        guard let bins else {
            signed["delegations"] = nil
            return
        }
        var keysObject: JSONObject = [:]
        for key in keys { keysObject[key.computedID.string] = key.json }
        signed["delegations"] = .object([
            "keys": .object(keysObject),
            "succinct_roles": .object([
                "bit_length": .integer(Int64(bins.bitLength)),
                "keyids": .array(bins.keys.keyIDs.map { .string($0.string) }),
                "name_prefix": .string(bins.namePrefix),
                "threshold": .integer(Int64(bins.keys.threshold)),
            ]),
        ])
    }

    /// Delegates targets to roles that are told one by one (§4.5). What was delegated otherwise is delegated no more. Fields
    /// of a role that this module does not know stay.
    ///
    /// - Parameters:
    ///   - roles: The roles, in the order of their priority, with different names; none delegates nothing.
    ///   - keys: The keys that their ids name. Those that no role names are left out.
    public mutating func setDelegations(_ roles: [DelegatedRole], keys: [KeyID: TUFKey]) {
        guard !roles.isEmpty else {
            signed["delegations"] = nil
            return
        }
        var delegations = signed["delegations"]?.object ?? [:]
        var present: [RoleName: JSONObject] = [:]
        for value in delegations["roles"]?.array ?? [] {
            guard let object = value.object, let name = object["name"]?.string.flatMap({ try? RoleName($0) }) else {
                continue
            }
            present[name] = object
        }
        let used = Set(roles.flatMap(\.keys.keyIDs))
        var keysObject: JSONObject = [:]
        for (id, key) in keys.sorted(by: { $0.key < $1.key }) where used.contains(id) {
            keysObject[id.string] = key.json
        }
        delegations["succinct_roles"] = nil
        delegations["keys"] = .object(keysObject)
        delegations["roles"] = .array(roles.map { .object($0.json(editing: present[$0.name] ?? [:])) })
        signed["delegations"] = .object(delegations)
    }

    // MARK: Signing

    /// Signs the draft.
    ///
    /// - Parameter keys: The keys to sign with, each under the id that the role's parent gives it. Key ids must differ.
    /// - Returns: The file, ready to be published.
    /// - Throws: ``TUFError/signingFailed(role:_:)``, or ``TUFError/notJSON(role:_:)`` for a number that canonical JSON
    ///   cannot hold.
    public func signed(by keys: [SigningKey]) async throws(TUFError) -> SignedFile {
        precondition(Set(keys.map(\.keyID)).count == keys.count, "each key signs once")
        var file = SignableFile(role: role, signed: .object(signed))
        for key in keys.sorted(by: { $0.keyID < $1.keyID }) {
            try await file.sign(with: key.signer, as: [key.keyID])
        }
        guard let version = signed["version"]?.integer else {
            preconditionFailure("every draft has a version")
        }
        return SignedFile(role: role, version: version, bytes: file.bytes)
    }

    private static func typeName(of role: RoleName) -> String {
        switch role {
        case .root: Root.typeName
        case .timestamp: Timestamp.typeName
        case .snapshot: Snapshot.typeName
        default: Targets.typeName
        }
    }
}

/// A key that can sign, and the id that the role's parent gives it.
public struct SigningKey: Sendable {
    /// The key id in the parent's metadata.
    public let keyID: KeyID
    /// What signs.
    public let signer: any Signer

    /// A key that can sign.
    ///
    /// - Parameters:
    ///   - keyID: The key id in the parent's metadata.
    ///   - signer: What signs.
    public init(keyID: KeyID, signer: any Signer) {
        self.keyID = keyID
        self.signer = signer
    }
}

/// A metadata file that was signed here.
public struct SignedFile: Sendable, Hashable {
    /// The role.
    public let role: RoleName
    /// The version in it.
    public let version: Int64
    /// The bytes to publish.
    public let bytes: [UInt8]

    /// A file that was signed.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - version: The version in it.
    ///   - bytes: The file.
    package init(role: RoleName, version: Int64, bytes: [UInt8]) {
        self.role = role
        self.version = version
        self.bytes = bytes
    }

    /// What the parent has to say of this file, with its length and SHA-256.
    public var record: MetaRecord {
        MetaRecord(version: version, length: Int64(bytes.count), hashes: [Digest.compute(.sha256, over: bytes.span)])
    }

    /// The name of the file with consistent snapshots (§6.2).
    public var file: MetadataFile {
        MetadataFile(role: role, version: role == .timestamp ? nil : version)
    }
}
