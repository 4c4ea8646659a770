import NotaryAPI
import TUF
import TUFClient
import TrustCrypto

extension Publisher {
    /// Makes a collection on a Notary server: root and targets keys here, the others' on the server, as Docker does it.
    func initializeNotary(
        _ subject: Subject,
        in store: NotaryTrustStore,
        options: InitializeOptions
    ) async throws(Refusal) -> InitializeReport {
        let repository = subject.description
        guard options.bins == .count(0) else {
            throw Refusal(.usage, checked: store.name, found: "a Notary server, which does not know hash bins")
        }
        let now = session.clock.now()
        var lost: LostTrustData?
        if options.unsafeReplacesLostRoot {
            lost = try await lostCollection(subject, now: now)
        } else {
            try checkNew(repository, store, subject: subject)
        }
        let isBegun = if let lost { try await !signers.keys(for: .root, labelled: lost.label).isEmpty } else { false }
        if !isBegun { try await checkVacant(store, subject: subject) }
        var made: Set<KeyID> = []
        let rootKeys = try await rootKeys(options, replacing: lost, made: &made)
        let threshold = options.rootThreshold ?? 1
        guard (1...rootKeys.count).contains(threshold) else {
            throw Refusal(
                .usage,
                checked: "the threshold of the root",
                found: "\(threshold)",
                expected: "a number from 1 to \(rootKeys.count)"
            )
        }
        var keys: [RoleName: [TUFKey]] = [:]
        keys[.root] = try await certified(rootKeys, for: repository, now: now)
        // The keys without their certificates, which another run makes anew.
        let rootIDs = Set((keys[.root] ?? []).map(\.notaryCanonicalID))
        let pin = Pin(
            scope: .repository(repository),
            dialect: .notary,
            anchor: .keys(rootIDs, threshold: threshold)
        )
        let isThere = isBegun ? try await isPublished(pin, store, subject: subject) : false
        if !isThere {
            if isBegun { try await checkVacant(store, subject: subject) }
            try await checkUnseen(pin, store, subject: subject, isLost: lost != nil)
        }
        keys[.targets] = [
            try await notaryKey(for: .targets, repository, options.algorithms[.targets], lost, made: &made)
        ]
        do throws(NotaryError) {
            for role in [RoleName.snapshot, .timestamp] { keys[role] = [try await store.client.serverKey(of: role)] }
        } catch {
            throw Refusal.notary(error, checked: "the server's keys for \(repository)")
        }
        var roles: [RoleName: RoleKeys] = [:]
        for (role, own) in keys {
            roles[role] = RoleKeys(keyIDs: own.map(\.computedID), threshold: role == .root ? threshold : 1)
        }
        let tags = (lost?.tags.records ?? [:]).mapValues { TargetRecord(length: $0.length, hashes: $0.hashes) }
        let files = try await firstFiles(keys, roles, tags, subject: subject, now: now)
        // Before anything is published: what is published and not pinned here, nobody on this machine could go on with.
        // The pin of a lost root stays until then: it is what the tags are verified by, should this have to be run again.
        if lost == nil { try await add(pin, replacing: false) }
        if !isThere {
            let delivery = NotaryDelivery(client: store.client, subject: subject, storeName: store.name)
            func refused(_ error: NotaryError) -> Refusal {
                Refusal.notary(error, checked: "publishing of \(subject) to \(store.name)")
            }
            guard case .stored = try await delivery.deliver(files, refusing: refused) else {
                throw refused(.versionTaken)
            }
        }
        if lost != nil { try await add(pin, replacing: true) }
        let reader = NotaryReader(
            session: session,
            subject: subject,
            store: store,
            repository: repository,
            pin: pin,
            now: now
        )
        let publishing = NotaryPublishing(
            reader: reader,
            server: store,
            signers: signers,
            lifetimes: lifetimes
        )
        return InitializeReport(
            repository: repository,
            keys: keys,
            // By the ids that the root gives them.
            madeKeys: Set(keys.values.joined().filter { !$0.pinnableIDs.isDisjoint(with: made) }.map(\.computedID)),
            pin: pin,
            carriedTags: lost.map { $0.tags.records.keys.map(\.string).sorted() },
            published: try await publishing.report(
                NotaryPublishing.Change(),
                signed: files.keys.sorted(),
                rounds: 1,
                changed: true
            )
        )
    }

