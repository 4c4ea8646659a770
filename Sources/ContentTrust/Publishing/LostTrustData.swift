import TUF
import TUFClient
import TrustCrypto

/// What can be saved of trust data whose root can no longer be changed.
struct LostTrustData: Sendable {
    /// The tags, as they were signed.
    var tags = TagTable()
    /// How they were spread.
    var bins: BinChoice?
    /// By what a root key that was made to replace it is found again.
    let label: String
}

extension Publisher {
    /// Reads trust data that is to be begun anew: what readers see or what this machine has seen, whichever is newer. Its
    /// expiry does not matter, its signatures do.
    func lostTrustData(
        _ subject: Subject,
        store: any TrustStore,
        repository: String
    ) async throws(Refusal) -> LostTrustData {
        guard let pin = try session.pin(for: repository, dialect: .tuf1) else {
            // Nothing says whose it is.
            return LostTrustData(label: "replaces the lost root of \(repository.prefix(400))")
        }
        let reader = CandidateReader(
            updater: session.updater(pin, repository: repository),
            cache: session.cache(pin, repository: repository),
            pin: pin,
            subject: subject,
            now: session.clock.now()
        )
        do throws(PublishError) {
            var candidates: [Candidate] = []
            if let seen = try await reader.seen() { candidates.append(seen) }
            let present: (any TrustData)?
            do { present = try await store.current() } catch { throw .store(error) }
            if let present {
                do throws(PublishError) { candidates.append(try await reader.candidate(present)) } catch {
                    // An earlier run may have replaced it already.
                    guard case .refused(let refusal) = error, !candidates.isEmpty,
                        [.wrongRoot, .badSignature].contains(refusal.reason)
                    else { throw error }
                }
            }
            let newest = candidates.max { $0.lineage.own.snapshotVersion < $1.lineage.own.snapshotVersion }
            guard let newest, let plan = MergePlan([newest], present: nil) else {
                throw .refused(
                    Refusal(
                        .trustDataMissing,
                        checked: "trust data of \(subject) in \(store.name)",
                        found: "none, and this machine has not seen any",
                        next: "trustctl pin remove \(ShellWord.quoted(pin.scope.description)); "
                            + "trustctl init \(subject.argument)"
                    )
                )
            }
            var edit = try await TagEdit(plan, reader: reader)
            try await edit.loadAll()
            var tags = TagTable()
            // The word of the targets counts before that of the bins.
            for (_, role) in edit.roles.sorted(by: { $1.key == .targets && $0.key != .targets }) {
                for (path, record) in role.after.records { tags.set(record, for: path, version: 1) }
            }
            let chain = newest.files.roots.min { $0.key < $1.key }?.value ?? newest.set.root.bytes
            let digest = Digest.compute(.sha256, over: chain.span).hex.prefix(16)
            return LostTrustData(
                tags: tags,
                bins: edit.layout.choice,
                label: "replaces the lost root \(digest) of \(repository.prefix(400))"
            )
        } catch {
            throw Refusal.publish(error, subject: subject, store: store.name)
        }
    }
}
