import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// A registry with images, a Notary server for it, a publisher and a consumer, and the programs that Notary came with.
struct NotaryWorld: Sendable {
    let directory: TemporaryDirectory
    let registry: DockerRegistry
    let services: NotaryServices
    /// Between the programs and the server, where a test wants one.
    let front: NotaryFront?
    let images: TestImages
    let publisher: Trustctl
    let consumer: Trustctl
    private let credentials: String?

    /// `HOST:PORT/team/app`.
    var repository: String { "\(registry.address)/team/app" }

    /// A tag of it.
    func reference(_ tag: String) -> String { "\(repository):\(tag)" }

    /// The server as clients name it.
    var server: String { front?.url ?? services.url }

    /// The options that lead to it.
    var location: [String] { ["--store", "notary+\(server)", "--ca-cert", services.certificates.certificate] }

    /// Runs a test in a world of its own.
    ///
    /// - Parameters:
    ///   - options: The server's options.
    ///   - fronted: Whether there is a front that can be broken.
    ///   - credentials: `user:password` that the front demands.
    ///   - body: The test.
    /// - Throws: What the test throws, and why the world could not be made.
    static func with(
        _ options: NotaryServices.Options = NotaryServices.Options(),
        fronted: Bool = false,
        credentials: String? = nil,
        _ body: (NotaryWorld) async throws -> Void
    ) async throws {
        try await DockerRegistry.with { registry in
            try await NotaryServices.with(options) { services in
                func run(_ front: NotaryFront?) async throws {
                    let directory = try TemporaryDirectory("trustctl-notary")
                    let publisher = try Trustctl(in: directory)
                    let world = NotaryWorld(
                        directory: directory,
                        registry: registry,
                        services: services,
                        front: front,
                        images: try await TestImages(),
                        publisher: publisher,
                        consumer: try publisher.withHome(directory, "consumer"),
                        credentials: credentials
                    )
                    try await body(world)
                }
                guard fronted || credentials != nil else { return try await run(nil) }
                try await NotaryFront.with(services, credentials: credentials) { try await run($0) }
            }
        }
    }

    // MARK: Images

    /// Makes an image and pushes it as some tags.
    @discardableResult
    func push(_ tags: String..., text: String = "hello") async throws -> TestImages.Entry {
        let entry = try await images.makeImage(tags[0], layers: [text])
        try await Skopeo(registry).push(images, tags[0], to: "team/app:\(tags[0])")
        let manifest = try directory.write(try images.blob(entry.digest), to: "manifest.json")
        for tag in tags.dropFirst() {
            let url = "\(registry.url)/v2/team/app/manifests/\(tag)"
            let header = ["-H", "Content-Type: \(entry.mediaType)"]
            let command = ["-sSf", "-X", "PUT"] + header + ["--data-binary", "@\(manifest)", url]
            try await runSuccessfully(Command("curl", command))
        }
        return entry
    }

    // MARK: trustctl

    /// Runs it with the options that lead to the server.
    @discardableResult
    func run(_ trustctl: Trustctl, _ arguments: [String]) async throws -> ProcessOutput {
        try await trustctl.runAll(arguments + location)
    }