    /// What this machine has seen of a collection that its server has lost: the tags, as Docker's readers saw them.
    private func lostCollection(_ subject: Subject, now: Instant) async throws(Refusal) -> LostTrustData {
        let repository = subject.description
        let unseen = LostTrustData(label: "replaces the lost root of \(repository.prefix(400))")
        guard let pin = try session.pin(for: repository, dialect: .notary) else { return unseen }
        let updater = session.updater(pin, repository: repository)
        do throws(UpdateError<Never>) {
            guard let seen = try await updater.unsafeEditableSeen(now: now) else { return unseen }
            let set = seen.set
            let first = seen.files.roots.min { $0.key < $1.key }?.value ?? set.root.bytes
            let digest = Digest.compute(.sha256, over: first.span).hex.prefix(16)
            var lost = LostTrustData(label: "replaces the lost root \(digest) of \(repository.prefix(400))")
            var files = [set.targets]
            do throws(UpdateError<Never>) {
                let roles = DelegatedRoles(of: set)
                let releases = try await updater.file(of: Dialect.releases, in: roles, from: NoSource?.none)
                if let releases { files.append(releases.targets) }
            } catch .missing {
                // It was never asked for a tag.
            }
            for file in files {
                do throws(TUFError) {
                    try file.payload.forEach { (path, record) in lost.tags.set(record, for: path, version: 1) }
                } catch {
                    throw .metadata(error)
                }
            }
            return lost
        } catch {
            throw Refusal.update(error, subject: subject, store: "this machine's cache", pin: pin)
        }
    }

    /// Whether an earlier run has published a root that a pin speaks for, and could not tell.
    private func isPublished(_ pin: Pin, _ store: NotaryTrustStore, subject: Subject) async throws(Refusal) -> Bool {
        do {
            let bytes = try await store.current()?.bytes(
                ofFile: MetadataFile.newestRoot.name,
                maximumLength: TUFLimits().rootLength
            )
            return bytes.map { pin.anchor.accepts($0, binding: pin.binding(for: subject.description)) } ?? false
        } catch {
            throw Refusal.store(error, store: store.name, subject: subject)
        }
    }

    /// Refuses root keys that have begun the collection once before: whoever has seen that holds on to it, and would not
    /// know which of the two is meant.
    private func checkUnseen(
        _ pin: Pin,
        _ store: any TrustStore,
        subject: Subject,
        isLost: Bool
    ) async throws(Refusal) {
        let roots: [Int64: [UInt8]]
        do throws(TrustCacheError) {
            roots = try await session.cache(pin, repository: subject.description).load().roots
        } catch {
            let error = UpdateError<Never>.cache(error)
            throw Refusal.update(error, subject: subject, store: "this machine's cache", pin: pin)
        }
        guard !roots.isEmpty else { return }
        throw Refusal(
            .usage,
            checked: "the root keys for \(subject)",
            found: "they have signed a collection of this name before, which this machine has seen",
            expected: "another root key: whoever has seen the former collection refuses a new one by the same",
            next: "trustctl init \(subject.argument)\(store.arguments) "
                + (isLost ? "--unsafe-replace-lost-root, without --root-key" : "--new-root-key")
        )
    }

