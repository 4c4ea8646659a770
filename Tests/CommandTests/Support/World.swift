import AHCTransport
import CanonicalJSON
import ContentTrust
import KeyStorage
import OCI
import OCIRegistry
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport
import TrustTransport

/// A registry of its own, a publisher with a home, a consumer with another one, and images to push.
struct World: Sendable {
    let directory: TemporaryDirectory
    let registry: DockerRegistry
    /// Between the programs and the registry, where a test wants one.
    let front: RegistryFront?
    let images: TestImages
    let publisher: Trustctl
    let consumer: Trustctl

    /// `HOST:PORT/team/app`.
    var repository: String { "\(front?.address ?? registry.address)/team/app" }

    /// A tag of it.
    func reference(_ tag: String) -> String { "\(repository):\(tag)" }

    /// Runs a test in a world of its own.
    ///
    /// - Parameters:
    ///   - options: The registry's options.
    ///   - fronted: Whether there is a front that can be broken.
    ///   - body: The test.
    /// - Throws: What the test throws, and why the world could not be made.
    static func with(
        _ options: DockerRegistry.Options = DockerRegistry.Options(),
        fronted: Bool = false,
        _ body: (World) async throws -> Void
    ) async throws {
        try await DockerRegistry.with(options) { registry in
            let directory = try TemporaryDirectory("trustctl-commands")
            let front = fronted ? try RegistryFront(registry) : nil
            defer { front?.stop() }
            let publisher = try Trustctl(in: directory)
            let world = World(
                directory: directory,
                registry: registry,
                front: front,
                images: try await TestImages(),
                publisher: publisher,
                consumer: try publisher.withHome(directory, "consumer")
            )
            try await body(world)
        }
    }

    /// Makes an image and pushes it as a tag.
    @discardableResult
    func push(_ tag: String, _ text: String = "hello") async throws -> TestImages.Entry {
        let entry = try await images.makeImage(tag, layers: [text])
        try await Skopeo(registry).push(images, tag, to: "team/app:\(tag)")
        return entry
    }

    /// Gives an image that the registry has further tags, which curl makes of a pattern.
    func tag(_ image: TestImages.Entry, _ pattern: String) async throws {
        let manifest = try directory.write(try images.blob(image.digest), to: "manifest.json")
        try await runSuccessfully(
            Command(
                "curl",
                [
                    "-sSf", "-X", "PUT", "-H", "Content-Type: \(image.mediaType)", "--data-binary", "@\(manifest)",
                    "\(registry.url)/v2/team/app/manifests/\(pattern)",
                ]
            )
        )
    }

    /// Makes the keys and the first trust data. The keys are not encrypted, which saves a second; tests of passphrases
    /// make their own.
    @discardableResult
    func initialize(_ arguments: String...) async throws -> JSONValue {
        let output = try await publisher.runAll(
            ["init", repository, "--unsafe-unencrypted", "--json"] + arguments
        )
        try expect(output, 0)
        return try output.object
    }

    /// Initialises, pushes and signs one tag, and lets the consumer pin the root.
    @discardableResult
    func signed(_ tag: String = "1.0") async throws -> TestImages.Entry {
        let entry = try await push(tag)
        let made = try await initialize()
        try await sign(tag)
        try await pin(made)
        return entry
    }

    /// Pushes and signs one tag as if it had been some days ago, and lets the consumer pin the root.
    @discardableResult
    func signed(_ tag: String = "1.0", daysAgo days: Int64) async throws -> TestImages.Entry {
        let entry = try await push(tag)
        let subject = Subject.registry(try RepositoryName(parsing: repository))
        let command = try await publishing(daysAgo: days) { publisher, session in
            let made = try await publisher.initialize(subject)
            let images = try await ImageResolver(session: session).resolve([(tag, nil)], of: subject)
            _ = try await publisher.sign(images, of: subject)
            return made.pin.command
        }
        try expect(try await consumer.runAll(command.split(separator: " ").dropFirst().map(String.init)), 0)
        return entry
    }

    /// Signs a tag as the registry serves it.
    func sign(_ tags: String...) async throws {
        try expect(try await publisher.runAll(["sign", "image"] + tags.map(reference)), 0)
    }

    /// Lets the consumer pin what `init` printed.
    func pin(_ made: JSONValue, in home: Trustctl? = nil) async throws {
        let command = try #require(made["pinCommand"]?.string)
        let words = command.split(separator: " ").map(String.init)
        try expect(try await (home ?? consumer).runAll(Array(words.dropFirst())), 0)
    }

