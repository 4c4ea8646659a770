import CanonicalJSON
import TrustCrypto

/// Metadata of Notary's dialect that is to be signed, written in the one form in which Go's programs write it again. They hash
/// what they would write, not what they were sent: any other form would leave a repository that nobody can read.
package struct NotaryDraft: Sendable {
    /// The role.
    package let role: RoleName
    /// The version of the file.
    package let version: Int64
    private let signed: JSONValue

    /// Whether a name is one that a delegated role may have directly below the targets.
    package static func isRoleName(_ name: String) -> Bool { Delegations.isChild(name, of: RoleName.targets.string) }

    private init(role: RoleName, type: String, version: Int64, expires: Instant, _ fields: JSONObject) {
        var signed = fields
        signed["_type"] = .string(type)
        signed["version"] = .integer(version)
        signed["expires"] = .string(expires.wholeSeconds.description)
        self.role = role
        self.version = version
        self.signed = .object(signed)
    }

    /// A root.
    ///
    /// - Parameters:
    ///   - keys: All keys, by their Notary ids; keys of former root roles stay, as they are needed to follow a rotation.
    ///   - roles: Key ids and threshold of the four roles.
    ///   - version: The version.
    ///   - expires: The expiry, in whole seconds.
    package init(
        rootWithKeys keys: [TUFKey],
        roles: [RoleName: RoleKeys],
        version: Int64,
        expires: Instant
    ) {
        var rolesObject: JSONObject = [:]
        for (name, roleKeys) in roles { rolesObject[name.string] = .object(Self.json(roleKeys)) }
        self.init(
            role: .root,
            type: "Root",
            version: version,
            expires: expires,
            [
                "consistent_snapshot": .boolean(false), "keys": .object(Self.json(keys)), "roles": .object(rolesObject),
            ]
        )
    }

    /// A targets role.
    ///
    /// - Parameters:
    ///   - role: The targets, or a delegated role.
    ///   - records: What it lists.
    ///   - delegations: To whom it delegates, in their order, with the keys of all of them.
    ///   - version: The version.
    ///   - expires: The expiry, in whole seconds.
    /// - Throws: ``TUFError/invalidName(_:)`` for a path that Go cannot write; ``TUFError/malformed(role:field:)`` for what
    ///   is not of the dialect.
    package init(
        targets role: RoleName,
        records: [TargetPath: TargetRecord],
        delegations: (roles: [DelegatedRole], keys: [TUFKey]),
        version: Int64,
        expires: Instant
    ) throws(TUFError) {
        var targets: JSONObject = [:]
        for (path, record) in records {
            guard !path.string.utf8.contains(where: { $0 < 0x20 }) else { throw .invalidName(path.string) }
            targets[path.string] = .object(Self.json(record))
        }
        var roles: [JSONValue] = []
        for delegated in delegations.roles {
            guard case .prefixes(let prefixes) = delegated.scope else {
                throw .malformed(role: role, field: "signed.delegations")
            }
            var object = Self.json(delegated.keys)
            object["name"] = .string(delegated.name.string)
            // Go leaves an empty list out.
            if !prefixes.isEmpty { object["paths"] = .array(prefixes.map(JSONValue.string)) }
            roles.append(.object(object))
        }
        let delegationsObject: JSONObject = ["keys": .object(Self.json(delegations.keys)), "roles": .array(roles)]
        self.init(
            role: role,
            type: "Targets",
            version: version,
            expires: expires,
            ["delegations": .object(delegationsObject), "targets": .object(targets)]
        )
    }

    /// A snapshot.
    ///
    /// - Parameters:
    ///   - records: The files of all other roles but the timestamp, as they are published.
    ///   - version: The version.
    ///   - expires: The expiry, in whole seconds.
    package init(snapshotListing records: [RoleName: MetaRecord], version: Int64, expires: Instant) {
        self.init(role: .snapshot, type: "Snapshot", version: version, expires: expires, ["meta": Self.meta(records)])
    }

    /// As above, of the files themselves.
    ///
    /// - Parameters:
    ///   - files: The files.
    ///   - version: The version.
    ///   - expires: The expiry, in whole seconds.
    package init(snapshotOf files: [RoleName: [UInt8]], version: Int64, expires: Instant) {
        self.init(snapshotListing: files.mapValues(MetaRecord.init(of:)), version: version, expires: expires)
    }

    /// A timestamp.
    ///
    /// - Parameters:
    ///   - snapshot: The snapshot's file.
    ///   - version: The version.
    ///   - expires: The expiry, in whole seconds.
    package init(timestampOf snapshot: [UInt8], version: Int64, expires: Instant) {
        self.init(
            role: .timestamp,
            type: "Timestamp",
            version: version,
            expires: expires,
            ["meta": Self.meta([.snapshot: MetaRecord(of: snapshot)])]
        )
    }

    // MARK: Signing

    /// Signs the draft.
    ///
    /// - Parameter keys: The keys to sign with, each under the id that the role's parent gives it.
    /// - Returns: The file.
    /// - Throws: ``TUFError/signingFailed(role:_:)``, or ``TUFError/notJSON(role:_:)`` for a number that the dialect does not
    ///   have.
    package func signed(by keys: [SigningKey]) async throws(TUFError) -> SignedFile {
        let canonical: [UInt8]
        do { canonical = try signed.canonicalBytes() } catch { throw .notJSON(role: role, error) }
        var signatures: [JSONValue] = []
        for key in keys.sorted(by: { $0.keyID < $1.keyID }) {
            let signature: [UInt8]
            do { signature = try await key.signer.notarySignature(over: canonical) } catch {
                throw .signingFailed(role: role, error)
            }
            signatures.append(
                .object([
                    "keyid": .string(key.keyID.string),
                    "method": .string(key.signer.publicKey.algorithm.notaryMethod.rawValue),
                    "sig": .string(Base64.encode(signature.span)),
                ])
            )
        }
        let list = JSONValue.array(signatures).jsonBytes(pretty: false)
        let bytes = Array(#"{"signed":"#.utf8) + Self.escaped(canonical) + Array(#","signatures":"#.utf8) + list
        return SignedFile(role: role, version: version, bytes: bytes + [UInt8(ascii: "}")])
    }

    /// Canonical JSON as Go's encoder writes it again: what could be HTML, and the two line ends of Unicode, by number.
    private static func escaped(_ canonical: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(canonical.count)
        var index = 0
        while index < canonical.count {
            let byte = canonical[index]
            switch byte {
            case UInt8(ascii: "<"): bytes += Array("\\u003c".utf8)
            case UInt8(ascii: ">"): bytes += Array("\\u003e".utf8)
            case UInt8(ascii: "&"): bytes += Array("\\u0026".utf8)
            case 0xe2 where canonical[index...].starts(with: [0xe2, 0x80, 0xa8]):
                bytes += Array("\\u2028".utf8)
                index += 2
            case 0xe2 where canonical[index...].starts(with: [0xe2, 0x80, 0xa9]):
                bytes += Array("\\u2029".utf8)
                index += 2
            default: bytes.append(byte)
            }
            index += 1
        }
        return bytes
    }

    // MARK: Fields

    private static func json(_ keys: [TUFKey]) -> JSONObject {
        var object: JSONObject = [:]
        for key in keys { object[key.computedID.string] = key.json }
        return object
    }

    private static func json(_ roleKeys: RoleKeys) -> JSONObject {
        [
            "keyids": .array(roleKeys.keyIDs.map { .string($0.string) }),
            "threshold": .integer(Int64(roleKeys.threshold)),
        ]
    }

    /// A record with the fields that the dialect has. Digests of algorithms that are not known here stay.
    private static func json(_ record: TargetRecord) -> JSONObject {
        var hashes = record.json["hashes"]?.object ?? [:]
        for digest in record.hashes { hashes[digest.algorithm.rawValue] = .string(base64(digest)) }
        var object: JSONObject = ["hashes": .object(hashes), "length": .integer(record.length)]
        if let custom = record.json["custom"], !custom.isNull { object["custom"] = custom }
        return object
    }

    private static func meta(_ records: [RoleName: MetaRecord]) -> JSONValue {
        var meta: JSONObject = [:]
        for (role, record) in records {
            var hashes: JSONObject = [:]
            for digest in record.hashes { hashes[digest.algorithm.rawValue] = .string(base64(digest)) }
            meta[role.string] = .object(["hashes": .object(hashes), "length": .integer(record.length ?? 0)])
        }
        return .object(meta)
    }

    private static func base64(_ digest: Digest) -> String {
        let bytes = digest.bytes
        return Base64.encode(bytes.span)
    }
}
