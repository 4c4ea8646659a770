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
        guard !options.unsafeReplacesLostRoot, options.bins == .count(0) else {
            throw Refusal(
                .usage,
                checked: store.name,
                found: "a Notary server, which knows neither hash bins nor the replacement of a lost root"
            )
        }
        let now = session.clock.now()
        try checkNew(repository, subject: subject, dialect: .notary)
        try await checkVacant(store, subject: subject)
        var made: Set<KeyID> = []
        let rootKeys = try await rootKeys(options, replacing: nil, made: &made)
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
        keys[.targets] = [try await notaryKey(for: .targets, repository, options.algorithms[.targets], made: &made)]
        do throws(NotaryError) {
            for role in [RoleName.snapshot, .timestamp] { keys[role] = [try await store.client.serverKey(of: role)] }
        } catch {
            throw Refusal.notary(error, checked: "the server's keys for \(repository)")
        }
        var roles: [RoleName: RoleKeys] = [:]
        for (role, own) in keys {
            roles[role] = RoleKeys(keyIDs: own.map(\.computedID), threshold: role == .root ? threshold : 1)
        }
        let files = try await firstFiles(keys, roles, subject: subject, now: now)
        // The keys without their certificates, which another run makes anew.
        let rootIDs = Set((keys[.root] ?? []).map(\.notaryCanonicalID))
        let pin = Pin(
            scope: .repository(repository),
            dialect: .notary,
            anchor: .keys(rootIDs, threshold: threshold)
        )
        // Before anything is published: what is published and not pinned here, nobody on this machine could go on with.
        try await add(pin, replacing: false)
        let delivery = NotaryDelivery(client: store.client, subject: subject, storeName: store.name)
        func refused(_ error: NotaryError) -> Refusal {
            Refusal.notary(error, checked: "publishing of \(subject) to \(store.name)")
        }
        guard case .stored = try await delivery.deliver(files, refusing: refused) else { throw refused(.versionTaken) }
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
            carriedTags: nil,
            published: try await publishing.report(
                NotaryPublishing.Change(),
                signed: files.keys.sorted(),
                rounds: 1,
                changed: true
            )
        )
    }

    private func firstFiles(
        _ keys: [RoleName: [TUFKey]],
        _ roles: [RoleName: RoleKeys],
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
                records: [:],
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
        made: inout Set<KeyID>
    ) async throws(Refusal) -> TUFKey {
        let key: TUFKey
        // A run that was interrupted has made this one.
        if let present = try await signers.keys(for: role, repository: repository).last {
            key = present
        } else {
            key = try await signers.makeKey(for: role, repository: repository, algorithm: algorithm ?? .ecdsaP256)
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