    /// Runs it as the publisher; it must succeed.
    @discardableResult
    func publish(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws
        -> ProcessOutput
    {
        try await succeed(publisher, arguments, sourceLocation: sourceLocation)
    }

    /// Runs it; it must succeed.
    @discardableResult
    func succeed(
        _ trustctl: Trustctl,
        _ arguments: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ProcessOutput {
        let output = try await run(trustctl, arguments)
        try expect(output, 0, sourceLocation: sourceLocation)
        return output
    }

    /// Makes a collection with the publisher's keys, which are not encrypted, and lets the consumer pin its root.
    func initialize() async throws {
        let made = try await publish("init", repository, "--unsafe-unencrypted", "--json").object
        try Schema.check(made, "init")
        let listed = ["root", "targets"].compactMap { made["roles"]?[$0]?["keyIDs"]?.array?.first?.string }
        #expect(Set(made["createdKeys"]?.array?.compactMap(\.string) ?? []) == Set(listed))
        try await pin(made)
    }

    /// Lets somebody pin what `init` printed.
    func pin(_ made: JSONValue, in home: Trustctl? = nil) async throws {
        let command = try #require(made["pinCommand"]?.string)
        let words = command.split(separator: " ").map(String.init)
        try expect(try await (home ?? consumer).runAll(Array(words.dropFirst())), 0)
    }

    /// Pushes images, makes a collection and signs them.
    @discardableResult
    func signed(_ tag: String = "1.0") async throws -> TestImages.Entry {
        let entry = try await push(tag)
        try await initialize()
        try await publish("sign", "image", reference(tag))
        return entry
    }

    /// Expects that somebody accepts a tag.
    func verify(
        _ tag: String,
        by home: Trustctl? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await succeed(home ?? consumer, ["verify", reference(tag)], sourceLocation: sourceLocation)
    }

    /// Expects that somebody refuses a tag.
    func refuse(
        _ tag: String = "1.0",
        _ reason: Reason,
        by home: Trustctl? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let arguments = ["verify", reference(tag)] + location
        try await expectRefusal(home ?? consumer, arguments, reason, sourceLocation: sourceLocation)
    }

    /// Another home that knows nothing.
    func home(_ name: String) throws -> Trustctl { try publisher.withHome(directory, name) }

    /// Another machine with what somebody's machine has by now.
    func copy(of original: Trustctl, _ name: String) throws -> Trustctl {
        var copy = original
        copy.home = directory.file(name)
        try Files.copy(original.home, to: copy.home)
        try Files.setMode(copy.home, 0o700)
        copy.environment["TRUSTCTL_HOME"] = copy.home
        return copy
    }

    // MARK: The other programs

    /// notary, with a directory of its own.
    func notary(_ name: String = "notary") throws -> NotaryProgram {
        try NotaryProgram(
            in: directory,
            name: name,
            server: server,
            certificates: services.certificates,
            credentials: credentials
        )
    }

    /// docker, with a directory of its own; a notary of the name `NAME/trust` has the same keys.
    func docker(_ name: String = "docker") throws -> DockerTrust {
        try DockerTrust(
            in: directory,
            name: name,
            server: server,
            certificates: services.certificates,
            credentials: credentials.map { [registry.address: $0] } ?? [:]
        )
    }

    /// A file of the collection as the server has it.
    func file(_ name: String) async throws -> [UInt8] {
        let url = "\(services.url)/v2/\(repository)/_trust/tuf/\(name)"
        let certificate = services.certificates.certificate
        return try await runSuccessfully(Command("curl", ["-sSf", "--cacert", certificate, url])).standardOutput
    }

    /// The same, read as JSON.
    func signedPart(of name: String) async throws -> JSONValue {
        try #require(try JSONValue(parsing: try await file(name))["signed"])
    }

    /// The version of a file of the collection.
    func version(of role: String) async throws -> Int64? {
        try await signedPart(of: "\(role).json")["version"]?.integer
    }

    // MARK: What readers see

    /// What notary lists: digests in hexadecimal by tag.
    func tags(_ notary: NotaryProgram) async throws -> [String: String] {
        let text = try await notary.succeed("list", "-r", "targets/releases,targets", repository).text
        var tags: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 4, words[1].count == 64 { tags[String(words[0])] = String(words[1]) }
        }
        return tags
    }

    /// What docker lists.
    func tags(_ docker: DockerTrust) async throws -> [String: String] {
        try await signatures(docker).mapValues(\.digest)
    }

    /// What docker lists, with the names of those who have signed.
    func signatures(_ docker: DockerTrust) async throws -> [String: (digest: String, signers: [String])] {
        let all = try JSONValue(parsing: try await docker.succeed("inspect", repository).standardOutput)
        var tags: [String: (digest: String, signers: [String])] = [:]
        for tag in all.array?.first?["SignedTags"]?.array ?? [] {
            let name = try #require(tag["SignedTag"]?.string)
            let signers = tag["Signers"]?.array?.compactMap(\.string) ?? []
            tags[name] = (try #require(tag["Digest"]?.string), signers)
        }
        return tags
    }

    /// What trustctl lists.
    func tags(_ trustctl: Trustctl) async throws -> [String: String] {
        let list = try await succeed(trustctl, ["list", repository, "--json"]).object
        var tags: [String: String] = [:]
        for tag in list["tags"]?.array ?? [] {
            let digest = try #require(tag["digest"]?.string)
            tags[try #require(tag["tag"]?.string)] = String(digest.trimmingPrefix("sha256:"))
        }
        return tags
    }
}

extension TestImages.Entry {
    /// The digest as Notary's programs write it.
    var hex: String { String(digest.trimmingPrefix("sha256:")) }
}
