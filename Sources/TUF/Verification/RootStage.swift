import TrustCrypto

/// The first stage of the client workflow: from a root that is known beforehand to the newest one (TUF 1.0.34 §5.2, §5.3).
///
/// The stages ``RootStage``, ``TimestampStage``, ``SnapshotStage`` and ``TargetsStage`` each consume the one before, so
/// the order of the specification is the only one that compiles. None of them moves bytes or reads a clock.
public struct RootStage: ~Copyable {
    /// The newest root so far. Its expiry has not been looked at.
    public private(set) var root: Verified<Root>
    private let binding: RepositoryBinding
    private let limits: TUFLimits
    private var rotations = 0

    /// Begins with a root that meets the anchor.
    ///
    /// - Parameters:
    ///   - anchor: What is known beforehand.
    ///   - bytes: The first root. For a key anchor it is checked against the keys; for a root anchor it must be that file.
    ///   - binding: Whose metadata is accepted.
    ///   - now: When the authorities of such an anchor must be valid; nil for a root that was accepted before.
    ///   - limits: Bounds for what the repository sends.
    /// - Throws: ``TUFError/notPinned(required:valid:)`` when the root is not what is known beforehand,
    ///   ``TUFError/wrongRepository(role:expected:found:)``, and what a malformed or badly signed root throws.
    public init(
        anchor: RootAnchor,
        firstRoot bytes: [UInt8],
        binding: RepositoryBinding,
        at now: Instant? = nil,
        limits: TUFLimits = TUFLimits()
    ) throws(TUFError) {
        let first = try anchor.firstRoot(bytes, binding: binding, at: now, limits: limits)
        try binding.check(first.payload.common, role: .root)
        root = first
        self.binding = binding
        self.limits = limits
    }

    /// The file to ask for next. When the repository has no such file, the newest root is reached.
    public var next: MetadataFile { .root(root.payload.common.version + 1) }

    /// The most bytes that a root may have (the limit W of §5.3.3).
    public var maximumLength: Int { limits.rootLength }

    /// Goes on to the next root (§5.3.4 to §5.3.7). After it returns, persist ``root`` before anything else.
    ///
    /// - Parameters:
    ///   - bytes: The file ``next``.
    ///   - isKnown: Whether an earlier update walked to this root. Such roots do not count for the limit on new ones: they
    ///     only grow in number, and a repository must not end with its 257th root.
    /// - Throws: ``TUFError``; the stage then still holds the last good root.
    public mutating func rotate(to bytes: [UInt8], isKnown: Bool = false) throws(TUFError) {
        guard isKnown || rotations < limits.rootRotations else { throw .tooManyRoots(limit: limits.rootRotations) }
        root = try root.successor(bytes, binding: binding, limits: limits)
        if !isKnown { rotations += 1 }
    }

    /// Ends the walk (§5.3.10 to §5.3.12).
    ///
    /// - Parameter now: The time of this verification, read once.
    /// - Returns: The next stage.
    /// - Throws: ``TUFError/expired(role:at:)`` when the newest root is expired,
    ///   ``TUFError/certificatesExpired(at:)`` when the certificates of its keys are.
    public consuming func close(at now: Instant) throws(TUFError) -> TimestampStage {
        let context = StageContext(root: root, now: now, enforcesExpiry: true, binding: binding, limits: limits)
        try context.checkExpiry(root.payload.common, role: .root)
        try root.checkCertificates(for: binding, at: now)
        return TimestampStage(context: context)
    }

    /// Ends the walk for a publisher, who must be able to sign anew what is expired. Nothing that comes out of this may
    /// answer a verification.
    ///
    /// - Parameter now: The time of this edit.
    /// - Returns: The next stage, which looks at no expiry.
    package consuming func close(unsafeIgnoringExpiryToEditAt now: Instant) -> TimestampStage {
        let context = StageContext(root: root, now: now, enforcesExpiry: false, binding: binding, limits: limits)
        return TimestampStage(context: context)
    }
}

extension Verified where Payload == Root {
    /// The root that follows this one, if both vouch for it (§5.3.4 to §5.3.7).
    fileprivate func successor(
        _ bytes: [UInt8],
        binding: RepositoryBinding,
        limits: TUFLimits
    ) throws(TUFError) -> Verified<Root> {
        let envelope = try Envelope(
            parsing: bytes,
            role: .root,
            maximumLength: limits.rootLength,
            limits: limits,
            dialect: binding.dialect
        )
        let new = try envelope.verifiedRoot(by: payload.rootAuthority(for: binding), for: binding)
        let expected = payload.common.version + 1
        guard new.payload.common.version == expected else {
            throw .versionMismatch(role: .root, expected: expected, found: new.payload.common.version)
        }
        try binding.check(new.payload.common, role: .root)
        if let bound = payload.common.repository {
            try RepositoryBinding.repository(bound).check(new.payload.common, role: .root)
        }
        return new
    }
}