    private func firstFiles(
        _ keys: [RoleName: [TUFKey]],
        _ roles: [RoleName: RoleKeys],
        _ tags: [TargetPath: TargetRecord],
        subject: Subject,
        now: Instant
    ) async throws(Refusal) -> [RoleName: [UInt8]] {
        var files: [RoleName: [UInt8]] = [:]
        func signed(_ draft: NotaryDraft) async throws(Refusal) {
            let own = keys[draft.role] ?? []
            let threshold = roles[draft.role]?.threshold ?? 1
            let signers = try await signers.signers(
                for: draft.role,
                keys: own.compactMap(\.publicKey),
                threshold: threshold
            )
            let signing = signers.flatMap { signer in
                own.filter { $0.publicKey == signer.publicKey }.map { SigningKey(keyID: $0.computedID, signer: signer) }
            }
            do { files[draft.role] = try await draft.signed(by: signing).bytes } catch {
                throw Refusal.metadata(error, checked: "the \(draft.role) of \(subject)", pin: nil)
            }
        }
        func expiry(_ role: RoleName) -> Instant {
            now.advanced(bySeconds: lifetimes.seconds(of: role, present: nil))
        }
        try await signed(
            NotaryDraft(rootWithKeys: keys.values.flatMap { $0 }, roles: roles, version: 1, expires: expiry(.root))
        )
        let targets: NotaryDraft
        do {
            targets = try NotaryDraft(
                targets: .targets,
                records: tags,
                delegations: ([], []),
                version: 1,
                expires: expiry(.targets)
            )
        } catch {
            throw Refusal.metadata(error, checked: "the targets of \(subject)", pin: nil)
        }
        try await signed(targets)
        return files
    }

    private func notaryKey(
        for role: RoleName,
        _ repository: String,
        _ algorithm: KeyAlgorithm?,
        _ lost: LostTrustData?,
        made: inout Set<KeyID>
    ) async throws(Refusal) -> TUFKey {
        let key: TUFKey
        // A run that was interrupted has made this one.
        let present =
            if let lost { try await signers.keys(for: role, labelled: lost.label).last } else {
                try await signers.keys(for: role, repository: repository).last
            }
        if let present {
            key = present
        } else {
            key = try await signers.makeKey(
                for: role,
                repository: repository,
                algorithm: algorithm ?? .ecdsaP256,
                label: lost?.label
            )
            made.insert(key.computedID)
        }
        return try Self.notary(key)
    }

    /// A key as Notary lists it.
    static func notary(_ key: TUFKey) throws(Refusal) -> TUFKey {
        guard let publicKey = key.publicKey else {
            throw Refusal(.usage, checked: "the key \(key.computedID)", found: "of a kind that cannot sign")
        }
        return TUFKey(notary: publicKey)
    }

    /// Root keys with new certificates for a collection, which they sign themselves.
    func certified(
        _ keys: [TUFKey],
        for repository: String,
        now: Instant
    ) async throws(Refusal) -> [TUFKey] {
        let publicKeys = keys.compactMap(\.publicKey)
        var certified: [TUFKey] = []
        for signer in try await signers.signers(for: .root, keys: publicKeys, threshold: publicKeys.count) {
            do throws(CertificateError) {
                let certificate = try await RootCertificate.make(
                    signer: signer,
                    commonName: repository,
                    notBefore: now.secondsSinceEpoch,
                    notAfter: now.secondsSinceEpoch + RootCertificate.lifetime
                )
                let bundle = try CertificateBundle([certificate])
                // A key that signed a certificate is one that Notary knows.
                if let key = TUFKey(notaryCertificate: bundle) { certified.append(key) }
            } catch {
                let id = TUFKey(publicKey: signer.publicKey, scheme: signer.scheme).computedID
                throw Refusal(
                    .usage,
                    checked: "a certificate of the root key \(id) for \(repository)",
                    found: "cannot be made (\(error))",
                    expected: "an ECDSA or RSA key",
                    next: "make one: trustctl key generate --role root --key-type ecdsa-p256",
                    cause: error
                )
            }
        }
        return certified
    }
}
