import NotaryAPI
import OCI
import OCIRegistry
import TUF
import TrustCrypto
import TrustTestSupport
import TrustTransport

@testable import ContentTrust

/// A collection on a Notary server in memory, with a publisher and a consumer on machines of their own.
struct NotaryPublishingWorld {
    static let repository = "registry.example.com/team/app"
    static let place = StoreLocation.notaryOfRegistry
    static let day: Int64 = 86_400

    let directory: TemporaryDirectory
    let clock = SimulatedClock()
    let server: MemoryNotaryServer
    let signers = TestSigners()
    let subject: Subject

    /// Makes the collection.
    ///
    /// - Parameters:
    ///   - rootKeys: How many keys the root has, all of which must sign.
    ///   - lifetimes: How long the first files live.
    /// - Throws: What keeps it from being made.
    init(rootKeys: Int = 1, lifetimes: [RoleName: Int64] = [:]) async throws {
        directory = try TemporaryDirectory()
        server = MemoryNotaryServer(clock: clock)
        subject = .registry(try RepositoryName(parsing: Self.repository))
        var options = InitializeOptions()
        for _ in 0..<rootKeys {
            let key = try PrivateKey.generate(.ecdsaP256)
            await signers.add(key, for: .root)
            options.rootKeys.append(TUFKey(publicKey: key.publicKey, scheme: key.scheme).computedID)
        }
        options.rootThreshold = rootKeys
        let publisher = publisher(lifetimes: lifetimes)
        let made = try await publisher.initialize(subject, at: Self.place, options: options)
        _ = try await session("consumer").home.pins.add(made.pin, replacing: false)
    }

    /// A session on a machine.
    func session(_ home: String) -> TrustSession {
        let server = server
        let transport = InMemoryTransport { await server.answer($0) }
        let sender = RequestSender(transport: transport, clock: FakeTime().clock())
        return TrustSession(
            home: TrustHome(path: directory.file(home)),
            clock: clock,
            notary: { _, gun, address in
                NotaryClient(gun: gun, on: address, sender: sender) { () async throws(RegistryAuthError) in .anonymous }
            },
            client: { (_) throws(RegistryError) in throw .cancelled }
        )
    }

    /// Whoever has keys: by default all of them.
    func publisher(with signers: TestSigners? = nil, lifetimes: [RoleName: Int64] = [:]) -> Publisher {
        Publisher(
            session: session("publisher"),
            signers: signers ?? self.signers,
            lifetimes: LifetimeChoices(lifetimes)
        )
    }

    // MARK: What is done

    @discardableResult
    func sign(_ tags: String..., by publisher: Publisher? = nil) async throws -> PublishReport {
        let images = tags.map { tag in
            let digest = Digest.compute(over: Array(tag.utf8).span)
            return ImageToSign(
                tag: tag,
                descriptor: Descriptor(mediaType: .ociManifest, digest: digest, size: Int64(tag.utf8.count))
            )
        }
        return try await (publisher ?? self.publisher()).sign(images, of: subject, at: Self.place)
    }

    @discardableResult
    func revoke(_ tags: String..., by publisher: Publisher? = nil) async throws -> PublishReport {
        try await (publisher ?? self.publisher()).revoke(tags, of: subject, at: Self.place)
    }

    @discardableResult
    func refresh(by publisher: Publisher? = nil) async throws -> PublishReport {
        try await (publisher ?? self.publisher()).refresh(subject, at: Self.place)
    }

    @discardableResult
    func rotate(
        _ roles: RoleName...,
        by publisher: Publisher? = nil,
        _ change: (inout KeyRotation) -> Void = { _ in }
    ) async throws -> RotationReport {
        var rotation = KeyRotation(roles: roles)
        change(&rotation)
        return try await (publisher ?? self.publisher()).rotate(rotation, of: subject, at: Self.place)
    }

    /// Lets a signer sign, with keys that are made here unless they are given.
    @discardableResult
    func add(_ name: String, keys: [PrivateKey] = []) async throws -> [PrivateKey] {
        let role = try RoleName("targets/\(name)")
        let keys = keys.isEmpty ? [try PrivateKey.generate(.ecdsaP256)] : keys
        let listed = keys.map { TUFKey(publicKey: $0.publicKey, scheme: $0.scheme) }
        let signer = try NewSigner(name: role, keys: listed, threshold: 1, scope: .prefixes([""]))
        _ = try await publisher().putSigner(signer, of: subject, at: Self.place)
        return keys
    }

    // MARK: What is there

    /// The tags that readers see.
    func tags() async throws -> [String] {
        let verifier = TrustVerifier(session: session("consumer"))
        return try await verifier.trustData(of: subject, at: Self.place).signedTags().map(\.tag).sorted()
    }

    /// Everything, as a publisher reads it.
    func state() async throws -> NotaryState {
        try await publisher().notaryReader(subject, at: Self.place).state()
    }

    /// Signs a delegated role as its keys do.
    func signed(_ role: RoleName, version: Int64, tags: [String], by key: PrivateKey) async throws -> [UInt8] {
        var records: [TargetPath: TargetRecord] = [:]
        for tag in tags {
            records[try TargetPath(tag)] = TargetRecord(
                length: Int64(tag.utf8.count),
                hashes: [Digest.compute(over: Array(tag.utf8).span)]
            )
        }
        let draft = try NotaryDraft(
            targets: role,
            records: records,
            delegations: ([], []),
            version: version,
            expires: clock.now().advanced(bySeconds: 365 * Self.day)
        )
        let id = TUFKey(notary: key.publicKey).computedID
        return try await draft.signed(by: [SigningKey(keyID: id, signer: key)]).bytes
    }
}
