public import NotaryAPI
public import OCI
public import OCIRegistry
import Synchronization
import TUF
public import TUFClient

/// What all operations of one run share: where state is kept, what the time is, and how registries are asked.
public final class TrustSession: Sendable {
    /// Makes the client of a repository.
    public typealias ClientFactory = @Sendable (RepositoryName) throws(RegistryError) -> RegistryClient
    /// Makes the client of a repository's collection on a Notary server.
    public typealias NotaryClientFactory = @Sendable (RepositoryName, GUN, NotaryServer) -> NotaryClient

    /// Where state is kept.
    public let home: TrustHome
    /// Says the time, which each operation reads once.
    public let clock: any WallClock
    /// What is demanded of images; its pins stand in for those of this machine.
    public let policy: TrustPolicy?
    private let makeClient: ClientFactory
    private let makeNotaryClient: NotaryClientFactory?
    private let clients = Mutex<[RepositoryName: RegistryClient]>([:])
    private let blobs: SmallBlobCache

    /// A session.
    ///
    /// - Parameters:
    ///   - home: Where state is kept.
    ///   - clock: Says the time.
    ///   - policy: What is demanded of images. Where a rule has pins, the pins of this machine do not count.
    ///   - notary: Makes the client of a collection on a Notary server. Without it, no Notary server is asked.
    ///   - client: Makes the client of a repository, when it is first asked; the session keeps it, with its tokens.
    public init(
        home: TrustHome,
        clock: any WallClock = SystemClock(),
        policy: TrustPolicy? = nil,
        notary: NotaryClientFactory? = nil,
        client: @escaping ClientFactory
    ) {
        self.home = home
        self.clock = clock
        self.policy = policy
        makeClient = client
        makeNotaryClient = notary
        blobs = SmallBlobCache(directory: home.cache)
    }

    /// The client of a repository.
    func client(for repository: RepositoryName) throws(RegistryError) -> RegistryClient {
        if let client = clients.withLock({ $0[repository] }) { return client }
        let client = try makeClient(repository)
        clients.withLock { $0[repository] = client }
        return client
    }

    /// The store that holds the trust data of a subject.
    ///
    /// - Parameters:
    ///   - subject: Whose trust data.
    ///   - location: Where it lies, if not beside the images.
    ///   - blobs: What was downloaded before; nil takes the cache of this machine.
    /// - Returns: The store.
    /// - Throws: ``Refusal``.
    func store(
        for subject: Subject,
        at location: StoreLocation?,
        blobs: SmallBlobCache? = nil
    ) throws(Refusal) -> any TrustStore {
        switch location ?? subject.defaultLocation {
        case .registry(let repository):
            do {
                return RegistryTrustStore(client: try client(for: repository), blobs: blobs ?? self.blobs)
            } catch {
                throw Refusal.registry(error, checked: "the registry of \(repository)")
            }
        case .layout(let path):
            return LayoutTrustStore(path: path)
        case .directory(let path):
            return DirectoryTrustStore(path: path)
        case .notary(let server):
            return NotaryTrustStore(client: try notaryClient(for: subject, on: server))
        case .notaryOfRegistry:
            return NotaryTrustStore(client: try notaryClient(for: subject, on: nil))
        case .notaryFiles(let path):
            return NotaryFilesTrustStore(path: path, gun: try gun(of: subject).gun)
        }
    }

    /// The name of a subject's collection.
    private func gun(of subject: Subject) throws(Refusal) -> (repository: RepositoryName, gun: GUN) {
        guard case .registry(let repository) = subject else {
            throw Refusal(
                .usage,
                checked: "trust data of \(subject) on a Notary server",
                found: "a layout, which has no name there",
                expected: "a repository"
            )
        }
        do { return (repository, try GUN(repository.description)) } catch {
            throw Refusal.notary(error, checked: "the Notary server of \(repository)")
        }
    }

    /// The client of a subject's collection on a Notary server.
    ///
    /// - Parameters:
    ///   - subject: Whose collection.
    ///   - server: The server; nil takes the one that Docker asks.
    /// - Returns: The client.
    /// - Throws: ``Refusal`` with ``Reason/usage`` for a layout, whose images have no name there.
    func notaryClient(for subject: Subject, on server: NotaryServer?) throws(Refusal) -> NotaryClient {
        let (repository, gun) = try gun(of: subject)
        guard let makeNotaryClient else {
            throw Refusal(
                .usage,
                checked: "trust data of \(subject) on a Notary server",
                found: "this program was given no way to ask one"
            )
        }
        do throws(NotaryError) {
            if let server { return makeNotaryClient(repository, gun, server) }
            let ofRegistry = try NotaryServer.ofDocker(registry: repository.registry, chosen: nil)
            return makeNotaryClient(repository, gun, ofRegistry)
        } catch {
            throw Refusal.notary(error, checked: "the Notary server of \(repository)")
        }
    }

    /// The updater of a repository under a pin.
    func updater(_ pin: Pin, repository: String) -> Updater<SeenTrustCache> {
        Updater(
            anchor: pin.anchor,
            binding: pin.binding(for: repository),
            cache: cache(pin, repository: repository)
        )
    }

    /// What this machine has seen of a repository under a pin.
    func cache(_ pin: Pin, repository: String) -> SeenTrustCache {
        SeenTrustCache(
            directory: home.seen(signedName: pin.signedName ?? repository, dialect: pin.dialect),
            pin: pin,
            binding: pin.binding(for: repository)
        )
    }
}

extension Subject {
    /// Where trust data lies when nothing else is said: beside the images.
    var defaultLocation: StoreLocation {
        switch self {
        case .registry(let name): .registry(name)
        case .layout(let path): .layout(path: path)
        }
    }
}
