import NotaryAPI
import TUF
import TrustCrypto

/// Signs what is to be published to a Notary server, in the form that Go's programs write.
struct NotarySigning: Sendable {
    let publishing: NotaryPublishing
    let state: NotaryState

    init(_ publishing: NotaryPublishing, _ state: NotaryState) {
        self.publishing = publishing
        self.state = state
    }

    /// The files of one update. A snapshot is among them where its keys are at hand; else the server signs it.
    func files(_ edit: NotaryEdit) async throws(Refusal) -> [RoleName: [UInt8]] {
        var files: [RoleName: [UInt8]] = [:]
        var root = state.root
        if let new = edit.root {
            let (bytes, payload) = try await self.root(new)
            files[.root] = bytes
            root = payload
        }
        for (role, edited) in edit.roles.sorted(by: { $0.key < $1.key }) {
            files[role] = try await targets(role, edited, authority(of: role, root: root, edit))
        }
        if let snapshot = try await snapshot(files, removed: edit.removed, root: root) { files[.snapshot] = snapshot }
        return files
    }

    // MARK: Root

    private func root(_ new: NotaryEdit.NewRoot) async throws(Refusal) -> ([UInt8], Root) {
        let draft = NotaryDraft(
            rootWithKeys: new.keys.sorted { $0.key < $1.key }.map(\.value),
            roles: new.roles,
            version: state.root.common.version + 1,
            expires: expiry(of: .root)
        )
        // Signed by the keys that so far speak for it, and by those that will from then on.
        var keys = try await signingKeys(state.root.authority(for: .root))
        let next = RoleAuthority(
            unsafeProposing: .root,
            new.roles[.root] ?? RoleKeys(keyIDs: [], threshold: 1),
            keys: new.keys
        )
        for key in try await signingKeys(next) where !keys.contains(where: { $0.keyID == key.keyID }) {
            keys.append(key)
        }
        let file = try await signed(draft, by: keys)
        do {
            return (file, try state.set.nextRoot(file).payload)
        } catch {
            throw publishing.refused(error, .root)
        }
    }

    // MARK: Targets and delegations

    private func targets(
        _ role: RoleName,
        _ edited: NotaryEdit.Role,
        _ authority: RoleAuthority?
    ) async throws(Refusal) -> [UInt8] {
        guard let authority else {
            throw Refusal(
                .usage,
                checked: "the role \(role) of \(publishing.subject)",
                found: "nobody delegates to it",
                next: "trustctl signer list \(publishing.subject.argument)"
            )
        }
        let present = state.file(of: role)?.payload.common.version
        let version: Int64
        if let present { version = present + 1 } else { version = try await firstFreeVersion(of: role) }
        let draft: NotaryDraft
        do {
            draft = try NotaryDraft(
                targets: role,
                records: edited.records,
                delegations: (edited.roles, edited.keys.sorted { $0.key < $1.key }.map(\.value)),
                version: version,
                expires: expiry(of: role)
            )
        } catch {
            throw publishing.refused(error, role)
        }
        return try await signed(draft, by: try await signingKeys(authority))
    }

    /// Servers keep the files of a role that was delegated to before, and refuse its versions a second time.
    private func firstFreeVersion(of role: RoleName) async throws(Refusal) -> Int64 {
        do throws(NotaryError) {
            return (try await publishing.server.newestKept(role)?.version ?? 0) + 1
        } catch {
            throw Refusal.notary(error, checked: "earlier versions of \(role)")
        }
    }

    private func authority(of role: RoleName, root: Root, _ edit: NotaryEdit) -> RoleAuthority? {
        if role == .targets { return root.authority(for: .targets) }
        for edited in edit.roles.values {
            if let delegated = edited.roles.first(where: { $0.name == role }) {
                return RoleAuthority(unsafeProposing: delegated, keys: edited.keys)
            }
        }
        return state.authority(of: role)
    }

    // MARK: Snapshot

    private func snapshot(
        _ files: [RoleName: [UInt8]],
        removed: Set<RoleName>,
        root: Root
    ) async throws(Refusal) -> [UInt8]? {
        let authority = root.authority(for: .snapshot)
        guard try await publishing.canSign(authority) else { return nil }
        var records = state.set.snapshot.payload.roles.filter { !removed.contains($0.key) }
        for (role, bytes) in files { records[role] = MetaRecord(of: bytes) }
        let draft = NotaryDraft(
            snapshotListing: records,
            version: state.set.snapshot.payload.common.version + 1,
            expires: expiry(of: .snapshot)
        )
        return try await signed(draft, by: try await signingKeys(authority))
    }

    // MARK: Signing

    private func expiry(of role: RoleName) -> Instant {
        // Delegated roles live as long as targets.
        let like = RoleName.topLevel.contains(role) ? role : .targets
        return publishing.now.advanced(bySeconds: publishing.lifetimes.seconds(of: like, present: nil))
    }

    private func signingKeys(_ authority: RoleAuthority) async throws(Refusal) -> [SigningKey] {
        let found = try await publishing.signers.signers(
            for: authority.role,
            keys: Array(Set(authority.publicKeys.values)),
            threshold: authority.threshold
        )
        // A root may list one key under several certificates.
        return found.flatMap { signer in
            authority.ids(of: signer.publicKey).map { SigningKey(keyID: $0, signer: signer) }
        }
    }

    private func signed(_ draft: NotaryDraft, by keys: [SigningKey]) async throws(Refusal) -> [UInt8] {
        do { return try await draft.signed(by: keys).bytes } catch { throw publishing.refused(error, draft.role) }
    }
}
