import OCI
import TUF
import TUFClient
import TrustCrypto

extension Publisher {
    /// Replaces keys of top-level roles, and signs anew what they signed, in one publish.
    ///
    /// New keys are made and stored before anything else. The new root is signed by a threshold of the root keys so far and
    /// of those that are to be. Wherever it is interrupted, readers see the old set or the new one, and the same call goes
    /// on with the keys that were made. No private key is removed here.
    ///
    /// - Parameters:
    ///   - rotation: What is replaced.
    ///   - subject: Whose keys.
    ///   - location: Where the trust data lies, if not beside the images.
    ///   - whenPublished: Called when the new set was published and read back, for what must not happen before. A call that
    ///     is interrupted in it comes to it again.
    /// - Returns: What was replaced and published.
    /// - Throws: ``Refusal``: ``Reason/usage`` when it has to be said which key is meant, ``Reason/keyUnavailable`` when
    ///   too few root keys are at hand, with the command that proposes the same root to those who have them, and as
    ///   ``applyRoot(_:of:at:file:)``.
    public func rotate(
        _ rotation: KeyRotation,
        of subject: Subject,
        at location: StoreLocation? = nil,
        whenPublished: (RotationReport) async throws(Refusal) -> Void = { _ in }
    ) async throws(Refusal) -> RotationReport {
        if let notary = try await notary(subject, at: location) {
            return try await rotate(rotation, on: notary, whenPublished)
        }
        let store = try session.store(for: subject, at: location)
        let located = try await session.locate(subject, in: store)
        let pin = try await pin(of: located)
        let file = session.home.rotation(signedName: pin.signedName ?? located.repository)
        let lock = try await Self.lock(file, located.subject)
        let report: RotationReport
        if let finished = try await earlierRun(rotation, of: located, pin: pin, note: file, at: location) {
            report = finished
        } else {
            do throws(Refusal) {
                report = try await replaceKeys(rotation, of: subject, note: file, at: location)
            } catch {
                // An earlier run may have announced a root, of which readers do not know yet.
                guard error.reason == .conflict else { throw error }
                _ = try await refresh(subject, at: location)
                report = try await replaceKeys(rotation, of: subject, note: file, at: location)
            }
        }
        try await whenPublished(report)
        try Self.filing { () throws(FileError) in _ = try DurableFile.remove(file) }
        _ = consume lock
        return report
    }

    /// Keeps a second rotation on this machine from the note of the first.
    static func lock(_ note: String, _ subject: Subject) async throws(Refusal) -> FileLock {
        do throws(FileError) {
            try DurableFile.createDirectory(DurableFile.parent(of: note), mode: 0o700)
            return try await FileLock.acquire("\(note).lock", timeout: .seconds(10))
        } catch .locked {
            throw Refusal(
                .conflict,
                checked: "keys of \(subject)",
                found: "another key rotate of this repository is at work on this machine",
                next: "let it end, and run the command again"
            )
        } catch {
            throw Refusal.file(error, checked: "the note of the rotation")
        }
    }

    // MARK: Going on

    /// Brings an interrupted run to its end, if it had come as far as to announce its root.
    private func earlierRun(
        _ rotation: KeyRotation,
        of located: LocatedTrustData,
        pin: Pin,
        note file: String,
        at location: StoreLocation?
    ) async throws(Refusal) -> RotationReport? {
        let noted = try Self.filing { () throws(FileError) in try RotationNote.read(file) }
        guard let noted, Set(noted.replaced.keys) == Set(rotation.roles),
            rotation.replaced.isEmpty || rotation.replaced == Set(noted.replaced.values.joined())
        else { return nil }
        let published: PublishReport
        do throws(Refusal) {
            // Takes in what was announced.
            published = try await refresh(located.subject, at: location)
        } catch {
            // The key that is missing may be the one that is to be replaced.
            guard [.keyUnavailable, .badSignature, .rollback].contains(error.reason) else { throw error }
            return nil
        }
        let again = try await session.locate(located.subject, in: located.store)
        let newest = try await newestRoot(of: again, pin: pin, now: session.clock.now())
        guard noted.isDone(by: newest.root, chain: newest.chain),
            rotation.newKeys.allSatisfy({ newest.root.payload.keys(of: $0).contains($1) })
        else { return nil }
        guard let bytes = newest.chain[noted.version] else { return nil }
        let before: Verified<Root>
        do { before = try RootStage(anchor: .root(bytes), firstRoot: bytes, binding: .unbound).root } catch {
            throw Refusal.metadata(error, checked: "root \(noted.version) of \(located.subject)", pin: pin)
        }
        return report(noted, before: before.payload, after: newest.root.payload, published, finishesEarlierRun: true)
    }

    // MARK: Replacing

