import AHCTransport
import CanonicalJSON
import OCI
import OCIRegistry
import Testing
import TrustCrypto
import TrustTestSupport
import TrustTransport

/// The registry client against Debian's docker-registry, with images made by umoci and pushed by skopeo.
@Suite("Registry client with docker-registry")
struct RegistryClientPeerTests {
    struct Peer {
        let registry: DockerRegistry
        let client: RegistryClient

        func skopeo(_ credentials: String? = nil) -> Skopeo { Skopeo(registry, credentials: credentials) }
    }

    static func with(
        _ options: DockerRegistry.Options = .init(),
        credential: RegistryCredential = .anonymous,
        repository: String = "team/app",
        _ body: (Peer) async throws -> Void
    ) async throws {
        try await DockerRegistry.with(options) { registry in
            var configuration = AHCTransport.Configuration()
            if let tls = options.tls {
                let pem = try #require(try DurableFile.read(tls.certificate, limit: 1 << 20))
                configuration.certificateAuthorities = try CertificateAuthorities(pem: pem, name: tls.certificate)
            }
            try await AHCTransport.running(configuration) { transport in
                let client = try RegistryClient(
                    repository: RepositoryName(parsing: "\(registry.address)/\(repository)"),
                    sender: RequestSender(transport: transport),
                    credential: { () async throws(RegistryAuthError) in credential }
                )
                try await body(Peer(registry: registry, client: client))
            }
        }
    }

    static func tag(_ name: String) throws -> ManifestName { .tag(try TagName(name)) }

    @Test("reads what skopeo pushed")
    func reading() async throws {
        let images = try await TestImages()
        try await images.makeImage("1.0", layers: ["a", "b"])
        try await images.makeMultiArchitectureImage("multi")
        try await images.makeArtifact("report")
        try await Self.with { peer in
            for name in ["1.0", "multi", "report"] {
                let entry = try await peer.skopeo().push(images, name, to: "team/app:\(name)")
                let head = try #require(try await peer.client.headManifest(Self.tag(name)))
                #expect(head.digest.description == entry.digest)
                #expect(head.size == Int64(entry.size))
                #expect(head.mediaType.string == entry.mediaType)
                let content = try #require(try await peer.client.manifest(Self.tag(name)))
                #expect(content.descriptor == head)
                #expect(try await peer.client.manifest(.digest(head.digest)) == content)
                try await readAll(content, peer.client)
            }
            #expect(try await peer.client.tags()?.sorted().map(\.string) == ["1.0", "multi", "report"])
        }
    }

    /// Reads an image down to its layers.
    func readAll(_ content: VerifiedContent, _ client: RegistryClient) async throws {
        switch try ManifestDocument(content) {
        case .index(let index):
            let child = try #require(index.manifest(for: Platform(parsing: "linux/arm64")))
            let found = try #require(try await client.manifest(.digest(child.digest)))
            #expect(found.descriptor.size == child.size)
            try await readAll(found, client)
        case .manifest(let manifest):
            for blob in [manifest.config] + manifest.layers {
                #expect(try await client.hasBlob(blob.digest))
                #expect(try await client.blob(blob, limit: 1 << 20)?.descriptor == blob)
            }
        }
    }

