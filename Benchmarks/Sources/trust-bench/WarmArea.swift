import ContentTrust
import KeyStorage
import OCI
import OCIRegistry
import TUF
import TrustCrypto

/// Answers from memory: how long one takes, and how many two threads get.
enum WarmArea {
    private static let name = "registry.example.com/team/app"

    /// Measures.
    ///
    /// - Parameter directory: An empty folder.
    /// - Throws: `Refusal`, and when the first answer is not "trusted".
    static func run(directory: String) async throws {
        let home = TrustHome(path: "\(directory)/home")
        let location = StoreLocation.directory(path: "\(directory)/trust-data")
        let store = FileKeyStore(directory: home.keys)
        let signers = KeyStoreSigners(
            stores: KeyStoreSet(primary: store),
            passphrases: PassphraseChain([]),
            unencryptedUnsafe: store
        )
        let nobody: TrustSession.ClientFactory = { (_) throws(RegistryError) in throw .cancelled }
        let publisher = Publisher(session: TrustSession(home: home, client: nobody), signers: signers)
        let subject = Subject.registry(try RepositoryName(parsing: name))
        _ = try await publisher.initialize(subject, at: location)
        let manifest = VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociManifest).descriptor
        _ = try await publisher.sign([ImageToSign(tag: "1.4", descriptor: manifest)], of: subject, at: location)

        let policy =
            #"{"version": 1, "rules": [{"repositories": ["\#(name)"], "store": "dir:\#(directory)/trust-data"}]}"#
        let session = TrustSession(
            home: home,
            policy: try TrustPolicy(parsing: Array(policy.utf8), name: "bench") { (file) throws(Refusal) in
                throw Refusal(.usage, checked: file, found: "a file in a policy without files")
            },
            client: nobody
        )
        var options = ImageVerifier.Options()
        options.maximumAge = 3600
        let verifier = ImageVerifier(session: session, options: options)
        let reference = "\(name):1.4"
        let question = try ImageQuestion(reference)
        _ = try await verifier.require(reference)
        guard verifier.decisionInMemory(question) != nil else {
            throw Refusal(.usage, checked: name, found: "no answer")
        }

        print("answers from memory")
        await measure("decisionInMemory", threads: 1) { precondition(verifier.decisionInMemory(question) != nil) }
        await measure("decisionInMemory", threads: 2) { precondition(verifier.decisionInMemory(question) != nil) }
        await measure("await verify(String)", threads: 1) { _ = try? await verifier.require(reference) }
        await measure("await verify(String)", threads: 2) { _ = try? await verifier.require(reference) }
    }

    private static let rounds = 1_000_000

    private static func measure(_ what: String, threads: Int, _ work: @escaping @Sendable () async -> Void) async {
        let clock = ContinuousClock()
        let before = clock.now
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<threads {
                group.addTask { for _ in 0..<rounds { await work() } }
            }
        }
        let seconds = before.duration(to: clock.now) / .seconds(1)
        let each = seconds / Double(rounds) * 1e9
        let all = Double(rounds * threads) / seconds
        print("  \(what), \(threads) threads: \(Int(each)) ns each, \(Int(all)) a second")
    }
}