    private func replaceKeys(
        _ rotation: KeyRotation,
        of subject: Subject,
        note file: String,
        at location: StoreLocation?
    ) async throws(Refusal) -> RotationReport {
        let store = try session.store(for: subject, at: location)
        let located = try await session.locate(subject, in: store)
        let pin = try await pin(of: located)
        let root = try await newestRoot(of: located, pin: pin, now: session.clock.now()).root
        let known = Set(rotation.roles.flatMap { root.payload.keys(of: $0) }.map(\.computedID))
        if let stranger = rotation.replaced.subtracting(known).sorted().first {
            throw Refusal(
                .usage,
                checked: "the key \(stranger)",
                found: "no key of the roles \(rotation.roles.map(\.string).joined(separator: ", ")) of \(subject)",
                next: "trustctl inspect \(subject.argument)"
            )
        }
        var edit = RootEdit()
        for role in rotation.roles {
            edit.removedKeys[role] = Set(try Self.replaced(role, rotation, root.payload).map(\.computedID))
        }
        let note = RotationNote(root: root, replaced: edit.removedKeys)
        try Self.filing { () throws(FileError) in try note.write(file) }
        // Another run on this machine may be about to make the same keys.
        let lock = try await signers.lockRootKeys()
        for role in rotation.roles {
            edit.addedKeys[role] = try await newKeys(for: role, rotation, after: root, repository: located.repository)
        }
        _ = consume lock
        var proposal = try await proposeRoot(edit, of: subject, at: location)
        proposal = try await sign(proposal)
        do throws(Refusal) {
            try Self.checkSigned(proposal, subject: subject)
        } catch {
            // What is done elsewhere is not this machine's to go on with; its new keys are found again by their label.
            try Self.filing { () throws(FileError) in _ = try DurableFile.remove(file) }
            throw Self.ceremony(error, edit, subject, location)
        }
        let published = try await applyRoot(proposal, of: subject, at: location)
        return report(
            note,
            before: root.payload,
            after: proposal.proposed,
            published,
            finishesEarlierRun: false
        )
    }

    /// The keys of a role that are to go.
    private static func replaced(
        _ role: RoleName,
        _ rotation: KeyRotation,
        _ root: Root
    ) throws(Refusal) -> [TUFKey] {
        let keys = root.keys(of: role)
        let named = keys.filter { rotation.replaced.contains($0.computedID) }
        let chosen = named.isEmpty ? keys : named
        guard chosen.count == 1 || !named.isEmpty && rotation.newKeys[role] == nil else {
            throw Refusal(
                .usage,
                checked: "the \(role) keys",
                found: "\(chosen.count) of them: \(chosen.map(\.computedID.string).sorted().joined(separator: ", "))",
                next: "say which is to be replaced: --replace ID"
            )
        }
        return chosen
    }

    private func newKeys(
        for role: RoleName,
        _ rotation: KeyRotation,
        after root: Verified<Root>,
        repository: String
    ) async throws(Refusal) -> [TUFKey] {
        let old = try Self.replaced(role, rotation, root.payload)
        if let key = rotation.newKeys[role] {
            guard !root.payload.keys(of: role).contains(where: { $0.publicKey == key.publicKey }) else {
                throw Refusal(.usage, checked: "the key \(key.computedID)", found: "it is a \(role) key already")
            }
            return [key]
        }
        let label = RotationNote.label(after: root, of: repository)
        var keys = Array(try await signers.keys(for: role, labelled: label).prefix(old.count))
        for replaced in old.dropFirst(keys.count) {
            keys.append(
                try await signers.makeKey(
                    for: role,
                    repository: role == .root ? nil : repository,
                    algorithm: rotation.algorithm ?? replaced.publicKey?.algorithm ?? .ecdsaP256,
                    label: label
                )
            )
        }
        return keys
    }

    /// The refusal with the command that proposes the same change to those who have the root keys.
    private static func ceremony(
        _ refusal: Refusal,
        _ edit: RootEdit,
        _ subject: Subject,
        _ location: StoreLocation?
    ) -> Refusal {
        guard refusal.reason == .keyUnavailable else { return refusal }
        var command = "trustctl root propose \(subject.argument) --out root-proposal.json"
        for role in RoleName.topLevel {
            for key in edit.addedKeys[role] ?? [] { command += " --add-key \(role)=\(key.computedID)" }
            for id in (edit.removedKeys[role] ?? []).sorted() { command += " --remove-key \(role)=\(id)" }
        }
        command += location?.arguments ?? ""
        return Refusal(
            .keyUnavailable,
            checked: refusal.checked,
            found: refusal.found,
            expected: refusal.expected,
            next: "with the medium of the root keys: the same command and --key-store DIR; or propose it to those who "
                + "have them: \(command)",
            cause: refusal.cause
        )
    }

    private func report(
        _ note: RotationNote,
        before: Root,
        after: Root,
        _ published: PublishReport,
        finishesEarlierRun: Bool
    ) -> RotationReport {
        let roles = RoleName.topLevel.filter { note.replaced[$0] != nil }.map { role in
            let present = after.keys(of: role)
            return RotationReport.Role(
                role: role,
                replaced: before.keys(of: role).filter { note.replaced[role]?.contains($0.computedID) == true },
                added: present.filter { !before.keys(of: role).contains($0) }
            )
        }
        let rootIDs = Set(after.keys(of: .root).map(\.computedID))
        return RotationReport(
            roles: roles,
            finishesEarlierRun: finishesEarlierRun,
            pin: Pin(
                scope: .repository(published.repository),
                anchor: .keys(rootIDs, threshold: after.roleKeys(.root)?.threshold ?? rootIDs.count)
            ),
            listedKeys: Set(after.keys.values.map(\.computedID)),
            published: published
        )
    }

    static func filing<Value>(_ body: () throws(FileError) -> Value) throws(Refusal) -> Value {
        do { return try body() } catch { throw Refusal.file(error, checked: "the note of the rotation") }
    }
}
