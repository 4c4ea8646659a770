import CanonicalJSON
import OCI
import TUF
import TUFClient
import TrustCrypto

/// The roles of the signers in the set that is being made: for each the newest file that somebody has signed, and what this
/// publisher changes in it.
///
/// A file that others signed is taken as it is, so that whoever publishes needs no key but their own, and those of the
/// snapshot and the timestamp.
struct SignerRoles: Sendable {
    /// A role that does not simply stay as it is.
    struct Role: Sendable {
        let authority: RoleAuthority
        /// What it goes on with, then what was merged into that; none for a role that has no file yet.
        let files: [SignerFile]
        /// What lists its tags where no file counts under its present keys.
        let former: Verified<Targets>?
        let before: TagTable
        var after: TagTable
        /// Whether the keys must sign although no tag changes: for new keys, merged files, and expiry.
        var isDue: Bool
        /// The version that a new file gets.
        let nextVersion: Int64

        var isChanged: Bool { isDue || after.differs(from: before) }
    }

    private let plan: MergePlan
    private let reader: CandidateReader
    private let signing: SetSigning
    let delegations: SignerDelegations
    private(set) var roles: [RoleName: Role] = [:]
    /// What signers had said of tags and that is in no file which goes on.
    private(set) var dropped: [DroppedWord] = []
    /// Changes that had waited, or came with a request, and went in.
    private(set) var accepted: [AcceptedChange] = []

    init(_ edit: TagEdit, reader: CandidateReader, signing: SetSigning) {
        plan = edit.plan
        self.reader = reader
        self.signing = signing
        delegations = edit.delegations
    }

    /// Finds out what each role goes on with.
    ///
    /// - Parameters:
    ///   - waiting: Files that were submitted.
    ///   - first: The file of a request, which alone may begin a role anew.
    ///   - touched: Roles whose tags are to be looked at or changed.
    /// - Throws: ``PublishError``.
    mutating func settle(
        waiting: [TargetsProposal],
        first: TargetsProposal? = nil,
        touching touched: Set<RoleName>
    ) async throws(PublishError) {
        for name in delegations.names where roles[name] == nil {
            guard let authority = delegations.authority(of: name) else { continue }
            let own = waiting.filter { $0.authority.role == name }
            let first = first.flatMap { $0.authority.role == name ? $0 : nil }
            guard touched.contains(name) || first != nil || !own.isEmpty || !isQuiet(name, authority) else { continue }
            roles[name] = try await role(
                name,
                authority,
                waiting: own,
                first: first,
                isNeeded: touched.contains(name) || !isQuiet(name, authority)
            )
        }
    }

    /// Whether every set that counts says the same of a role, so that its file need not be read.
    private func isQuiet(_ name: RoleName, _ authority: RoleAuthority) -> Bool {
        let records = candidates.compactMap { $0.set.snapshot.payload.roles[name] }
        return plan.base.set.snapshot.payload.roles[name].map { !$0.hashes.isEmpty } ?? false
            && Set(records).count == 1
            && plan.base.set.targets.payload.delegations?.authority(of: name) == authority
    }

    /// The newest version of a role's file that any set lists; 0 for none.
    func listedVersion(of name: RoleName) -> Int64 { plan.nextVersion(of: name) - 1 }

    private var candidates: [Candidate] { [plan.base] + plan.others }

