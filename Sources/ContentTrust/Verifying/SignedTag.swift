import CanonicalJSON
public import OCI
public import TUF
public import TrustCrypto

/// What the trust data says of one tag.
public struct SignedTag: Sendable, Hashable {
    /// The tag.
    public let tag: String
    /// The digest of the manifest or index.
    public let digest: Digest
    /// Its media type; nil only in trust data of other tools.
    public let mediaType: MediaType?
    /// Its length in bytes.
    public let size: Int64
    /// The role that signs it: `targets`, or one that it delegates to.
    public let role: RoleName
    /// The version of the targets in which it was last changed, by the word of who signed it; nil in trust data of other
    /// tools.
    public let changed: Int64?

    /// The field of a record's `custom` that holds the media type.
    static let mediaTypeField = "mediaType"

    init(_ path: TargetPath, _ found: FoundTarget, _ dialect: Dialect, allowsUnnamed: Bool) throws(TUFError) {
        func malformed(_ field: String) -> TUFError {
            .malformed(role: found.role, field: "signed.targets.\(path).\(field)")
        }
        let record = found.record
        role = found.role
        tag = path.string
        guard let digest = record.digest(.sha256) else { throw malformed("hashes.sha256") }
        self.digest = digest
        size = record.length
        changed = record.custom?[TagTable.changedField]?.integer
        // In Notary's dialect the field is whoever signs' own, and means nothing.
        if dialect == .tuf1, let value = record.custom?[Self.mediaTypeField] {
            guard let type = value.string.flatMap({ MediaType($0) }) else { throw malformed("custom.mediaType") }
            mediaType = type
        } else {
            // Our own trust data always says it, so that one document cannot be read as another kind. Notary's never does.
            guard allowsUnnamed || dialect == .notary else { throw malformed("custom.mediaType") }
            mediaType = nil
        }
    }

    /// The record that signs a document.
    static func record(for descriptor: Descriptor) -> TargetRecord {
        TargetRecord(
            length: descriptor.size,
            hashes: [descriptor.digest],
            custom: [mediaTypeField: .string(descriptor.mediaType.string)]
        )
    }
}

extension VerifiedTrustData {
    /// What the trust data says of a tag.
    ///
    /// - Parameter tag: The tag.
    /// - Returns: What is signed, or nil when no role that may list the tag does.
    /// - Throws: ``Refusal`` when a record or a delegated role is refused, or its file cannot be had.
    public func signedTag(_ tag: String) async throws(Refusal) -> SignedTag? {
        try await find(tag)?.tag
    }

    /// As ``signedTag(_:)``, with why it is trusted: the delegated roles that say so included.
    ///
    /// - Parameter tag: The tag.
    /// - Returns: What is signed and why; nil when no role that may list the tag does.
    /// - Throws: ``Refusal``.
    func find(_ tag: String) async throws(Refusal) -> (tag: SignedTag, evidence: Evidence)? {
        do {
            let path = try TargetPath(tag)
            let (roles, found) = try await search.find(path, in: DelegatedRoles(of: set))
            guard let found else { return nil }
            let evidence = evidence.replacing(roles.set).adding(found.chain)
            return (try signedTag(path, found), evidence)
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as TUFError {
            throw Refusal.metadata(error, checked: "trust data of \(repository)", pin: pin)
        } catch {
            throw Refusal(.internalDefect, checked: "the tag \(tag) of \(repository)", found: "\(error)", cause: error)
        }
    }

    /// Whether the tags lie in hash bins: telling all of them then means to read many files.
    public var hasBins: Bool {
        if case .succinct = set.targets.payload.delegations?.roles { true } else { false }
    }

    /// The signed tags that name a digest.
    ///
    /// - Parameter digest: The digest of a manifest or index.
    /// - Returns: The tags, in the order of their bytes; none is an answer.
    /// - Throws: ``Refusal``, as ``signedTags()``.
    public func tags(naming digest: Digest) async throws(Refusal) -> [SignedTag] {
        try await signedTags().filter { $0.digest == digest }
    }

    /// The tags that the targets keys sign: those of the targets and of hash bins. Signers are not asked, so that what is
    /// wrong with a file of theirs is in nobody's way.
    ///
    /// - Returns: The tags, in the order of their bytes.
    /// - Throws: ``Refusal`` when a record or a bin is refused, or its file cannot be had.
    public func tagsOfTargetsKeys() async throws(Refusal) -> [SignedTag] {
        if hasBins { return try await signedTags() }
        return try tags(in: { (body) throws(TUFError) in
            try set.targets.payload.forEach { (path, record) throws(TUFError) in
                try body(path, FoundTarget(targets: set.targets, record: record))
            }
        })
    }

    /// All signed tags. Every role of the trust data is read for that.
    ///
    /// - Returns: The tags, in the order of their bytes.
    /// - Throws: ``Refusal`` when a record or a delegated role is refused, or its file cannot be had.
    public func signedTags() async throws(Refusal) -> [SignedTag] {
        let roles = try await search.all(DelegatedRoles(of: set))
        return try tags(in: roles.forEach)
    }

    /// What records say.
    ///
    /// - Parameter records: Hands over each one.
    /// - Returns: The tags, in the order of their bytes.
    /// - Throws: ``Refusal``.
    private func tags(
        in records: ((TargetPath, FoundTarget) throws(TUFError) -> Void) throws(TUFError) -> Void
    ) throws(Refusal) -> [SignedTag] {
        var found: [(path: TargetPath, target: FoundTarget)] = []
        do {
            try records { (path, target) throws(TUFError) in found.append((path, target)) }
        } catch {
            throw Refusal.metadata(error, checked: "trust data of \(repository)", pin: pin)
        }
        var tags: [SignedTag] = []
        for (path, target) in found {
            // With another hash alone it is no digest that images are pulled by: one such target must not hide all others.
            if pin.dialect == .notary, target.record.digest(.sha256) == nil { continue }
            tags.append(try signedTag(path, target))
        }
        return tags.sorted { $0.tag.utf8.lexicographicallyPrecedes($1.tag.utf8) }
    }

    /// What a record says. One that says nothing usable was written by another tool, and only whoever signs for its role
    /// can take it out.
    private func signedTag(_ path: TargetPath, _ found: FoundTarget) throws(Refusal) -> SignedTag {
        do {
            return try SignedTag(path, found, pin.dialect, allowsUnnamed: pin.allowsUnnamed)
        } catch {
            let reference = ShellWord.quoted(search.subject.reference(tag: path.string))
            let refusal = Refusal.metadata(error, checked: "the tag \(path) of \(repository)", pin: pin)
            let role = ShellWord.quoted(found.role.string)
            var next = "the publisher runs: trustctl revoke \(reference)"
            if found.role != .targets, !hasBins {
                next =
                    "whoever signs as \(found.role) runs: trustctl revoke --signer \(role) \(reference); "
                    + "or the publisher: trustctl signer remove \(search.subject.argument) \(role)"
            }
            throw Refusal(
                refusal.reason,
                checked: refusal.checked,
                found: refusal.found,
                expected: "a digest and a media type",
                next: next,
                cause: error
            )
        }
    }
}