extension TrustedSet {
    /// The root that is to follow this set's, for a publisher who is about to publish it.
    ///
    /// - Parameter bytes: The root.
    /// - Returns: The root, verified as those who pull will verify it.
    /// - Throws: ``TUFError``.
    package func nextRoot(_ bytes: [UInt8]) throws(TUFError) -> Verified<Root> {
        try root.successor(bytes, binding: context.binding, limits: context.limits)
    }

    /// Whether a file of one of the top-level roles may stay as it is under another root.
    ///
    /// - Parameters:
    ///   - envelope: The file.
    ///   - role: Its role.
    ///   - root: The other root.
    /// - Returns: Whether a threshold of the role's keys under that root signed it.
    package func isSigned(_ envelope: Envelope, as role: RoleName, under root: Verified<Root>) -> Bool {
        do {
            _ = try root.payload.authority(for: role).signers(of: envelope)
            return true
        } catch {
            return false
        }
    }
}

extension TrustedSet {
    /// Another timestamp or snapshot of this repository, as far as a root's keys signed it: what binds those who remember
    /// it. Its expiry does not matter.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - role: Its role.
    ///   - root: The root.
    /// - Returns: The file; nil when it binds nobody who verifies under that root.
    package func binding<Payload: RolePayload>(
        _ bytes: [UInt8],
        as role: RoleName,
        under root: Verified<Root>
    ) -> Verified<Payload>? {
        let context = StageContext(
            root: root,
            now: context.now,
            enforcesExpiry: false,
            binding: context.binding,
            limits: context.limits
        )
        do {
            return try context.verified(bytes, role: role, maximumLength: context.limits.listedLength)
        } catch {
            return nil
        }
    }
}

/// What all stages after the root share.
struct StageContext: Sendable {
    let root: Verified<Root>
    let now: Instant
    let enforcesExpiry: Bool
    let binding: RepositoryBinding
    let limits: TUFLimits

    /// A file of a top-level role: signatures and binding. Not expiry, version and hashes, which depend on its use.
    func verified<Payload: RolePayload>(
        _ bytes: [UInt8],
        role: RoleName,
        maximumLength: Int
    ) throws(TUFError) -> Verified<Payload> {
        try verified(bytes, by: root.payload.authority(for: role), maximumLength: maximumLength)
    }

    /// A file of a role that somebody gave its keys: signatures and binding.
    func verified<Payload: RolePayload>(
        _ bytes: [UInt8],
        by authority: RoleAuthority,
        maximumLength: Int
    ) throws(TUFError) -> Verified<Payload> {
        let role = authority.role
        let envelope = try Envelope(
            parsing: bytes,
            role: role,
            maximumLength: maximumLength,
            limits: limits,
            dialect: binding.dialect
        )
        let verified: Verified<Payload> = try envelope.verified(by: authority)
        try binding.check(verified.payload.common, role: role)
        return verified
    }

    /// §5.3.10, §5.4.4, §5.5.6, §5.6.5: `expires` must be later than the time of the verification.
    func checkExpiry(_ common: CommonFields, role: RoleName) throws(TUFError) {
        guard common.expires > now || !enforcesExpiry else { throw .expired(role: role, at: common.expires) }
    }

    /// The file of a role under this root's naming (§6.2).
    func file(_ role: RoleName, _ record: MetaRecord) -> MetadataFile {
        switch binding.dialect {
        case .tuf1: MetadataFile(role: role, version: root.payload.consistentSnapshot ? record.version : nil)
        case .notary:
            MetadataFile(role: role, version: nil, digest: record.hashes.first { $0.algorithm == .sha256 })
        }
    }

    /// Refuses a file that is older than one that was trusted before. Where the parent tells versions, they were compared
    /// already.
    func checkOrder<Payload: RolePayload>(
        of offered: Verified<Payload>,
        after remembered: Verified<Payload>?,
        role: RoleName
    ) throws(TUFError) {
        guard let known = remembered?.payload.common.version, offered.payload.common.version < known else { return }
        throw .rollback(role: role, known: known, offered: offered.payload.common.version)
    }
}