    private mutating func role(
        _ name: RoleName,
        _ authority: RoleAuthority,
        waiting: [TargetsProposal],
        first: TargetsProposal?,
        isNeeded: Bool
    ) async throws(PublishError) -> Role? {
        var files: [SignerFile] = []
        var formerFiles: [SignerFile] = []
        for candidate in candidates where candidate.set.snapshot.payload.roles[name] != nil {
            // A snapshot lists roles for ever; what a signer had signed who was removed counts for nothing.
            guard let own = candidate.set.targets.payload.delegations?.authority(of: name) else { continue }
            let present = try await reader.signerFile(name, authority, in: candidate, plan)
            if case .lost = present {
                // A request begins the role anew, and what waits follows what nobody has.
                if first != nil { continue }
                guard isNeeded else { return nil }
            }
            if let file = try present.needed {
                files.append(file)
            } else if own != authority,
                case .file(let file) = try await reader.signerFile(name, own, in: candidate, plan)
            {
                formerFiles.append(file)
            }
        }
        // A higher version first: it must not go down for those who saw it.
        files = SignerFile.newest(of: files).enumerated()
            .sorted { ($1.element.own.version, $0.offset) < ($0.element.own.version, $1.offset) }.map(\.element)
        let listed = plan.nextVersion(of: name)
        var new: SignerFile?
        if let first {
            new = try begin(with: first, after: files, version: listed)
        } else {
            new = Self.next(waiting, after: files, listed: listed - 1, role: name, now: signing.now)
        }
        if let new {
            let present = files.first ?? formerFiles.first
            do { accepted.append(try AcceptedChange(new, role: name, after: present, delegations)) } catch {
                throw .refused(Refusal.metadata(error, checked: "the change of \(name)", pin: nil))
            }
            files = [new]
        }
        let nextVersion = max(listed, (files.map(\.own.version).max() ?? 0) + 1)
        let canSign = try await signing.canSign(authority)
        var former: Verified<Targets>?
        if files.isEmpty, plan.base.set.targets.payload.delegations?.authority(of: name) != nil {
            former = try await reader.targets(of: name, in: plan.base, plan)
        }
        // A version that readers have seen listed must not go down, whoever signed it.
        let isBehind = files.first.map { $0.own.version < listed - 1 } ?? false
        if isBehind, !canSign, !plan.others.isEmpty { throw .cannotMerge(needing: name) }
        let before = try table(files.first?.targets ?? former, name)
        var after = before
        for other in files.dropFirst() {
            let fork = files[0].forkVersion(with: other)
            let theirs = try table(other.targets, name)
            if canSign, let fork { _ = after.merge(theirs, since: fork, version: nextVersion) }
            dropped += DroppedWord.words(of: name, theirs, since: fork, missingIn: after)
        }
        // Nobody signs anew what keys signed that were taken away, and nobody forgets it unnoticed.
        for other in formerFiles where former == nil && !files.contains(where: { $0.covers(other) }) {
            let fork = files.first?.forkVersion(with: other)
            dropped += DroppedWord.words(of: name, try table(other.targets, name), since: fork, missingIn: after)
        }
        let expires = files.first?.targets.payload.common
        return Role(
            authority: authority,
            files: canSign ? files : Array(files.prefix(1)),
            former: former,
            before: before,
            after: after,
            isDue: files.isEmpty || isBehind && canSign || canSign && files.count > 1
                || canSign && expires.map { signing.expiresSoon($0, role: .targets) } ?? false,
            nextVersion: nextVersion
        )
    }

    /// The file of a request, unless it is there already. It must have been made for what is there now.
    private func begin(
        with first: TargetsProposal,
        after files: [SignerFile],
        version: Int64
    ) throws(PublishError) -> SignerFile? {
        let name = first.authority.role
        let file: SignerFile
        do { file = try SignerFile(try first.withGoodSignatures().verified(), role: name) } catch {
            throw .refused(Refusal.metadata(error, checked: "the request of \(name)", pin: nil))
        }
        guard first.proposed.delegations == nil else {
            throw .refused(
                Refusal(
                    .policy,
                    checked: "the request of \(name)",
                    found: "it delegates tags to others, which is for the publisher to say",
                    next:
                        "the signer makes a new one: trustctl signer request \(reader.subject.argument) \(name) --out FILE"
                )
            )
        }
        if files.first?.own == file.own { return nil }
        // The keys that signed what counts now may be gone.
        let isOutdated = file.own.version < version || !files.allSatisfy(file.covers)
        guard !isOutdated, file.targets.payload.common.expires > signing.now else {
            throw .refused(
                Refusal(
                    .conflict,
                    checked: "the request of \(name)",
                    found: "made before the signer last changed, or expired",
                    next:
                        "the signer makes a new one: trustctl signer request \(reader.subject.argument) \(name) --out FILE"
                )
            )
        }
        return file
    }

    /// The newest submitted file that follows all that counts now. Signatures that anybody wrote beside the signer's do not
    /// come in with it.
    static func next(
        _ waiting: [TargetsProposal],
        after files: [SignerFile],
        listed: Int64,
        role: RoleName,
        now: Instant
    ) -> SignerFile? {
        waiting.filter { follows($0, files, listed: listed, now: now) }
            .compactMap { try? SignerFile($0.withGoodSignatures().verified(), role: role) }
            .max { $0.own.version < $1.own.version }
    }

    /// Whether a change may come in, once enough keys have signed it.
    ///
    /// - Parameters:
    ///   - change: The change.
    ///   - files: What counts now of its role; it follows all of that.
    ///   - listed: The newest listed version of the role. A version that leaves no room above would keep everybody from
    ///     publishing.
    ///   - now: It must not have expired.
    /// - Returns: Whether it may.
    static func follows(_ change: TargetsProposal, _ files: [SignerFile], listed: Int64, now: Instant) -> Bool {
        let role = change.authority.role
        let version = change.proposed.common.version
        guard let present = files.first, version > listed, version - listed < SignerFile.maximumLead,
            change.proposed.common.expires > now,
            // A signer says what tags mean, and nothing else: to whom they are delegated the publisher says.
            change.fields(otherThanIn: present.targets).allSatisfy(WaitingChange.fieldsOfTags.contains),
            let ancestors = try? SignerFile.entries(change.field(SignerFile.field), role: role, below: version)
        else { return false }
        return files.allSatisfy { ancestors.contains($0.own) }
            && hasForm(change.proposed, revoked: change.field(TagTable.revokedField), role)
    }

