import TUF
import TUFClient
import TrustCrypto

/// The files of delegated roles, for a publisher.
extension CandidateReader {
    /// The file of a delegated role in a set: from the set itself, from this machine's memory, or from another set that has
    /// it, so that what a store has lost is put back.
    ///
    /// - Parameters:
    ///   - role: The role, to which the set's top-level targets delegate.
    ///   - candidate: The set.
    ///   - plan: Has the other sets.
    /// - Returns: Its file.
    /// - Throws: ``PublishError``.
    func targets(
        of role: RoleName,
        in candidate: Candidate,
        _ plan: MergePlan
    ) async throws(PublishError) -> Verified<Targets> {
        guard let found = try await targetsIfAny(of: role, in: candidate, plan) else {
            throw lost(try listed(role, in: candidate))
        }
        return found
    }

    /// As ``targets(of:in:_:)``; nil when the file is lost everywhere.
    func targetsIfAny(
        of role: RoleName,
        in candidate: Candidate,
        _ plan: MergePlan
    ) async throws(PublishError) -> Verified<Targets>? {
        switch try await file(try listed(role, in: candidate), in: candidate, plan) {
        case .success(let targets): return targets
        case .failure(let error):
            throw .refused(Refusal.metadata(error, checked: "the role \(role) of \(subject)", pin: pin))
        }
    }

    /// The file of a signer's role in a set, by the keys that the signer is to have.
    ///
    /// - Parameters:
    ///   - role: The role, which the set's snapshot lists.
    ///   - authority: Its keys in the new set.
    ///   - candidate: The set.
    ///   - plan: Has the other sets.
    /// - Returns: The file, or why there is none.
    /// - Throws: ``PublishError``.
    func signerFile(
        _ role: RoleName,
        _ authority: RoleAuthority,
        in candidate: Candidate,
        _ plan: MergePlan
    ) async throws(PublishError) -> PresentSignerFile {
        do {
            let listed = try candidate.set.listed(authority)
            guard let targets = try await file(listed, in: candidate, plan).get() else {
                return .lost(lostSigner(listed))
            }
            return .file(try SignerFile(targets, role: role))
        } catch let error as PublishError {
            throw error
        } catch let error as TUFError {
            if case .thresholdNotMet = error { return .notSigned }
            throw .refused(Refusal.metadata(error, checked: "the role \(role) of \(subject)", pin: pin))
        } catch {
            throw .refused(Refusal(.internalDefect, checked: "the role \(role)", found: "\(error)", cause: error))
        }
    }

    /// A listed file, from wherever it is, or why what is there is refused; nil when it is lost everywhere.
    private func file(
        _ listed: ListedTargets,
        in candidate: Candidate,
        _ plan: MergePlan
    ) async throws(PublishError) -> Result<Verified<Targets>?, TUFError> {
        var refused: TUFError?
        func note(_ error: TUFError) {
            // The very file, which other keys have signed, says more than another one of its name.
            if case .thresholdNotMet = error { refused = error } else { refused = refused ?? error }
        }
        for data in Self.sources(of: candidate, plan) {
            guard let bytes = try await bytes(of: listed, in: data) else { continue }
            do { return .success(try listed.load(bytes).targets) } catch { note(error) }
        }
        if let bytes = try await keptBytes(of: listed.role) {
            do {
                if let kept = try listed.loadStored(bytes) { return .success(kept.targets) }
            } catch {
                note(error)
            }
        }
        return refused.map { .failure($0) } ?? .success(nil)
    }

    /// Which roles list the tags of a set.
    func layout(of candidate: Candidate) throws(PublishError) -> TagLayout {
        do { return try TagLayout(candidate.set.targets) } catch {
            throw .refused(Refusal.metadata(error, checked: "trust data of \(subject)", pin: pin))
        }
    }

    /// Whom a set delegates tags to one by one.
    func delegations(of candidate: Candidate) throws(PublishError) -> SignerDelegations {
        do { return try SignerDelegations(candidate.set.targets) } catch {
            throw .refused(Refusal.metadata(error, checked: "trust data of \(subject)", pin: pin))
        }
    }

