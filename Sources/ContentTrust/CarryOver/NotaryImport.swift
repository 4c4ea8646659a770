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

    /// A carrying over.
    ///
    /// - Parameters:
    ///   - publisher: Has the keys.
    ///   - gun: The collection, by the name of its repository.
    ///   - source: Where it is: a Notary server, an archive, or a cache.
    ///   - subject: The repository that gets the trust data.
    ///   - target: Where its trust data lies, if not beside the images.
    ///   - acceptsExpired: Whether expired roles are read: when the server is gone, nobody renews them.
    public init(
        _ publisher: Publisher,
        of gun: Subject,
        at source: StoreLocation,
        to subject: Subject,
        at target: StoreLocation? = nil,
        acceptsExpired: Bool = false
    ) {
        self.publisher = publisher
        self.gun = gun
        self.source = source
        self.subject = subject
        self.target = target
        self.acceptsExpired = acceptsExpired
    }

    private var session: TrustSession { publisher.session }

    // MARK: Planning

    /// Looks at both sides and says what would be done.
    ///
    /// - Returns: The plan.
    /// - Throws: ``Refusal``: what verifying the collection finds, by Notary's own rules; ``Reason/usage`` when the repository
    ///   has trust data that did not come from this collection.
    public func plan() async throws(Refusal) -> NotaryImportPlan { try await prepare().plan }

    private struct Prepared {
        let plan: NotaryImportPlan
        let handOver: HandOver
        let targetsKeys: [TUFKey]
    }

    private func prepare() async throws(Refusal) -> Prepared {
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
        if !acceptsExpired, let role = expired.first {
            throw Refusal(
                .expired,
                checked: "trust data of \(gun) in \(notary.store.name)",
                found: "\(role) expired",
                next: "where its keys are: trustctl refresh \(gun.argument)\(source.arguments); "
                    + "if nobody can renew it any more, and you mean it: --accept-expired"
            )
        }
        let roots = try await roots(notary, newest: state.set.root)
        let begun = try await begunTags()
        let released = try released(state, notary)
        let tags = try await Concurrently.map(released.sorted { $0.key < $1.key }, width: 8) {
            (path, found) async throws(Refusal) in
            try await tag(path, found, begun: begun)
        }
        let signers = try await signers(state)
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
                next: "first, where its keys are: trustctl key rotate \(gun.argument) --role root\(source.arguments)"
            )
        }
        let targetsKeys = try Self.tufKeys(state.root.keys(of: .targets))
        let plan = NotaryImportPlan(
            gun: gun.description,
            source: notary.store.name,
            repository: subject.description,
            tags: tags + (try hidden(state, notary, besides: released)),
            signers: signers,
            rootKeys: rootKeys,
            rootThreshold: rootRole.threshold,
            expired: expired,
            isBegun: begun != nil
        )
        return Prepared(
            plan: plan,
            handOver: HandOver(gun: gun.description, roots: roots),
            targetsKeys: targetsKeys
        )
    }

    private func expiredRoles(_ state: NotaryState) -> [RoleName] {
        let now = session.clock.now()
        var common = state.set.common
        if let releases = state.delegated[Dialect.releases] { common[Dialect.releases] = releases.payload.common }
        return common.filter { $0.value.expires <= now }.keys.sorted()
    }

    /// Who speaks for the root by Notary's rule: a key whose certificate is for another collection does not.
    private func rootRole(_ state: NotaryState, _ notary: NotaryReader) throws(Refusal) -> RoleAuthority {
        do throws(TUFError) {
            return try state.root.rootAuthority(for: .notary(gun: notary.repository))
        } catch {
            throw notary.refused(error, .root)
        }
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

    // MARK: Tags

    /// What Docker's readers see: the word of the releases, else that of the targets.
    private func released(
        _ state: NotaryState,
        _ notary: NotaryReader
    ) throws(Refusal) -> [TargetPath: FoundTarget] {
        var released: [TargetPath: FoundTarget] = [:]
        do throws(TUFError) {
            // What the releases say would be unknown.
            if try !state.roles.missing().isEmpty, let unreadable = state.unreadable[Dialect.releases] {
                throw unreadable.error
            }
            try state.roles.forEach { (path, found) throws(TUFError) in released[path] = found }
        } catch {
            throw notary.refused(error, Dialect.releases)
        }
        return released
    }

    /// Tags that only signers know, which Docker's readers do not take their word for.
    private func hidden(
        _ state: NotaryState,
        _ notary: NotaryReader,
        besides released: [TargetPath: FoundTarget]
    ) throws(Refusal) -> [NotaryImportPlan.Tag] {
        var hidden: [NotaryImportPlan.Tag] = []
        for (role, file) in state.delegated.sorted(by: { $0.key < $1.key }) where role != Dialect.releases {
            do throws(TUFError) {
                try file.payload.forEach { (path, record) throws(TUFError) in
                    guard released[path] == nil, let digest = record.digest(.sha256) else { return }
                    hidden.append(
                        NotaryImportPlan.Tag(
                            name: path.string,
                            digest: digest,
                            role: role,
                            fate: .left("only \(role) signs it, and neither targets/releases nor targets do"),
                            descriptor: nil
                        )
                    )
                }
            } catch {
                throw notary.refused(error, role)
            }
        }
        return hidden.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private func tag(
        _ path: TargetPath,
        _ found: FoundTarget,
        begun: [String: SignedTag]?
    ) async throws(Refusal) -> NotaryImportPlan.Tag {
        guard let digest = found.record.digest(.sha256) else {
            throw Refusal(.badSignature, checked: "the tag \(path) of \(gun)", found: "no SHA-256 digest")
        }
        func tag(_ fate: NotaryImportPlan.Fate, _ descriptor: Descriptor? = nil) -> NotaryImportPlan.Tag {
            NotaryImportPlan.Tag(
                name: path.string,
                digest: digest,
                role: found.role,
                fate: fate,
                descriptor: descriptor
            )
        }
        if let present = begun?[path.string] {
            return tag(present.digest == digest ? .present : .differs(present.digest))
        }
        guard (try? TagName(path.string)) != nil, !RegistryTrustStore.isReserved(path.string) else {
            return tag(.left("not a tag that an image can have"))
        }
        let content: VerifiedContent?
        do throws(RegistryError) {
            guard case .registry(let repository) = subject else {
                return tag(.left("\(subject) is not a repository"))
            }
            content = try await session.client(for: repository).manifest(.digest(digest))
        } catch {
            throw Refusal.registry(error, checked: "the image \(subject)@\(digest)")
        }
        guard let content else { return tag(.left("\(subject) has no manifest with this digest")) }
        guard content.descriptor.size == found.record.length else {
            return tag(
                .left("its manifest has \(content.descriptor.size) bytes, and \(found.record.length) were signed")
            )
        }
        do {
            _ = try ManifestDocument(content)
        } catch {
            return tag(.left("not a manifest or index that can be read in one way only"))
        }
        return tag(.carried, content.descriptor)
    }

    /// The tags of trust data that an earlier run began; nil when there is none.
    private func begunTags() async throws(Refusal) -> [String: SignedTag]? {
        let store = try session.store(for: subject, at: target)
        let located = try await session.locate(subject, in: store)
        guard located.data != nil else { return nil }
        let pin = try await publisher.pin(of: located)
        let root = try await publisher.newestRoot(of: located, pin: pin, now: session.clock.now()).root
        guard let handOver = HandOver(in: root), handOver.gun.utf8.elementsEqual(gun.description.utf8) else {
            throw Refusal(
                .usage,
                checked: "trust data of \(subject) in \(store.name)",
                found: "there is trust data already, and it did not come from \(gun)",
                next: "trustctl inspect \(subject.argument)"
            )
        }
        let data = try await TrustVerifier(session: session).trustData(of: subject, at: target)
        return Dictionary(try await data.signedTags().map { ($0.tag, $0) }) { first, _ in first }
    }

    // MARK: Keys and signers

    private static func tufKeys(_ keys: [TUFKey]) throws(Refusal) -> [TUFKey] {
        var found: [TUFKey] = []
        for key in keys {
            guard let publicKey = key.publicKey else {
                throw Refusal(
                    .usage,
                    checked: "the key \(key.computedID)",
                    found: "of a kind that TUF 1.0 does not have"
                )
            }
            let tuf = TUFKey(publicKey: publicKey, scheme: publicKey.defaultScheme)
            if !found.contains(tuf) { found.append(tuf) }
        }
        return found
    }

    private func signers(_ state: NotaryState) async throws(Refusal) -> [NotaryImportPlan.Signer] {
        var signers: [NotaryImportPlan.Signer] = []
        let listed = state.set.targets.payload.delegations?.keys ?? [:]
        for role in state.signers where role.name != Dialect.releases {
            guard case .prefixes(let prefixes) = role.scope else { continue }
            let keys = try Self.tufKeys(role.keys.keyIDs.compactMap { listed[$0] })
            // In a prefix these stand for themselves, which no tag has, and in a pattern for others.
            let meant = prefixes.filter { prefix in !prefix.utf8.contains { "*?[]\\".utf8.contains($0) } }
            let why: String? =
                if keys.count < role.keys.threshold {
                    "\(role.keys.threshold) of its keys have to sign, and it has \(keys.count)"
                } else if meant.isEmpty {
                    "no tag begins as what it may sign"
                } else {
                    nil
                }
            signers.append(
                NotaryImportPlan.Signer(
                    name: String(role.name.string.dropFirst("\(RoleName.targets)/".count)),
                    threshold: role.keys.threshold,
                    keys: keys,
                    prefixes: meant,
                    leftBecause: why,
                    isHere: try await publisher.signers.canSign(
                        for: role.name,
                        keys: keys.compactMap(\.publicKey),
                        threshold: role.keys.threshold
                    )
                )
            )
        }
        return signers
    }

    // MARK: Carrying over

    /// Publishes what the plan says: the trust data with all tags in one step, then the signers whose keys are at hand. A run
    /// that was interrupted is simply run again.
    ///
    /// - Returns: What was carried over.
    /// - Throws: ``Refusal``, as ``plan()``; ``Reason/keyUnavailable`` when too few root keys are at hand.
    public func run() async throws(Refusal) -> NotaryImportReport {
        let prepared = try await prepare()
        let plan = prepared.plan
        var initialized: InitializeReport?
        var published: PublishReport
        if plan.isBegun {
            let images = plan.carried.compactMap { tag in
                tag.descriptor.map { ImageToSign(tag: tag.name, descriptor: $0) }
            }
            published =
                images.isEmpty
                ? try await publisher.refresh(subject, at: target)
                : try await publisher.sign(images, of: subject, at: target)
        } else {
            var tags = TagTable()
            for tag in plan.carried {
                guard let descriptor = tag.descriptor else { continue }
                tags.set(SignedTag.record(for: descriptor), for: try publisher.path(tag.name, subject), version: 1)
            }
            let report = try await publisher.begin(
                subject,
                at: target,
                rootKeys: plan.rootKeys,
                threshold: plan.rootThreshold,
                targetsKeys: prepared.targetsKeys,
                tags: tags,
                handOver: prepared.handOver
            )
            initialized = report
            published = report.published
        }
        var carried: [String] = []
        let present = Set(try await publisher.signerOverview(of: subject, at: target).signers.map(\.role.name.string))
        for signer in plan.signers where signer.isCarried && !present.contains(signer.name) {
            guard let name = try? RoleName(signer.name) else { continue }
            published = try await publisher.putSigner(
                try NewSigner(
                    name: name,
                    keys: signer.keys,
                    threshold: signer.threshold,
                    scope: .paths(signer.prefixes.map { PathPattern("\($0)*") })
                ),
                of: subject,
                at: target
            )
            carried.append(signer.name)
        }
        return NotaryImportReport(plan: plan, initialized: initialized, published: published, signers: carried)
    }
}
