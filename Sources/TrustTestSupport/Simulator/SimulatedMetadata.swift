public import CanonicalJSON
public import TUF
import TrustCrypto

/// Keys and threshold of one role in a simulated root. The threshold need not be one that a root may have.
public struct SimulatedRoleKeys: Sendable {
    /// The keys.
    public var keys: [SimulatedKey]
    /// How many of them must sign.
    public var threshold: Int64

    /// Keys and threshold of a role.
    ///
    /// - Parameters:
    ///   - keys: The keys.
    ///   - threshold: How many of them must sign.
    public init(_ keys: [SimulatedKey], threshold: Int64 = 1) {
        self.keys = keys
        self.threshold = threshold
    }
}

/// What all roles of a simulated repository have.
public protocol SimulatedMetadata: Sendable {
    /// `version`.
    var version: Int64 { get set }
    /// `expires`.
    var expires: Instant { get set }
    /// Members under `signed` that are written over those that the simulator makes.
    var fields: JSONObject { get set }
    /// `_type`.
    static var typeName: String { get }
    /// The members under `signed` that only this role has.
    var ownFields: JSONObject { get }
}

extension SimulatedMetadata {
    /// What lies under `signed`.
    ///
    /// - Parameters:
    ///   - repository: The repository that the role says it belongs to.
    ///   - issued: When it says it was signed.
    /// - Returns: The object.
    func signed(repository: String?, issued: Instant?) -> JSONObject {
        var object: JSONObject = [
            "_type": .string(Self.typeName), "spec_version": "1.0.34", "version": .integer(version),
            "expires": .string(expires.description),
        ]
        object[TrustDataField.repository] = repository.map { .string($0) }
        object[TrustDataField.issued] = issued.map { .string($0.description) }
        object.merge(ownFields)
        object.merge(fields)
        return object
    }
}

/// Root metadata of a simulated repository.
public struct SimulatedRoot: SimulatedMetadata {
    /// `version` of the root that was published last.
    public var version: Int64 = 1
    /// `expires`.
    public var expires: Instant
    /// Members under `signed` that are written over those that the simulator makes.
    public var fields: JSONObject = [:]
    /// `consistent_snapshot`.
    public var consistentSnapshot: Bool? = true
    /// Keys and thresholds.
    public var roles: [RoleName: SimulatedRoleKeys]

    /// `root`.
    public static var typeName: String { "root" }

    /// `keys`, `roles` and `consistent_snapshot`.
    public var ownFields: JSONObject {
        var keysObject: JSONObject = [:]
        var rolesObject: JSONObject = [:]
        for (name, role) in roles {
            for key in role.keys { keysObject[key.id] = key.json }
            rolesObject[name.string] = .object([
                "keyids": .array(role.keys.map { .string($0.id) }), "threshold": .integer(role.threshold),
            ])
        }
        var object: JSONObject = ["keys": .object(keysObject), "roles": .object(rolesObject)]
        object["consistent_snapshot"] = consistentSnapshot.map { .boolean($0) }
        return object
    }
}

/// Timestamp metadata of a simulated repository.
public struct SimulatedTimestamp: SimulatedMetadata {
    /// `version`.
    public var version: Int64 = 1
    /// `expires`.
    public var expires: Instant
    /// Members under `signed` that are written over those that the simulator makes.
    public var fields: JSONObject = [:]
    /// What it says of the snapshot.
    public var snapshot: JSONObject = [:]

    /// `timestamp`.
    public static var typeName: String { "timestamp" }
    /// `meta`.
    public var ownFields: JSONObject { ["meta": ["snapshot.json": .object(snapshot)]] }
}

/// Snapshot metadata of a simulated repository.
public struct SimulatedSnapshot: SimulatedMetadata {
    /// `version`.
    public var version: Int64 = 1
    /// `expires`.
    public var expires: Instant
    /// Members under `signed` that are written over those that the simulator makes.
    public var fields: JSONObject = [:]
    /// What it says of each file.
    public var meta: JSONObject = [:]

    /// `snapshot`.
    public static var typeName: String { "snapshot" }
    /// `meta`.
    public var ownFields: JSONObject { ["meta": .object(meta)] }
}

/// Targets metadata of a simulated repository.
public struct SimulatedTargets: SimulatedMetadata {
    /// `version`.
    public var version: Int64 = 1
    /// `expires`.
    public var expires: Instant
    /// Members under `signed` that are written over those that the simulator makes.
    public var fields: JSONObject = [:]
    /// The targets.
    public var targets: JSONObject = [:]
    /// `delegations`.
    public var delegations: JSONObject?

    /// A role of version 1 without targets.
    ///
    /// - Parameter expires: From when on it must not be trusted.
    public init(expires: Instant) {
        self.expires = expires
    }

    /// `targets`.
    public static var typeName: String { "targets" }
    /// `targets`, and `delegations` where there are some.
    public var ownFields: JSONObject {
        var object: JSONObject = ["targets": .object(targets)]
        object["delegations"] = delegations.map { .object($0) }
        return object
    }

    /// Lists a target.
    ///
    /// - Parameters:
    ///   - path: Its path.
    ///   - content: What it is the digest of.
    public mutating func setTarget(_ path: String, to content: String) {
        let bytes = Array(content.utf8)
        targets[path] = [
            "length": .integer(Int64(bytes.count)),
            "hashes": ["sha256": .string(Digest.compute(.sha256, over: bytes.span).hex)],
        ]
    }
}