    /// Checks that delegated roles which were just signed verify as those who pull verify them.
    ///
    /// - Parameters:
    ///   - roles: The roles that were signed.
    ///   - candidate: The new set.
    /// - Throws: ``PublishError``.
    func check(_ roles: [RoleName], in candidate: Candidate) async throws(PublishError) {
        guard let data = candidate.data else { return }
        for role in roles where !RoleName.topLevel.contains(role) {
            let listed = try listed(role, in: candidate)
            guard let bytes = try await bytes(of: listed, in: data) else { throw lost(listed) }
            do { _ = try listed.load(bytes) } catch {
                throw .refused(Refusal.metadata(error, checked: "the role \(role) of \(subject)", pin: pin))
            }
        }
    }

    /// The files of delegated roles in a new set that does not change them.
    ///
    /// - Parameters:
    ///   - roles: The roles.
    ///   - plan: Whose base lists them.
    /// - Returns: The files, without those of roles to which nothing delegates any more and which no set has, and without
    ///   those of signers that are lost, where ``leavesLostSigners``.
    /// - Throws: ``PublishError``; a refusal when one is lost everywhere.
    func unchangedFiles(
        of roles: [RoleName],
        _ plan: MergePlan
    ) async throws(PublishError) -> [RoleName: NewTrustData.File] {
        var files: [RoleName: NewTrustData.File] = [:]
        var stored: [(role: RoleName, file: StoredFile, data: any TrustData)] = []
        for role in roles {
            if let found = try await self.stored(role, plan) {
                stored.append((role, found.file, found.data))
            } else {
                files[role] = try await putBack(role, plan)
            }
        }
        var isThere = [Bool](repeating: true, count: stored.count)
        if looksAtEverything {
            do {
                isThere = try await Concurrently.map(stored, width: 8) { (stored) throws(TrustStoreError) in
                    try await stored.data.holds(stored.file)
                }
            } catch {
                throw .store(error)
            }
        }
        for (stored, isThere) in zip(stored, isThere) {
            files[stored.role] =
                isThere ? NewTrustData.File(stored.file, of: stored.data) : try await putBack(stored.role, plan)
        }
        return files
    }

    /// What a store has of a role that does not change.
    private func stored(
        _ role: RoleName,
        _ plan: MergePlan
    ) async throws(PublishError) -> (file: StoredFile, data: any TrustData)? {
        guard let record = plan.base.set.snapshot.payload.roles[role] else { return nil }
        let file = MetadataFile(
            role: role,
            version: plan.base.set.root.payload.consistentSnapshot ? record.version : nil
        )
        for data in Self.sources(of: plan.base, plan) {
            if let stored = try await stored(file, record, in: data) { return (stored, data) }
        }
        return nil
    }

    /// The file of a role that no store has, from this machine's memory; nil when nothing delegates to the role any more, and
    /// for a signer's that is lost, where ``leavesLostSigners``.
    private func putBack(_ role: RoleName, _ plan: MergePlan) async throws(PublishError) -> NewTrustData.File? {
        guard plan.base.set.targets.payload.delegations?.authority(of: role) != nil else { return nil }
        let listed = try listed(role, in: plan.base)
        if let kept = try await kept(listed) {
            return NewTrustData.File(name: listed.file.name, bytes: kept.targets.bytes)
        }
        guard case .listed = plan.base.set.targets.payload.delegations?.roles else { throw lost(listed) }
        guard leavesLostSigners else { throw .refused(lostSigner(listed)) }
        return nil
    }

    /// A file that a store has under its name; nil when it has none, or another one of that name.
    private func stored(
        _ file: MetadataFile,
        _ record: MetaRecord,
        in data: any TrustData
    ) async throws(PublishError) -> StoredFile? {
        do {
            guard let stored = try await data.file(named: file.name) else { return nil }
            if let blob = stored.blob {
                let digest = record.hashes.first { $0.algorithm == blob.digest.algorithm }
                return digest.map { $0 == blob.digest } ?? true ? stored : nil
            }
            guard let digest = record.hashes.first else { return stored }
            let limit = Int(clamping: record.length ?? Int64(TUFLimits().targetsLength))
            guard let bytes = try await data.bytes(ofFile: file.name, maximumLength: limit) else { return nil }
            return Digest.compute(digest.algorithm, over: bytes.span) == digest ? stored : nil
        } catch .tooLarge, .vanished {
            return nil
        } catch {
            throw .store(error)
        }
    }

