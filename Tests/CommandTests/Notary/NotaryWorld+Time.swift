import AHCTransport
import ContentTrust
import KeyStorage
import NotaryAPI
import OCI
import OCIRegistry
import TUF
import TUFClient
import TrustTestSupport
import TrustTransport

/// The time as it will be, or was.
struct ShiftedClock: WallClock {
    let seconds: Int64

    func now() -> Instant { SystemClock().now().advanced(bySeconds: seconds) }
}

/// What no program can be made to do without turning the clock, which the server's programs do not let themselves be.
extension NotaryWorld {
    /// Where the trust data is.
    var place: StoreLocation {
        get throws { .notary(try NotaryServer(parsing: server)) }
    }

    /// The collection.
    var subject: Subject {
        get throws { .registry(try RepositoryName(parsing: repository)) }
    }

    /// Does something in this process at another time.
    ///
    /// - Parameters:
    ///   - seconds: How long from now; negative is earlier.
    ///   - home: Whose home.
    ///   - body: The work.
    /// - Returns: What the closure answers.
    /// - Throws: What the closure throws.
    func at<Value: Sendable>(
        _ seconds: Int64,
        in home: Trustctl,
        _ body: (TrustSession) async throws -> Value
    ) async throws -> Value {
        let pem = try Files.read(services.certificates.certificate)
        let configuration = AHCTransport.Configuration(
            certificateAuthorities: try CertificateAuthorities(pem: pem, name: "the test's authority")
        )
        let transport = AHCTransport(configuration: configuration)
        let sender = RequestSender(transport: transport)
        let notary: TrustSession.NotaryClientFactory = { _, gun, server in
            NotaryClient(gun: gun, on: server, sender: sender) { () async throws(RegistryAuthError) in .anonymous }
        }
        let session = TrustSession(
            home: TrustHome(path: home.home),
            clock: ShiftedClock(seconds: seconds),
            notary: notary
        ) { (repository) throws(RegistryError) in
            try RegistryClient(repository: repository, sender: sender) {
                () async throws(RegistryAuthError) in .anonymous
            }
        }
        do {
            let value = try await body(session)
            await transport.shutdown()
            return value
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    /// Publishes at another time, with keys of a home that are not encrypted.
    func publishing<Value: Sendable>(
        at seconds: Int64,
        lifetimes: LifetimeChoices = LifetimeChoices(),
        _ body: (Publisher) async throws -> Value
    ) async throws -> Value {
        try await at(seconds, in: publisher) { session in
            let store = FileKeyStore(directory: session.home.keys)
            let signers = KeyStoreSigners(
                stores: KeyStoreSet(primary: store),
                passphrases: PassphraseChain([]),
                unencryptedUnsafe: store,
                clock: session.clock
            )
            return try await body(Publisher(session: session, signers: signers, lifetimes: lifetimes))
        }
    }

    /// Why a home's tags are not known at another time; nil when they are.
    func refusal(at seconds: Int64, in home: Trustctl) async throws -> Reason? {
        do {
            _ = try await at(seconds, in: home) { session in
                try await TrustVerifier(session: session).trustData(of: try subject, at: try place).signedTags()
            }
            return nil
        } catch let error as Refusal {
            return error.reason
        }
    }
}
