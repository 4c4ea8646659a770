import CanonicalJSON
import TUF
import TUFClient
import TrustCrypto

/// Signs the roles that a new set needs.
struct SetSigning: Sendable {
    let signers: any SignerSource
    let lifetimes: LifetimeChoices
    let subject: Subject
    let now: Instant

    struct Made: Sendable {
        let data: NewTrustData
        let signedRoles: [RoleName]
        /// Roles whose files others had signed.
        let takenRoles: [RoleName]
        /// Signers whose files are not in it, because they are lost.
        let lostSigners: [RoleName]
    }

    /// A set after a plan.
    ///
    /// - Parameters:
    ///   - edit: The tags that it is to list.
    ///   - signerRoles: The roles of the signers.
    ///   - changed: Whether the targets have to be signed whatever their expiry is.
    ///   - refresh: Whether the timestamp is to be signed anew even if nothing else changes.
    ///   - reader: Finds the files that do not change.
    /// - Returns: The set; nil when what the store serves is as wished.
    /// - Throws: ``PublishError``.
    func sign(
        _ edit: TagEdit,
        _ signerRoles: SignerRoles,
        changed: Bool,
        refresh: Bool,
        reader: CandidateReader
    ) async throws(PublishError) -> Made? {
        let plan = edit.plan
        let base = plan.base.set
        let targets = edit.holder.set.targets
        // Under another root a role may have other keys.
        let rootChanges = plan.root.bytes != base.root.bytes
        let needsTargets =
            try await needsTargets(plan, targets.payload.common, changed: changed)
            || !base.isSigned(targets.envelope, as: .targets, under: plan.root)
        var taken = signerRoles.taken
        if !needsTargets, targets.bytes != base.targets.bytes {
            taken.append(SignedFile(role: .targets, version: targets.payload.common.version, bytes: targets.bytes))
        }
        let drafts = signerRoles.drafts()
        let snapshotIsOutrun = try await isOutrun(
            .snapshot,
            base.snapshot.payload.common,
            plan.least.snapshot,
            plan.root
        )
        let needsSnapshot =
            needsTargets || !taken.isEmpty || !drafts.isEmpty || !plan.others.isEmpty
            || expiresSoon(base.snapshot.payload.common, role: .snapshot)
            || snapshotIsOutrun
            || !base.isSigned(base.snapshot.envelope, as: .snapshot, under: plan.root)
        guard needsSnapshot || refresh || rootChanges || !plan.baseIsPresent else { return nil }
        var edit = edit
        var signed: [SignedFile] = []
        for (draft, authority) in drafts { signed.append(try await sign(draft, authority)) }
        if needsTargets {
            signed += try await bins(&edit)
            signed.append(try await self.targets(edit))
        }
        if needsSnapshot { signed.append(try await snapshot(edit, listing: taken + signed)) }
        signed.append(try await timestamp(plan, snapshot: needsSnapshot ? signed.last : nil))
        let (data, lost) = try await data(edit, written: taken + signed, reader: reader)
        return Made(
            data: data,
            signedRoles: (rootChanges ? [.root] : []) + signed.map(\.role),
            takenRoles: taken.map(\.role),
            lostSigners: lost
        )
    }

    // MARK: Roles

    private func bins(_ edit: inout TagEdit) async throws(PublishError) -> [SignedFile] {
        guard let bins = edit.layout.bins else { return [] }
        let plan = edit.plan
        var files: [SignedFile] = []
        for name in edit.changedRoles where name != .targets {
            guard let role = edit.roles[name] else { continue }
            var draft: RoleDraft
            if let base = role.base {
                draft = RoleDraft(editing: base, role: name)
                draft.changeTargets(role.after.changes(from: role.before))
            } else {
                draft = RoleDraft(
                    role: name,
                    version: 1,
                    expires: now,
                    issued: now,
                    repository: plan.base.set.root.payload.common.repository
                )
                draft.changeTargets(role.after.records.mapValues { .some($0) })
            }
            let present = (role.base ?? plan.base.set.targets).payload.common
            setTimes(&draft, version: plan.nextVersion(of: name), present: present, lifetimeOf: .targets)
            draft.setField(TagTable.revokedField, to: role.after.revokedJSON(after: oldestVersion(plan)))
            files.append(try await sign(draft, bins.keys, plan))
            edit.noteExpiry(draft.expires)
        }
        return files
    }