    @Test("pushes what skopeo can read")
    func pushing() async throws {
        try await Self.with { peer in
            let client = peer.client
            try await client.ping()
            let config = VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociEmpty)
            let layer = VerifiedContent(
                describing: [UInt8](repeating: 7, count: 3 << 20),
                mediaType: .tufMetadata
            )
            for blob in [config, layer, config] { try await client.pushBlob(blob) }
            let manifest = VerifiedContent(
                describing: Manifest(artifactType: .tufMetadataArtifact, layers: [layer.descriptor]).bytes,
                mediaType: .ociManifest
            )
            try await client.pushManifest(manifest, tag: TagName("trust-data"))
            let index = VerifiedContent(
                describing: Index(manifests: [manifest.descriptor]).bytes,
                mediaType: .ociIndex
            )
            try await client.pushManifest(index, tag: nil)
            try await client.pushManifest(index, tag: TagName("all"))
            #expect(try await client.headManifest(Self.tag("all")) == index.descriptor)
            #expect(try await client.manifest(.digest(index.descriptor.digest)) == index)
            #expect(try await client.blob(layer.descriptor, limit: 4 << 20)?.bytes == layer.bytes)
            #expect(try await peer.skopeo().digest("team/app:trust-data") == manifest.descriptor.digest.description)
            // A manifest of what is not there is refused.
            let dangling = VerifiedContent(
                describing: Manifest(layers: [
                    Descriptor(mediaType: .octetStream, digest: Digest.compute(over: [1].span), size: 1)
                ]).bytes,
                mediaType: .ociManifest
            )
            let error = await #expect(throws: RegistryError.self) {
                try await client.pushManifest(dangling, tag: TagName("dangling"))
            }
            guard case .badResponse(_, .status(400, let faults))? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(faults.contains { $0.code == "MANIFEST_BLOB_UNKNOWN" })
        }
    }

    @Test("knows what is absent")
    func absence() async throws {
        try await Self.with { peer in
            let digest = Digest.compute(over: [1].span)
            let descriptor = Descriptor(mediaType: .octetStream, digest: digest, size: 1)
            for _ in 0..<2 {
                #expect(try await peer.client.headManifest(Self.tag("1")) == nil)
                #expect(try await peer.client.manifest(Self.tag("1")) == nil)
                #expect(try await peer.client.headManifest(.digest(digest)) == nil)
                #expect(try await peer.client.hasBlob(digest) == false)
                #expect(try await peer.client.blob(descriptor, limit: 1) == nil)
                // The first time there is no repository, the second time an empty one.
                try await peer.client.pushBlob(VerifiedContent(describing: [2], mediaType: .octetStream))
            }
        }
        try await Self.with { peer in
            let tags = try await peer.client.tags()
            #expect(tags == nil)
        }
    }

    @Test("deletes where that is possible")
    func deleting() async throws {
        let images = try await TestImages()
        try await images.makeImage("1.0")
        var options = DockerRegistry.Options()
        options.allowsDeletion = true
        for isAllowed in [true, false] {
            options.allowsDeletion = isAllowed
            try await Self.with(options) { peer in
                let entry = try await peer.skopeo().push(images, "1.0", to: "team/app:1.0")
                let digest = try Digest(parsing: entry.digest)
                #expect(try await peer.client.deleteManifest(Self.tag("1.0")) == .unsupported)
                #expect(try await peer.client.deleteManifest(.digest(digest)) == (isAllowed ? .deleted : .unsupported))
                if isAllowed {
                    #expect(try await peer.client.deleteManifest(.digest(digest)) == .absent)
                    #expect(try await peer.client.headManifest(Self.tag("1.0")) == nil)
                    #expect(try await peer.client.tags() == [])
                }
            }
        }
    }

    @Test("sees that the registry's own storage was changed")
    func tampering() async throws {
        let images = try await TestImages()
        try await images.makeImage("1.0")
        try await Self.with { peer in
            let entry = try await peer.skopeo().push(images, "1.0", to: "team/app:1.0")
            let digest = try Digest(parsing: entry.digest)
            let content = try #require(try await peer.client.manifest(.digest(digest)))
            let manifest = try Manifest(parsing: content.bytes, as: .ociManifest)
            for blob in [content.descriptor, manifest.config] {
                let path = peer.registry.blobFile(blob.digest.description)
                var bytes = try #require(try DurableFile.read(path, limit: 1 << 20))
                bytes[bytes.count - 3] ^= 1
                try DurableFile.write(bytes.span, to: path, mode: 0o644)
            }
            await #expect(throws: RegistryError.self) { try await peer.client.manifest(.digest(digest)) }
            await #expect(throws: RegistryError.self) { try await peer.client.manifest(Self.tag("1.0")) }
            let error = await #expect(throws: RegistryError.self) {
                try await peer.client.blob(manifest.config, limit: 1 << 20)
            }
            guard case .digestMismatch(manifest.config.digest, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("asks for a name and password and sends them, plain and over TLS", arguments: [false, true])
    func basic(isTLS: Bool) async throws {
        var options = DockerRegistry.Options()
        options.authentication = .basic(["alice": "secret"])
        options.tls = isTLS ? try await CertificateAuthority() : nil
        let blob = VerifiedContent(describing: [1, 2, 3], mediaType: .octetStream)
        try await Self.with(options, credential: .basic(username: "alice", password: AuthSecret("secret"))) { peer in
            try await peer.client.ping()
            try await peer.client.pushBlob(blob)
            #expect(try await peer.client.blob(blob.descriptor, limit: 3) == blob)
            #expect(try await peer.client.headManifest(Self.tag("1")) == nil)
        }
        for credential in [RegistryCredential.anonymous, .basic(username: "alice", password: AuthSecret("wrong"))] {
            try await Self.with(options, credential: credential) { peer in
                for _ in 0..<2 {
                    let error = await #expect(throws: RegistryError.self) { try await peer.client.pushBlob(blob) }
                    guard case .unauthorized(.unauthorized(_, let hadCredentials))? = error else {
                        Issue.record("\(String(describing: error))")
                        return
                    }
                    if case .anonymous = credential { #expect(!hadCredentials) } else { #expect(hadCredentials) }
                }
            }
        }
    }

    @Test("gets tokens for what it wants to do")
    func tokens() async throws {
        let server = try await TokenServer(
            accounts: [
                TokenServer.Account(username: "alice", password: "a"),
                TokenServer.Account(username: "bob", password: "b"),
            ],
            rights: { username, _ in
                switch username {
                case "alice": [.pull, .push]
                case "bob": [.pull]
                default: []
                }
            }
        )
        defer { server.stop() }
        var options = DockerRegistry.Options()
        options.authentication = .token(
            realm: server.realm,
            service: server.service,
            issuer: server.issuer,
            rootCertificates: server.certificatePath
        )
        let blob = VerifiedContent(describing: [1, 2, 3], mediaType: .octetStream)
        try await Self.with(options, credential: .basic(username: "alice", password: AuthSecret("a"))) { peer in
            try await peer.client.pushBlob(blob)
            #expect(try await peer.client.hasBlob(blob.descriptor.digest))
            // One token to read, one to write, and neither asked for twice.
            #expect(server.requests.count == 2)
        }
        try await Self.with(options, credential: .basic(username: "bob", password: AuthSecret("b"))) { peer in
            let head = try await peer.client.headManifest(Self.tag("1"))
            #expect(head == nil)
            let error = await #expect(throws: RegistryError.self) { try await peer.client.pushBlob(blob) }
            switch error {
            case .denied, .unauthorized: break
            default: Issue.record("\(String(describing: error))")
            }
        }
        try await Self.with(options, credential: .basic(username: "bob", password: AuthSecret("x"))) { peer in
            let error = await #expect(throws: RegistryError.self) { try await peer.client.headManifest(Self.tag("1")) }
            guard case .unauthorized(.credentialsRefused(_, 401))? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("trusts no certificate that it was not told to")
    func untrusted() async throws {
        var options = DockerRegistry.Options()
        options.tls = try await CertificateAuthority()
        try await DockerRegistry.with(options) { registry in
            try await AHCTransport.running { transport in
                let client = try RegistryClient(
                    repository: RepositoryName(parsing: "\(registry.address)/team/app"),
                    sender: RequestSender(transport: transport),
                    credential: { () async throws(RegistryAuthError) in .anonymous }
                )
                await #expect(throws: RegistryError.unreachable(TransportError(.tls(.certificate)))) {
                    try await client.ping()
                }
            }
        }
    }

    @Test("says that nobody is there")
    func nobody() async throws {
        try await Self.with { peer in
            await peer.registry.stop()
            await #expect(throws: RegistryError.unreachable(TransportError(.unreachable(.refused)))) {
                try await peer.client.headManifest(Self.tag("1"))
            }
        }
    }

    @Test("copies an image from a layout as skopeo sees it")
    func layoutToRegistry() async throws {
        let images = try await TestImages()
        let entry = try await images.makeMultiArchitectureImage("multi")
        let layout = try ImageLayout(opening: images.path)
        let root = try layout.image(named: ImageName("multi"))
        let report = try ImageCheck().check(root, in: layout)
        #expect(report.missingChildren.isEmpty && report.images.count >= 2)
        try await Self.with { peer in
            for image in report.images {
                for blob in [image.manifest.config] + image.manifest.layers {
                    try await peer.client.pushBlob(try #require(try layout.content(of: blob)))
                }
            }
            for document in report.documents.reversed() {
                try await peer.client.pushManifest(try #require(try layout.content(of: document)), tag: nil)
            }
            try await peer.client.pushManifest(try #require(try layout.content(of: root)), tag: TagName("multi"))
            #expect(try await peer.skopeo().digest("team/app:multi") == entry.digest)
        }
    }
}
