import OCI
import OCIRegistry
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Bundles of what a Notary server has, whose metadata does not say when it was signed.
@Suite struct NotaryBundleTests {
    private static let gun = "registry.example.com/team/app"
    private static let digest = Digest.compute(over: Array("image".utf8).span)

    /// What a Notary server has when its timestamp is read.
    private struct Served: TrustData {
        let repository: NotarySimulator
        let identity = NotaryBundleTests.digest

        func rootFileNames() async throws(TrustStoreError) -> [String] { ["root.json"] }

        func file(named fileName: String) async throws(TrustStoreError) -> StoredFile? { nil }

        func bytes(ofFile fileName: String, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? {
            guard let file = MetadataFile(name: fileName) else { return nil }
            if file.role == .root, let version = file.version { return repository.roots[version] }
            return repository.files[file.role]
        }
    }

    private let now = SystemClock().now().wholeSeconds

    private func repository() async throws -> NotarySimulator {
        var repository = try NotarySimulator(gun: Self.gun, now: now.advanced(bySeconds: -60), lifetime: 86_400)
        try repository.delegate(to: NotarySimulator.releases)
        repository.tags[NotarySimulator.releases] = ["1.0": Self.digest]
        try await repository.publish()
        return repository
    }

    private func pin(_ repository: inout NotarySimulator) throws -> Pin {
        let id = try repository.listed(.root).computedID
        return Pin(scope: .repository(Self.gun), dialect: .notary, anchor: .keys([id], threshold: 1))
    }

    private func bundle(_ repository: NotarySimulator, _ pin: Pin) async throws -> TrustBundle {
        let subject = Subject.registry(try RepositoryName(parsing: Self.gun))
        let whose = VerifiedName(subject: subject, repository: Self.gun, pin: pin)
        return TrustBundle(
            dialect: .notary,
            repository: Self.gun,
            created: now,
            tag: "1.0",
            metadata: try await TrustVerifier.files(of: Served(repository: repository), whose, tag: "1.0", at: now),
            documents: BundledDocuments(contents: [:])
        )
    }

    /// What a bundle proves ten years later.
    private func verify(
        _ bundle: TrustBundle,
        _ pin: Pin,
        _ change: (inout BundleQuestion) -> Void = { _ in }
    ) async throws -> (image: TrustedImage, time: BundleTime) {
        let later = SimulatedClock(now.advanced(bySeconds: 10 * 365 * 86_400))
        let session = TrustSession(home: TrustHome(path: "/nonexistent"), clock: later) {
            (_) throws(RegistryError) in throw .cancelled
        }
        var question = BundleQuestion(name: "x.bundle")
        question.pin = pin
        change(&question)
        let verifier = TrustVerifier(session: session)
        let opened = try await verifier.open(try TrustBundle(parsing: bundle.bytes, name: "x.bundle"), question)
        let query = Query(subject: bundle.subject, tag: "1.0", image: .notCompared)
        return (try await verifier.verify(query, with: opened.data).get(), opened.time)
    }

    @Test func itsOwnWordIsNoEvidence() async throws {
        var repository = try await repository()
        let pin = try pin(&repository)
        let (image, time) = try await verify(try await bundle(repository, pin), pin)
        #expect(image.digest == Self.digest)
        #expect(time.evidence == .none)
        #expect(time.at == now)
    }

    @Test func aTimeStampIsEvidence() async throws {
        let service = try await TimeStampAuthority()
        let authorities = try Certificate.all(inPEM: Files.read(service.certificate))
        var repository = try await repository()
        let pin = try pin(&repository)
        let bundle = try await bundle(repository, pin)
        let request = TimeStampRequest(bundle.contentDigest)
        let token = try request.token(from: await service.answer(request.der), trusting: authorities)
        let time = try await verify(bundle.stamped(token), pin) { $0.time.authorities = authorities }.time
        #expect(time.evidence == .timeStamp)
    }

    @Test func rootsBeforeThePinnedOneComeAlong() async throws {
        var repository = try await repository()
        let first = try pin(&repository)
        let former = try #require(repository.keys[.root])
        repository.keys[.root] = try PrivateKey.generate(.ecdsaP256)
        for role in repository.versions.keys { repository.versions[role, default: 0] += 1 }
        try await repository.publish(formerRootKey: former)
        let second = try pin(&repository)
        let bundle = try await bundle(repository, second)
        for pin in [first, second] { #expect(try await verify(bundle, pin).image.digest == Self.digest) }
    }

    /// Whoever made it had pinned the file, and others have pinned its key.
    @Test func madeByARootFileAndOpenedByItsKey() async throws {
        var repository = try await repository()
        let key = try pin(&repository)
        let file = Pin(
            scope: .repository(Self.gun),
            dialect: .notary,
            anchor: .root(try #require(repository.roots[1]))
        )
        for maker in [file, key] {
            let bundle = try await bundle(repository, maker)
            for opener in [file, key] { #expect(try await verify(bundle, opener).image.digest == Self.digest) }
        }
    }

    @Test func everyFileIsNeededAndSigned() async throws {
        var repository = try await repository()
        let pin = try pin(&repository)
        let whole = try await bundle(repository, pin)
        func isRefused(_ metadata: [MetadataFile: [UInt8]], created: Instant? = nil) async -> Bool {
            let changed = TrustBundle(
                dialect: .notary,
                repository: Self.gun,
                created: created ?? now,
                tag: "1.0",
                metadata: metadata,
                documents: BundledDocuments(contents: [:])
            )
            do {
                _ = try await verify(changed, pin)
                return false
            } catch {
                return error is Refusal
            }
        }
        // The newest root is there under its version as well, for those who walk to it.
        for (file, bytes) in whole.metadata where file != .root(1) {
            var lacking = whole.metadata
            lacking[file] = nil
            #expect(await isRefused(lacking), "without \(file)")
            for index in stride(from: 0, to: bytes.count, by: 97) {
                var damaged = whole.metadata
                damaged[file]?[index] ^= 1
                // A root that is not pinned is looked for under its version.
                if file == .newestRoot { damaged[.root(1)] = damaged[file] }
                #expect(await isRefused(damaged), "\(file), byte \(index)")
            }
        }
        // Its own word does not make it hold for a time at which it was expired.
        #expect(await isRefused(whole.metadata, created: now.advanced(bySeconds: 2 * 86_400)))
    }
}