    private func targets(_ edit: TagEdit) async throws(PublishError) -> SignedFile {
        let plan = edit.plan
        let base = edit.holder.set.targets
        guard let role = edit.roles[.targets] else {
            throw .refused(Refusal(.internalDefect, checked: "the targets of \(subject)", found: "not read"))
        }
        var draft = RoleDraft(editing: base, role: .targets)
        setTimes(&draft, version: plan.targetsVersion, present: base.payload.common, lifetimeOf: .targets)
        draft.changeTargets(role.after.changes(from: role.before))
        draft.setField(TagTable.revokedField, to: role.after.revokedJSON(after: oldestVersion(plan)))
        if edit.isRespread {
            draft.setBins(edit.layout.bins, keys: Self.keys(edit.layout.bins?.keys, plan))
        }
        draft.setField(TagLayout.field, to: edit.layout.json)
        if edit.changesDelegations {
            draft.setDelegations(edit.delegations.roles, keys: edit.delegations.keys)
            draft.setField(SignerDelegations.field, to: .integer(edit.delegations.changed))
        }
        return try await sign(draft, root: plan.root)
    }

    /// What was revoked at this version or before is older than any set that could still be merged.
    private func oldestVersion(_ plan: MergePlan) -> Int64 {
        (plan.ancestors.last?.targetsVersion ?? 0) - 1
    }

    private func snapshot(_ edit: TagEdit, listing files: [SignedFile]) async throws(PublishError) -> SignedFile {
        let plan = edit.plan
        let bins = edit.layout.bins
        let base = plan.base.set.snapshot
        var draft = RoleDraft(editing: base, role: .snapshot)
        setTimes(&draft, version: plan.snapshotVersion, present: base.payload.common, lifetimeOf: .snapshot)
        var records: [RoleName: MetaRecord] = [:]
        // A role that readers have seen listed must not vanish, nor its version go down (§5.5.5), whichever set they saw.
        for other in plan.others {
            for (role, record) in other.set.snapshot.payload.roles where edit.delegations.role(role) == nil {
                guard bins?.contains(role) != true, role != .targets else { continue }
                let known = (records[role] ?? base.payload.roles[role])?.version ?? 0
                if record.version > known { records[role] = record }
            }
        }
        for file in files {
            // Of bins the version alone: they are many, and everybody reads this.
            records[file.role] = bins?.contains(file.role) == true ? MetaRecord(version: file.version) : file.record
        }
        draft.setRecords(records)
        draft.setField(Lineage.field, to: Lineage.json(plan.ancestors))
        return try await sign(draft, root: plan.root)
    }

    private func timestamp(_ plan: MergePlan, snapshot: SignedFile?) async throws(PublishError) -> SignedFile {
        let base = plan.base.set.timestamp
        var draft = RoleDraft(editing: base, role: .timestamp)
        setTimes(&draft, version: plan.timestampVersion, present: base.payload.common, lifetimeOf: .timestamp)
        if let snapshot { draft.setSnapshot(snapshot.record) }
        return try await sign(draft, root: plan.root)
    }

    private func setTimes(
        _ draft: inout RoleDraft,
        version: Int64,
        present: CommonFields,
        lifetimeOf role: RoleName
    ) {
        let lifetime = lifetimes.seconds(of: role, present: present)
        draft.setVersion(version, expires: now.advanced(bySeconds: lifetime), issued: now)
    }

    private func sign(_ draft: RoleDraft, root: Verified<Root>) async throws(PublishError) -> SignedFile {
        let role = roleKeys(draft.role, root)
        return try await sign(draft, role.keys, threshold: role.threshold) { root.keyID(of: $0, for: draft.role) }
    }

