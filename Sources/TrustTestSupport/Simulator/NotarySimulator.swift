public import TUF
public import TrustCrypto

/// A repository in Notary's dialect, in memory: what a Notary server with honest publishers would serve.
public struct NotarySimulator: Sendable {
    /// The collection.
    public var gun: String
    /// The keys of each role; several for roots before and after a rotation.
    public var keys: [RoleName: PrivateKey]
    /// The root key's certificates, by key.
    public private(set) var certificates: [PublicKey: TUFKey] = [:]
    /// What each targets role lists: tags and their digests.
    public var tags: [RoleName: [String: Digest]] = [.targets: [:]]
    /// Records that say more than a digest, or something else, for tags of each role.
    public var records: [RoleName: [String: TargetRecord]] = [:]
    /// What is delegated to each role, in order.
    public var delegations: [(role: RoleName, prefixes: [String])] = []
    /// Roles that are delegated to and have no key any more.
    public var keyless: Set<RoleName> = []
    /// The version of each role.
    public var versions: [RoleName: Int64] = [.root: 1, .targets: 1, .snapshot: 1, .timestamp: 1]
    /// When each role expires.
    public var expires: Instant
    /// The files, as they were last published.
    public private(set) var files: [RoleName: [UInt8]] = [:]
    /// All roots, by version.
    public private(set) var roots: [Int64: [UInt8]] = [:]
    private let now: Instant

    /// The role that Docker's publishers delegate to.
    public static let releases = Dialect.releases

    /// A repository with new keys; ``publish()`` makes its files.
    ///
    /// - Parameters:
    ///   - gun: The collection.
    ///   - now: The time at which it is made.
    ///   - lifetime: Seconds for which its certificates and metadata are good.
    /// - Throws: `CryptoError` when no keys can be made.
    public init(gun: String, now: Instant, lifetime: Int64 = 365 * 86_400) throws {
        self.gun = gun
        self.now = now
        expires = now.advanced(bySeconds: lifetime)
        keys = [:]
        for role in RoleName.topLevel {
            keys[role] = try PrivateKey.generate(role == .timestamp ? .ed25519 : .ecdsaP256)
        }
    }

    /// Delegates tags to a role, with a key of its own.
    public mutating func delegate(to role: RoleName, prefixes: [String] = [""]) throws {
        if keys[role] == nil { keys[role] = try PrivateKey.generate(.ecdsaP256) }
        delegations.append((role, prefixes))
        tags[role] = tags[role] ?? [:]
        versions[role] = versions[role] ?? 1
    }

    /// The key of a role, as metadata lists it. Root keys are certified when they are first asked for.
    public mutating func listed(_ role: RoleName, notAfter: Instant? = nil, name: String? = nil) throws -> TUFKey {
        guard let key = keys[role] else { throw FixtureError.missing("no key of \(role)") }
        guard role == .root else { return TUFKey(notary: key.publicKey) }
        if let known = certificates[key.publicKey] { return known }
        let certificate = try RootCertificate.make(
            key: key,
            commonName: name ?? gun,
            notBefore: now.secondsSinceEpoch,
            notAfter: (notAfter ?? expires).secondsSinceEpoch
        )
        guard let listed = TUFKey(notaryCertificate: try CertificateBundle([certificate])) else {
            throw FixtureError.missing("a root key of Notary's")
        }
        certificates[key.publicKey] = listed
        return listed
    }

    /// Takes a certificate that somebody else made for a root key.
    public mutating func certify(_ listed: TUFKey) {
        if let key = listed.publicKey { certificates[key] = listed }
    }

    /// Signs all files anew, as they stand.
    ///
    /// - Parameter formerRootKey: The root key before this one, which signs the root as well.
    /// - Throws: What signing throws.
    public mutating func publish(formerRootKey: PrivateKey? = nil) async throws {
        var listed: [RoleName: TUFKey] = [:]
        for role in keys.keys { listed[role] = try self.listed(role) }
        if files[.root] == nil || formerRootKey != nil {
            var rootKeys = RoleName.topLevel.compactMap { listed[$0] }
            var signers = try [signingKey(.root, listed)]
            if let formerRootKey, let former = certificates[formerRootKey.publicKey] {
                rootKeys.append(former)
                signers.append(SigningKey(keyID: former.computedID, signer: formerRootKey))
            }
            var roles: [RoleName: RoleKeys] = [:]
            for role in RoleName.topLevel {
                roles[role] = RoleKeys(keyIDs: [listed[role]?.computedID].compactMap { $0 }, threshold: 1)
            }
            let draft = NotaryDraft(
                rootWithKeys: rootKeys,
                roles: roles,
                version: versions[.root] ?? 1,
                expires: expires
            )
            let file = try await draft.signed(by: signers)
            files[.root] = file.bytes
            roots[file.version] = file.bytes
        }
        for role in tags.keys { try await publishTargets(role, listed) }
        try await publishSnapshot(listed)
    }

    /// Signs the snapshot and timestamp over the files as they are, also where somebody has put others there.
    public mutating func publishSnapshot(_ listed: [RoleName: TUFKey]? = nil) async throws {
        var keys = listed ?? [:]
        for role in [RoleName.snapshot, .timestamp] { keys[role] = try self.listed(role) }
        let described = files.filter { $0.key != .snapshot && $0.key != .timestamp }
        let snapshot = NotaryDraft(snapshotOf: described, version: versions[.snapshot] ?? 1, expires: expires)
        let snapshotBytes = try await snapshot.signed(by: [signingKey(.snapshot, keys)]).bytes
        files[.snapshot] = snapshotBytes
        let timestamp = NotaryDraft(timestampOf: snapshotBytes, version: versions[.timestamp] ?? 1, expires: expires)
        files[.timestamp] = try await timestamp.signed(by: [signingKey(.timestamp, keys)]).bytes
    }

    /// Puts a file in the place of another.
    public mutating func replace(_ role: RoleName, with bytes: [UInt8]?) { files[role] = bytes }

    private mutating func publishTargets(_ role: RoleName, _ listed: [RoleName: TUFKey]) async throws {
        var records: [TargetPath: TargetRecord] = [:]
        for (tag, digest) in tags[role] ?? [:] {
            records[try TargetPath(tag)] = TargetRecord(length: 1, hashes: [digest])
        }
        for (tag, record) in self.records[role] ?? [:] { records[try TargetPath(tag)] = record }
        var roles: [DelegatedRole] = []
        var roleKeys: [TUFKey] = []
        for (child, prefixes) in delegations where role == .targets {
            let keys = keyless.contains(child) ? [] : [listed[child]].compactMap { $0 }
            roleKeys += keys
            roles.append(
                try DelegatedRole(
                    name: child,
                    keys: RoleKeys(keyIDs: keys.map(\.computedID), threshold: 1),
                    isTerminating: false,
                    scope: .prefixes(prefixes)
                )
            )
        }
        let draft = try NotaryDraft(
            targets: role,
            records: records,
            delegations: (roles, roleKeys),
            version: versions[role] ?? 1,
            expires: expires
        )
        files[role] = try await draft.signed(by: [signingKey(role, listed)]).bytes
    }

    private func signingKey(_ role: RoleName, _ listed: [RoleName: TUFKey]) throws -> SigningKey {
        guard let key = keys[role], let id = listed[role]?.computedID else {
            throw FixtureError.missing("no key of \(role)")
        }
        return SigningKey(keyID: id, signer: key)
    }
}
