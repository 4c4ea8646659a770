import Testing
import TrustTestSupport

@Suite struct DockerRegistryTests {
    private func status(_ registry: DockerRegistry, _ arguments: [String] = []) async throws -> String {
        try await run(
            Command("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}"] + arguments + ["\(registry.url)/v2/"])
        ).text
    }

    @Test func servesImagesIndexesAndArtifactsUnchanged() async throws {
        try await DockerRegistry.with { registry in
            let images = try await TestImages()
            let skopeo = Skopeo(registry)
            let image = try await images.makeImage("one", layers: ["a", "b"])
            let index = try await images.makeMultiArchitectureImage("many")
            let artifact = try await images.makeArtifact("report")
            #expect(index.mediaType == TestImages.indexType)
            for entry in [image, index, artifact] {
                try await skopeo.push(images, entry.tag, to: "team/app:\(entry.tag)")
                #expect(try await skopeo.digest("team/app:\(entry.tag)") == entry.digest)
                #expect(try Files.read(registry.blobFile(entry.digest)) == images.blob(entry.digest))
            }
            #expect(try await skopeo.tags("team/app").sorted() == ["many", "one", "report"])
        }
    }

    @Test func imagesAreTheSameEverywhere() async throws {
        let first = try await TestImages()
        let second = try await TestImages()
        for images in [first, second] {
            try await images.makeMultiArchitectureImage("many")
            try await images.makeArtifact("report")
        }
        #expect(try first.entry("many") == second.entry("many"))
        #expect(try first.entry("report") == second.entry("report"))
    }

    @Test func asksForPasswordsAndSpeaksTLS() async throws {
        var options = DockerRegistry.Options()
        options.authentication = .basic(["user": "secret"])
        let authority = try await CertificateAuthority()
        options.tls = authority
        try await DockerRegistry.with(options) { registry in
            #expect(try await status(registry) == "000")
            #expect(try await status(registry, ["--cacert", authority.certificate]) == "401")
            let signedIn = ["--cacert", authority.certificate, "--user", "user:secret"]
            #expect(try await status(registry, signedIn) == "200")
            let images = try await TestImages()
            try await images.makeImage("one")
            try await Skopeo(registry, credentials: "user:secret").push(images, "one", to: "app:1")
        }
    }

    @Test func rollsBackCollectsGarbageAndDeletes() async throws {
        var options = DockerRegistry.Options()
        options.allowsDeletion = true
        try await DockerRegistry.with(options) { registry in
            let images = try await TestImages()
            let skopeo = Skopeo(registry)
            let first = try await images.makeImage("first", layers: ["1"])
            let second = try await images.makeImage("second", layers: ["2"])
            try await skopeo.push(images, "first", to: "app:1")
            let backup = try registry.backUp()
            try await skopeo.push(images, "second", to: "app:1")
            #expect(try await skopeo.digest("app:1") == second.digest)
            #expect(try Files.names(in: registry.tagsDirectory("app")) == ["1"])
            try registry.restore(backup)
            #expect(try await skopeo.digest("app:1") == first.digest)

            try await skopeo.push(images, "second", to: "app:1")
            #expect(Files.exists(registry.blobFile(first.digest)))
            try await registry.collectGarbage()
            #expect(!Files.exists(registry.blobFile(first.digest)))

            try await skopeo.delete("app:1")
            await #expect(throws: ProcessError.self) { try await skopeo.digest("app:1") }
        }
    }

    @Test func restartsOnTheSamePortAndRefusesWrites() async throws {
        try await DockerRegistry.with { registry in
            let images = try await TestImages()
            try await images.makeImage("one")
            let skopeo = Skopeo(registry)
            try await skopeo.push(images, "one", to: "app:1")
            var options = registry.options
            options.isReadOnly = true
            try await registry.restart(with: options)
            #expect(try await skopeo.digest("app:1") == images.entry("one").digest)
            await #expect(throws: ProcessError.self) { try await skopeo.push(images, "one", to: "app:2") }
            await #expect(throws: ProcessError.self) { try await skopeo.delete("app:1") }
        }
    }

    @Test func saysWhyItDoesNotStart() async throws {
        var options = DockerRegistry.Options()
        options.authentication = .token(realm: "x", service: "y", issuer: "z", rootCertificates: "/no/such/file")
        let error = await #expect(throws: ProcessError.self) { try await DockerRegistry.with(options) { _ in } }
        #expect(String(describing: error).contains("/no/such/file"))
    }
}