    /// Signs a bin with the targets keys, under their computed ids.
    private func sign(_ draft: RoleDraft, _ bins: RoleKeys, _ plan: MergePlan) async throws(PublishError) -> SignedFile
    {
        let keys = Self.keys(bins, plan)
        return try await sign(draft, keys.compactMap(\.publicKey), threshold: bins.threshold) { publicKey in
            keys.first { $0.publicKey == publicKey }?.computedID
        }
    }

    private func sign(_ draft: RoleDraft, _ authority: RoleAuthority) async throws(PublishError) -> SignedFile {
        let keys = Array(authority.publicKeys.values)
        return try await sign(draft, keys, threshold: authority.threshold, isSigner: true) {
            authority.ids(of: $0).first
        }
    }

    /// The keys of bins: out of the delegation, or out of the root, whose targets keys they are.
    private static func keys(_ bins: RoleKeys?, _ plan: MergePlan) -> [TUFKey] {
        let root = plan.root.payload
        let known = Array((plan.base.set.targets.payload.delegations?.keys ?? [:]).values) + Array(root.keys.values)
        return (bins?.keyIDs ?? []).compactMap { id in known.first { $0.computedID == id } }
    }

    private func sign(
        _ draft: RoleDraft,
        _ keys: [PublicKey],
        threshold: Int,
        isSigner: Bool = false,
        keyID: (PublicKey) -> KeyID?
    ) async throws(PublishError) -> SignedFile {
        try NextVersions.check(draft, isSigner: isSigner, of: subject)
        do {
            let signers = try await signers.signers(for: draft.role, keys: keys, threshold: threshold)
            return try await draft.signed(
                by: signers.compactMap { signer in
                    keyID(signer.publicKey).map { SigningKey(keyID: $0, signer: signer) }
                }
            )
        } catch let refusal as Refusal {
            throw .refused(refusal)
        } catch let error as TUFError {
            throw .refused(Refusal.metadata(error, checked: "signing of \(draft.role) for \(subject)", pin: nil))
        } catch {
            throw .refused(
                Refusal(.internalDefect, checked: "signing of \(draft.role)", found: "\(error)", cause: error)
            )
        }
    }

    // MARK: What needs signing

    /// Targets are signed when tags change, and otherwise when they expire soon and the key is at hand: a refresh by cron
    /// has the timestamp key alone.
    private func needsTargets(
        _ plan: MergePlan,
        _ present: CommonFields,
        changed: Bool
    ) async throws(PublishError) -> Bool {
        if changed { return true }
        if try await isOutrun(.targets, present, plan.least.targets, plan.root) { return true }
        guard expiresSoon(present, role: .targets) else { return false }
        return try await canSign(.targets, plan.root)
    }

    /// Whether there is one who takes no file of this version any more, and its key is at hand.
    private func isOutrun(
        _ role: RoleName,
        _ present: CommonFields,
        _ least: Int64,
        _ root: Verified<Root>
    ) async throws(PublishError) -> Bool {
        guard present.version < least else { return false }
        return try await canSign(role, root)
    }

    /// Whether the keys of a role are within reach.
    func canSign(_ role: RoleName, _ root: Verified<Root>) async throws(PublishError) -> Bool {
        let roleKeys = roleKeys(role, root)
        do {
            return try await signers.canSign(for: role, keys: roleKeys.keys, threshold: roleKeys.threshold)
        } catch {
            throw .refused(error)
        }
    }

    /// Whether the keys of a delegated role are within reach.
    func canSign(_ authority: RoleAuthority) async throws(PublishError) -> Bool {
        let keys = Array(authority.publicKeys.values)
        do {
            return try await signers.canSign(for: authority.role, keys: keys, threshold: authority.threshold)
        } catch {
            throw .refused(error)
        }
    }

    /// Whether a third or less of a role's lifetime is left, or its lifetime was chosen anew.
    func expiresSoon(_ common: CommonFields, role: RoleName) -> Bool {
        if lifetimes.seconds[role] != nil { return true }
        let lifetime = lifetimes.seconds(of: role, present: common)
        return common.expires.seconds(since: now) <= lifetime / 3
    }