    /// Another home that knows nothing.
    func stranger() throws -> Trustctl { try publisher.withHome(directory, "stranger-\(SecureRandom.uuid())") }

    /// Another machine of the publisher.
    func colleague() throws -> Trustctl {
        let home = directory.file("colleague")
        try Files.copy(publisher.home, to: home)
        try Files.setMode(home, 0o700)
        var copy = publisher
        copy.home = home
        copy.environment["TRUSTCTL_HOME"] = home
        return copy
    }

    /// Publishes in this process at another time, with the publisher's keys: what no program can be made to do without
    /// turning the clock.
    func publishing<Value: Sendable>(
        daysAgo days: Int64,
        _ body: (Publisher, TrustSession) async throws -> Value
    ) async throws -> Value {
        let clock = PastClock(days: days)
        let transport = AHCTransport()
        let session = TrustSession(home: TrustHome(path: publisher.home), clock: clock) {
            (repository) throws(RegistryError) in
            try RegistryClient(repository: repository, sender: RequestSender(transport: transport)) {
                () async throws(RegistryAuthError) in .anonymous
            }
        }
        let store = FileKeyStore(directory: session.home.keys)
        let signers = KeyStoreSigners(
            stores: KeyStoreSet(primary: store),
            passphrases: PassphraseChain([]),
            unencryptedUnsafe: store,
            clock: clock
        )
        do {
            let value = try await body(Publisher(session: session, signers: signers), session)
            await transport.shutdown()
            return value
        } catch {
            await transport.shutdown()
            throw error
        }
    }
}

/// The time some days ago.
struct PastClock: WallClock {
    let days: Int64

    func now() -> Instant { SystemClock().now().advanced(bySeconds: -days * 86_400) }
}

extension Trustctl {
    /// Runs it with arguments from a list.
    func runAll(
        _ arguments: [String],
        input: Command.Input = .null,
        variables: [String: String?] = [:]
    ) async throws -> ProcessOutput {
        try await TrustTestSupport.run(command(arguments, input: input, variables: variables), timeout: timeout)
    }

    /// The same program with another `TRUSTCTL_HOME`.
    func withHome(_ directory: TemporaryDirectory, _ name: String) throws -> Trustctl {
        var copy = self
        copy.home = try directory.makeDirectory(name)
        try Files.setMode(copy.home, 0o700)
        copy.environment["TRUSTCTL_HOME"] = copy.home
        return copy
    }
}

extension ProcessOutput {
    /// The lines of standard output as JSON.
    var objects: [JSONValue] {
        get throws {
            try standardOutput.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
        }
    }

    /// The only line of standard output as JSON.
    var object: JSONValue {
        get throws {
            let all = try objects
            #expect(all.count == 1)
            return try #require(all.first)
        }
    }
}

/// Expects an exit status, and of a refusal that it says what was found.
func expect(
    _ output: ProcessOutput,
    _ status: CInt,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(output.exitCode == status, "\(output)", sourceLocation: sourceLocation)
    if status != 0, !output.errorText.hasPrefix("Error: ") {
        #expect(output.errorText.contains("  found:    "), "\(output)", sourceLocation: sourceLocation)
    }
}

/// Expects a refusal with a reason, nothing on standard output, and the same answer in `--json`.
func expectRefusal(
    _ trustctl: Trustctl,
    _ arguments: [String],
    _ reason: Reason,
    schema: String = "verify",
    variables: [String: String?] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let plain = try await trustctl.runAll(arguments, variables: variables)
    try expect(plain, reason.exitCode, sourceLocation: sourceLocation)
    #expect(plain.text == "", sourceLocation: sourceLocation)
    #expect(plain.errorText.contains("[\(reason.code)]"), "\(plain)", sourceLocation: sourceLocation)
    let output = try await trustctl.runAll(arguments + ["--json"], variables: variables)
    try expect(output, reason.exitCode, sourceLocation: sourceLocation)
    let object = try output.object
    #expect(object["reason"] == .string(reason.code), "\(output)", sourceLocation: sourceLocation)
    try Schema.check(object, schema)
}

/// The published schemas.
enum Schema {
    /// Holds an object against a schema of docs/schemas.
    static func check(_ object: JSONValue, _ name: String) throws {
        try JSONSchema(file: "\(name).schema.json") { file in
            try JSONValue(parsing: try Files.read("\(Files.projectRoot)/docs/schemas/\(file)"))
        }.check(object)
    }
}