    /// Whether two sets may have different files for a role.
    func mayDiffer(_ role: RoleName, _ one: Candidate, _ other: Candidate) async throws(PublishError) -> Bool {
        let records = (one.set.snapshot.payload.roles[role], other.set.snapshot.payload.roles[role])
        guard records.0 == records.1, let record = records.0 else { return true }
        guard record.hashes.isEmpty else { return false }
        // The same version in sets that parted may be another file.
        guard let left = try await blob(of: role, in: one), let right = try await blob(of: role, in: other) else {
            return false
        }
        return left.digest != right.digest
    }

    private func blob(of role: RoleName, in candidate: Candidate) async throws(PublishError) -> TrustDataDocument.File?
    {
        guard let data = candidate.data else {
            guard let kept = try await kept(try listed(role, in: candidate)) else { return nil }
            return TrustDataDocument.File(name: kept.listed.file.name, bytes: kept.targets.bytes)
        }
        do {
            return try await data.file(named: try listed(role, in: candidate).file.name)?.blob
        } catch let error as TrustStoreError {
            throw .store(error)
        } catch let error as PublishError {
            throw error
        } catch {
            throw .refused(Refusal(.internalDefect, checked: "the role \(role)", found: "\(error)", cause: error))
        }
    }

    private func listed(_ role: RoleName, in candidate: Candidate) throws(PublishError) -> ListedTargets {
        do {
            guard let authority = candidate.set.targets.payload.delegations?.authority(of: role) else {
                throw TUFError.roleNotListed(role)
            }
            return try candidate.set.listed(authority)
        } catch let error as TUFError {
            throw .refused(Refusal.metadata(error, checked: "the role \(role) of \(subject)", pin: pin))
        } catch {
            throw .refused(Refusal(.internalDefect, checked: "the role \(role)", found: "\(error)", cause: error))
        }
    }

    /// Where files of a set may be: in itself, else in the other sets that are at hand.
    private static func sources(of candidate: Candidate, _ plan: MergePlan) -> [any TrustData] {
        [candidate.data].compactMap { $0 }
            + plan.candidates.compactMap(\.data).filter { $0.identity != candidate.identity }
    }

    /// The bytes of a file; nil when the set does not have it, or lists it and has lost it.
    private func bytes(of listed: ListedTargets, in data: any TrustData) async throws(PublishError) -> [UInt8]? {
        do {
            return try await data.bytes(ofFile: listed.file.name, maximumLength: listed.maximumLength)
        } catch .vanished {
            return nil
        } catch .tooLarge where listed.record.length != nil {
            // Longer than the listed one: another file of that name.
            return nil
        } catch {
            throw .store(error)
        }
    }

    /// The listed file, if this machine has kept it.
    private func kept(_ listed: ListedTargets) async throws(PublishError) -> LoadedTargets? {
        guard let bytes = try await keptBytes(of: listed.role) else { return nil }
        do { return try listed.loadStored(bytes) } catch {
            throw .refused(Refusal.metadata(error, checked: "the role \(listed.role) of \(subject)", pin: pin))
        }
    }

    private func keptBytes(of role: RoleName) async throws(PublishError) -> [UInt8]? {
        do { return try await cache.delegated(role) } catch {
            let error = UpdateError<Never>.cache(error)
            throw .refused(Refusal.update(error, subject: subject, store: "this machine's cache", pin: pin))
        }
    }

    private func lostSigner(_ listed: ListedTargets) -> Refusal {
        let signer = "\(subject.argument) \(ShellWord.quoted(listed.role.string))"
        return Refusal(
            .trustDataMissing,
            checked: "the signer \(listed.role) of \(subject)",
            found: "\(listed.file.name) is listed, and neither the store nor this machine has it",
            next:
                "on a machine that has published it: trustctl refresh \(subject.argument); where there is none left, the "
                + "signer begins anew: trustctl signer request \(signer) --out FILE, and the publisher: trustctl signer add "
                + "\(signer) --request FILE, or trustctl signer remove \(signer)"
        )
    }

    private func lost(_ listed: ListedTargets) -> PublishError {
        .refused(
            Refusal(
                .trustDataMissing,
                checked: "trust data of \(subject)",
                found: "\(listed.file.name) is listed, and neither the store nor this machine has it",
                next: "on a machine that has published it: trustctl refresh \(subject.argument); where there is none "
                    + "left, whose tags are lost: trustctl refresh --unsafe-accept-loss \(subject.argument)"
            )
        )
    }
}