    /// The lifetime of a signer's next file: that of the present one, and no longer than that of the targets.
    func signerLifetime(_ present: CommonFields?, _ targets: CommonFields) -> Int64 {
        min(lifetimes.seconds(of: .targets, present: present), lifetimes.seconds(of: .targets, present: targets))
    }

    /// Whether a third or less of a lifetime like that of the targets is left.
    func expiresSoon(_ expiry: Instant, _ targets: CommonFields) -> Bool {
        expiry.seconds(since: now) <= lifetimes.seconds(of: .targets, present: targets) / 3
    }

    /// A layout for the tags, with bins that the targets keys sign.
    func layout(count: Int, choice: BinChoice, _ plan: MergePlan) throws(PublishError) -> TagLayout {
        let root = plan.root.payload
        let role = root.roleKeys(.targets)
        let ids = (role?.keyIDs ?? []).compactMap { root.keys[$0]?.computedID }
        do {
            return try TagLayout(
                count: count,
                choice: choice,
                chosen: plan.targetsVersion,
                keys: RoleKeys(keyIDs: ids, threshold: role?.threshold ?? 1)
            )
        } catch {
            throw .refused(Refusal.metadata(error, checked: "hash bins for \(subject)", pin: nil))
        }
    }

    private func roleKeys(_ role: RoleName, _ root: Verified<Root>) -> (keys: [PublicKey], threshold: Int) {
        guard let roleKeys = root.payload.roleKeys(role) else { return ([], 1) }
        return (roleKeys.keyIDs.compactMap { root.payload.keys[$0]?.publicKey }, roleKeys.threshold)
    }

    // MARK: The set

    private func data(
        _ edit: TagEdit,
        written files: [SignedFile],
        reader: CandidateReader
    ) async throws(PublishError) -> (data: NewTrustData, lostSigners: [RoleName]) {
        let plan = edit.plan
        let base = plan.base.set
        var roots = plan.base.files.roots
        roots[plan.root.payload.common.version] = plan.root.bytes
        let written = Set(files.map(\.role))
        var files = files.map { NewTrustData.File(name: $0.file.name, bytes: $0.bytes) }
        files += roots.sorted { $0.key < $1.key }.map {
            NewTrustData.File(name: MetadataFile.root($0.key).name, bytes: $0.value)
        }
        func keep(_ role: RoleName, _ version: Int64?, _ bytes: [UInt8]) {
            guard !written.contains(role) else { return }
            files.append(NewTrustData.File(name: MetadataFile(role: role, version: version).name, bytes: bytes))
        }
        keep(.targets, base.targets.payload.common.version, base.targets.bytes)
        keep(.snapshot, base.snapshot.payload.common.version, base.snapshot.bytes)
        keep(.timestamp, nil, base.timestamp.bytes)
        let gone = edit.formerSigners.union(edit.isRespread ? edit.formerRoles : [])
        let unchanged = base.snapshot.payload.roles.keys.filter {
            !RoleName.topLevel.contains($0) && !written.contains($0) && !gone.contains($0)
        }
        let kept = try await reader.unchangedFiles(of: unchanged, plan)
        files += kept.sorted { $0.key < $1.key }.map(\.value)
        let lost = unchanged.filter { kept[$0] == nil && edit.delegations.role($0) != nil }
        let data = NewTrustData(
            files: files,
            previousFileNames: base.snapshot.payload.roles.map {
                MetadataFile(role: $0.key, version: $0.value.version).name
            }
                + [MetadataFile(role: .snapshot, version: base.snapshot.payload.common.version).name]
        )
        return (data, lost.sorted())
    }
}

extension Verified where Payload == Root {
    /// The id that this root gives a key of a role.
    func keyID(of publicKey: PublicKey, for role: RoleName) -> KeyID? {
        payload.roleKeys(role)?.keyIDs.first { payload.keys[$0]?.publicKey == publicKey }
    }
}
