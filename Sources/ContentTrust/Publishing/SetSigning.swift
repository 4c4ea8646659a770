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
    }

    /// A set after a plan.
    ///
    /// - Parameters:
    ///   - plan: What it is built upon.
    ///   - table: The tags that it is to list.
    ///   - changes: What turns the base's tags into these; nil when the targets can stay as they are.
    ///   - refresh: Whether the timestamp is to be signed anew even if nothing else changes.
    /// - Returns: The set; nil when what the store serves is as wished.
    /// - Throws: ``PublishError``.
    func sign(
        _ plan: MergePlan,
        table: TagTable,
        changes: [TargetPath: TargetRecord?]?,
        refresh: Bool
    ) async throws(PublishError) -> Made? {
        let base = plan.base.set
        let needsTargets = try await needsTargets(base, changed: changes != nil)
        let needsSnapshot =
            needsTargets || !plan.others.isEmpty || expiresSoon(base.snapshot.payload.common, role: .snapshot)
        guard needsSnapshot || refresh || !plan.baseIsPresent else { return nil }
        var signed: [SignedFile] = []
        if needsTargets {
            let targets = try await targets(plan, table: table, changes: changes ?? [:])
            signed.append(targets)
        }
        if needsSnapshot {
            let snapshot = try await snapshot(plan, targets: signed.first)
            signed.append(snapshot)
        }
        let timestamp = try await timestamp(plan, snapshot: needsSnapshot ? signed.last : nil)
        signed.append(timestamp)
        return Made(data: data(plan, signed: signed), signedRoles: signed.map(\.role))
    }

    // MARK: Roles

    private func targets(
        _ plan: MergePlan,
        table: TagTable,
        changes: [TargetPath: TargetRecord?]
    ) async throws(PublishError) -> SignedFile {
        let base = plan.base.set.targets
        var draft = RoleDraft(editing: base, role: .targets)
        setTimes(&draft, version: plan.targetsVersion, present: base.payload.common)
        draft.changeTargets(changes)
        let oldest = plan.base.lineage.ancestors(mergedWith: plan.others.map(\.lineage)).last?.targetsVersion ?? 0
        draft.setField(TagTable.revokedField, to: table.revokedJSON(after: oldest - 1))
        return try await sign(draft, root: plan.base.set.root)
    }

    private func snapshot(_ plan: MergePlan, targets: SignedFile?) async throws(PublishError) -> SignedFile {
        let base = plan.base.set.snapshot
        var draft = RoleDraft(editing: base, role: .snapshot)
        setTimes(&draft, version: plan.snapshotVersion, present: base.payload.common)
        if let targets { draft.setRecord(of: .targets, to: targets.record) }
        let ancestors = plan.base.lineage.ancestors(mergedWith: plan.others.map(\.lineage))
        draft.setField(Lineage.field, to: Lineage.json(ancestors))
        return try await sign(draft, root: plan.base.set.root)
    }

    private func timestamp(_ plan: MergePlan, snapshot: SignedFile?) async throws(PublishError) -> SignedFile {
        let base = plan.base.set.timestamp
        var draft = RoleDraft(editing: base, role: .timestamp)
        setTimes(&draft, version: plan.timestampVersion, present: base.payload.common)
        if let snapshot { draft.setSnapshot(snapshot.record) }
        return try await sign(draft, root: plan.base.set.root)
    }

    private func setTimes(_ draft: inout RoleDraft, version: Int64, present: CommonFields) {
        let lifetime = lifetimes.seconds(of: draft.role, present: present)
        draft.setVersion(version, expires: now.advanced(bySeconds: lifetime), issued: now)
    }

    private func sign(_ draft: RoleDraft, root: Verified<Root>) async throws(PublishError) -> SignedFile {
        let role = roleKeys(draft.role, root)
        do {
            let signers = try await signers.signers(for: draft.role, keys: role.keys, threshold: role.threshold)
            return try await draft.signed(
                by: signers.compactMap { signer in
                    root.keyID(of: signer.publicKey, for: draft.role).map { SigningKey(keyID: $0, signer: signer) }
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
    private func needsTargets(_ base: TrustedSet, changed: Bool) async throws(PublishError) -> Bool {
        if changed { return true }
        guard expiresSoon(base.targets.payload.common, role: .targets) else { return false }
        return try await canSign(.targets, base.root)
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

    /// Whether a third or less of a role's lifetime is left, or its lifetime was chosen anew.
    func expiresSoon(_ common: CommonFields, role: RoleName) -> Bool {
        if lifetimes.seconds[role] != nil { return true }
        let lifetime = lifetimes.seconds(of: role, present: common)
        return common.expires.seconds(since: now) <= lifetime / 3
    }

    private func roleKeys(_ role: RoleName, _ root: Verified<Root>) -> (keys: [PublicKey], threshold: Int) {
        guard let roleKeys = root.payload.roleKeys(role) else { return ([], 1) }
        return (roleKeys.keyIDs.compactMap { root.payload.keys[$0]?.publicKey }, roleKeys.threshold)
    }

    // MARK: The set

    private func data(_ plan: MergePlan, signed: [SignedFile]) -> NewTrustData {
        let base = plan.base
        func bytes(_ role: RoleName) -> [UInt8]? { signed.first { $0.role == role }?.bytes }
        func version(_ role: RoleName, _ present: CommonFields) -> Int64 {
            signed.first { $0.role == role }?.version ?? present.version
        }
        let targets = base.set.targets
        let snapshot = base.set.snapshot
        var files = base.files.roots.sorted { $0.key < $1.key }.map {
            NewTrustData.File(name: MetadataFile.root($0.key).name, bytes: $0.value)
        }
        let targetsFile = MetadataFile(role: .targets, version: version(.targets, targets.payload.common))
        let snapshotFile = MetadataFile(role: .snapshot, version: version(.snapshot, snapshot.payload.common))
        files.append(NewTrustData.File(name: targetsFile.name, bytes: bytes(.targets) ?? targets.bytes))
        files.append(NewTrustData.File(name: snapshotFile.name, bytes: bytes(.snapshot) ?? snapshot.bytes))
        files.append(
            NewTrustData.File(name: MetadataFile.timestamp.name, bytes: bytes(.timestamp) ?? base.set.timestamp.bytes)
        )
        return NewTrustData(
            files: files,
            previousFileNames: [
                MetadataFile(role: .targets, version: targets.payload.common.version).name,
                MetadataFile(role: .snapshot, version: snapshot.payload.common.version).name,
            ]
        )
    }
}

extension Verified where Payload == Root {
    /// The id that this root gives a key of a role.
    func keyID(of publicKey: PublicKey, for role: RoleName) -> KeyID? {
        payload.roleKeys(role)?.keyIDs.first { payload.keys[$0]?.publicKey == publicKey }
    }
}