    /// Whether all records are those of tags. A file that readers refuse would end every search that comes to it, and whoever
    /// lists the tags reads all of them.
    static func hasForm(_ targets: Targets, revoked: JSONValue?, _ role: RoleName) -> Bool {
        do {
            _ = try TagTable(targets, revoked: revoked, role: role)
            try targets.forEach { (path, record) throws(TUFError) in
                guard record.digest(.sha256) != nil,
                    record.custom?[SignedTag.mediaTypeField]?.string.flatMap({ MediaType($0) }) != nil
                else { throw .malformed(role: role, field: "signed.targets.\(path)") }
            }
            return true
        } catch {
            return false
        }
    }

    private func table(_ targets: Verified<Targets>?, _ name: RoleName) throws(PublishError) -> TagTable {
        guard let targets else { return TagTable() }
        do { return try TagTable(targets, role: name) } catch {
            throw .refused(Refusal.metadata(error, checked: "the role \(name) of \(reader.subject)", pin: reader.pin))
        }
    }

    // MARK: Tags

    /// What a role says of a tag. The role was settled as touched.
    func record(for path: TargetPath, in name: RoleName) -> TargetRecord? { roles[name]?.after.records[path] }

    /// The signer whose word counts for a tag; nil when no signer lists it. All roles that are asked were settled as touched.
    func counting(for path: TargetPath) -> RoleName? {
        delegations.roles(for: path).map(\.name).first { record(for: path, in: $0) != nil }
    }

    /// Who has the last word on a tag before a signer has: the targets, or a signer who comes first. All roles that are
    /// asked were settled as touched.
    func precedence(over signer: RoleName, for path: TargetPath, _ edit: TagEdit) -> RoleName? {
        if edit.record(for: path) != nil { return .targets }
        return delegations.roles(for: path).map(\.name).prefix { $0 != signer }
            .first { record(for: path, in: $0) != nil }
    }

    /// Lists a tag in a role, or takes it out (nil).
    mutating func set(_ record: TargetRecord?, for path: TargetPath, in name: RoleName) {
        guard let version = roles[name]?.nextVersion else { return }
        if let record {
            roles[name]?.after.set(record, for: path, version: version)
        } else {
            roles[name]?.after.revoke(path, version: version)
        }
    }

    // MARK: Files

    /// Files that go into the new set as others have signed them.
    var taken: [SignedFile] {
        roles.sorted { $0.key < $1.key }.compactMap { name, role -> SignedFile? in
            guard !role.isChanged, let file = role.files.first else { return nil }
            let listed = plan.base.set.snapshot.payload.roles[name]
            let new = SignedFile(role: name, version: file.own.version, bytes: file.targets.bytes)
            let isListed = listed.map { $0.version == new.version && new.record.hashes.allSatisfy($0.hashes.contains) }
            return isListed ?? false ? nil : new
        }
    }

    /// The files that the keys of the signers have to sign.
    func drafts() -> [(draft: RoleDraft, authority: RoleAuthority)] {
        roles.sorted { $0.key < $1.key }.filter(\.value.isChanged).map { name, role in
            var draft = draft(name, role)
            draft.changeTargets(role.after.changes(from: role.before))
            let ancestors = SignerFile.ancestors(of: role.files)
            draft.setField(TagTable.revokedField, to: role.after.revokedJSON(after: (ancestors.last?.version ?? 0) - 1))
            draft.setField(SignerFile.field, to: SignerFile.json(ancestors))
            let present = (role.files.first?.targets ?? role.former ?? plan.base.set.targets).payload.common
            let lifetime = signing.signerLifetime(present, plan.base.set.targets.payload.common)
            draft.setVersion(role.nextVersion, expires: signing.now.advanced(bySeconds: lifetime), issued: signing.now)
            return (draft, role.authority)
        }
    }

    private func draft(_ name: RoleName, _ role: Role) -> RoleDraft {
        if let file = role.files.first?.targets ?? role.former { return RoleDraft(editing: file, role: name) }
        var draft = RoleDraft(
            role: name,
            version: 1,
            expires: signing.now,
            issued: signing.now,
            repository: plan.base.set.root.payload.common.repository
        )
        draft.changeTargets([:])
        return draft
    }
}
