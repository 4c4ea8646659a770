import OCI
import OCIRegistry
import TUF
import TUFClient
import TrustCrypto

/// A collection on a Notary server, carried over to trust data in a registry.
public struct NotaryImport: Sendable {
    let publisher: Publisher
    let gun: Subject
    let source: StoreLocation
    let subject: Subject
    let target: StoreLocation?
    let acceptsExpired: Bool
    let prunes: Bool

    /// A carrying over.
    ///
    /// - Parameters:
    ///   - publisher: Has the keys.
    ///   - gun: The collection, by the name of its repository.
    ///   - source: Where it is: a Notary server, an archive, or a cache.
    ///   - subject: The repository that gets the trust data.
    ///   - target: Where its trust data lies, if not beside the images.
    ///   - acceptsExpired: Whether expired roles are read: when the server is gone, nobody renews them.
    ///   - prunes: Whether tags that the trust data has by now, and the collection does not list, are taken out.
    public init(
        _ publisher: Publisher,
        of gun: Subject,
        at source: StoreLocation,
        to subject: Subject,
        at target: StoreLocation? = nil,
        acceptsExpired: Bool = false,
        prunes: Bool = false
    ) {
        self.publisher = publisher
        self.gun = gun
        self.source = source
        self.subject = subject
        self.target = target
        self.acceptsExpired = acceptsExpired
        self.prunes = prunes
    }

    var session: TrustSession { publisher.session }

    // MARK: Planning

    /// Looks at both sides and says what would be done.
    ///
    /// - Returns: The plan.
    /// - Throws: ``Refusal``: what verifying the collection finds, by Notary's own rules; ``Reason/usage`` when the repository
    ///   has trust data that did not come from this collection.
    public func plan() async throws(Refusal) -> NotaryImportPlan { try await prepare().plan }

    struct Prepared {
        let plan: NotaryImportPlan
        let handOver: HandOver
        let targetsKeys: [TUFKey]
    }

    func prepare() async throws(Refusal) -> Prepared {
        guard source.dialect == .notary else {
            throw Refusal(
                .usage,
                checked: "the collection \(gun)",
                found: "no Notary server, archive or cache to read it from",
                next: "--from notary+https://HOST, or --from notary:FILE"
            )
        }
        let notary = try await publisher.notaryReader(gun, at: source)
        let state = try await notary.state()
        let expired = expiredRoles(state)
        let certificates = expiredCertificates(state, notary)
        if !acceptsExpired { try refuse(expired, certificates, notary) }
        let roots = try await roots(notary, newest: state.set.root)
        let begun = try await begun()
        let released = try released(state, notary)
        var tags = try await tags(released, begun: begun?.tags)
        let unlisted = begun?.unlisted(released) ?? []
        let signers = try await signers(state)
        try assign(&tags, to: signers, state, notary, begun: begun)
        let rootRole = try rootRole(state, notary)
        let counted = Set(rootRole.publicKeys.values)
        let rootKeys = try Self.tufKeys(
            state.root.keys(of: .root).filter { $0.publicKey.map(counted.contains) ?? false }
        )
        guard rootKeys.count >= rootRole.threshold else {
            throw Refusal(
                .usage,
                checked: "the root keys of \(gun)",
                found: "\(rootKeys.count) that speak for it, and \(rootRole.threshold) have to sign",
                next: isCopy
                    ? nil
                    : "first, where its keys are: trustctl key rotate \(gun.argument) --role root\(source.arguments)"
            )
        }
        let targetsKeys = try Self.tufKeys(state.root.keys(of: .targets))
        let handOver = begun?.handOver ?? HandOver(gun: gun.description, roots: roots)
        let plan = NotaryImportPlan(
            gun: gun.description,
            source: notary.store.name,
            repository: subject.description,
            tags: tags + (try hidden(state, notary, besides: released, begun: begun?.tags ?? [:])),
            unlisted: unlisted,
            unlistedSigners: begun?.unlistedSigners(signers) ?? [],
            prunes: prunes,
            hasBins: begun?.hasBins ?? false,
            signers: signers,
            rootKeys: rootKeys,
            rootThreshold: rootRole.threshold,
            handedOverRoots: try handedOver(handOver, notary),
            newestRoot: state.root.common.version,
            pin: begun?.pin,
            expired: expired,
            hasExpiredCertificates: certificates != nil,
            missingKeys: try await missingKeys(
                begun,
                rootKeys: rootKeys,
                threshold: rootRole.threshold,
                signsTags: tags.contains { $0.fate == .carried && $0.signer == nil } || prunes && !unlisted.isEmpty
            ),
            isBegun: begun != nil
        )
        return Prepared(
            plan: plan,
            handOver: handOver,
            targetsKeys: targetsKeys
        )
    }

    /// Who speaks for the root by Notary's rule: a key whose certificate is for another collection does not.
    private func rootRole(_ state: NotaryState, _ notary: NotaryReader) throws(Refusal) -> RoleAuthority {
        do throws(TUFError) {
            return try state.root.rootAuthority(for: .notary(gun: notary.repository))
        } catch {
            throw notary.refused(error, .root)
        }
    }

    private func handedOver(_ handOver: HandOver, _ notary: NotaryReader) throws(Refusal) -> ClosedRange<Int64> {
        do throws(TUFError) { return try handOver.versions() } catch { throw notary.refused(error, .root) }
    }

    /// All roots that are there, up to the newest.
    private func roots(_ notary: NotaryReader, newest: Verified<Root>) async throws(Refusal) -> [[UInt8]] {
        let seen: CachedMetadata
        do throws(TrustCacheError) {
            seen = try await session.cache(notary.pin, repository: notary.repository).load()
        } catch {
            throw Refusal.update(
                UpdateError<Never>.cache(error),
                subject: gun,
                store: "this machine's cache",
                pin: notary.pin
            )
        }
        do throws(TrustStoreError) {
            let earlier = try await notary.store.current()?.roots(
                before: newest.payload.common.version,
                known: seen.roots
            )
            return (earlier ?? []).map(\.bytes) + [newest.bytes]
        } catch {
            throw Refusal.store(error, store: notary.store.name, subject: gun)
        }
    }
}
