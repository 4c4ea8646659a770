import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// `verify --image oci-archive:FILE`, with archives whose loading gives names to images.
@Suite(.timeLimit(.minutes(8))) struct ArchiveTests {
    /// What `docker save` of version 25 and later writes, with other names: the layout that skopeo writes, with docker's
    /// `manifest.json` beside it.
    func dockerArchive(
        _ world: World,
        _ image: TestImages.Entry,
        containerdName: String?,
        repositoryTags: [String]?,
        refName: String = "1.0"
    ) async throws -> String {
        let layout = try TemporaryDirectory()
        let copy = "oci:\(layout.path):1.0"
        try await runSuccessfully(
            Command("skopeo", ["--insecure-policy", "copy", "-q", "oci:\(world.images.path):1.0", copy])
        )
        var annotations: JSONObject = ["org.opencontainers.image.ref.name": .string(refName)]
        if let containerdName { annotations["io.containerd.image.name"] = .string(containerdName) }
        let index: JSONValue = [
            "schemaVersion": 2,
            "manifests": [
                [
                    "mediaType": .string(image.mediaType), "digest": .string(image.digest),
                    "size": .integer(Int64(image.size)), "annotations": .object(annotations),
                ]
            ],
        ]
        try layout.write(index.jsonBytes(pretty: false), to: "index.json")
        if let repositoryTags {
            let manifest = try JSONValue(parsing: try world.images.blob(image.digest))
            func path(_ descriptor: JSONValue?) throws -> JSONValue {
                let digest = try #require(descriptor?["digest"]?.string)
                return .string("blobs/" + digest.replacing(":", with: "/"))
            }
            let docker: JSONValue = [
                [
                    "Config": try path(manifest["config"]),
                    "RepoTags": .array(repositoryTags.map(JSONValue.string)),
                    "Layers": .array(try #require(manifest["layers"]?.array).map(path)),
                ]
            ]
            try layout.write(docker.jsonBytes(pretty: false), to: "manifest.json")
        }
        let file = world.directory.file("docker.tar")
        try await runSuccessfully(Command("tar", ["-C", layout.path, "-cf", file, "."]))
        return file
    }

    @Test func anArchiveThatLoadsUnderAnotherNameIsRefused() async throws {
        try await World.with { world in
            let image = try await world.signed()
            let reference = world.reference("1.0")
            let good: [(String?, [String]?)] = [
                (nil, nil), (reference, nil), (nil, [reference]), (reference, [reference]), (nil, []),
            ]
            for (containerdName, repositoryTags) in good {
                let file = try await dockerArchive(
                    world,
                    image,
                    containerdName: containerdName,
                    repositoryTags: repositoryTags
                )
                let answer = try await world.consumer.run("verify", reference, "--image", "oci-archive:\(file)")
                try expect(answer, 0)
                #expect(answer.text == "\(world.repository)@\(image.digest)\n")
            }
            let bad: [(String?, [String]?, String)] = [
                ("docker.io/library/nginx:1.27", nil, "docker.io/library/nginx:1.27"),
                (world.reference("latest"), [reference], world.reference("latest")),
                (reference, ["nginx:1.27"], "nginx:1.27"),
                (reference, [reference, world.reference("latest")], world.reference("latest")),
                (nil, ["\(world.registry.address)/team/other:1.0"], "\(world.registry.address)/team/other:1.0"),
                (nil, ["registry.example.com/team/app:1.0"], "registry.example.com/team/app:1.0"),
                (nil, ["not a name"], "not a name"),
            ]
            for (containerdName, repositoryTags, found) in bad {
                let file = try await dockerArchive(
                    world,
                    image,
                    containerdName: containerdName,
                    repositoryTags: repositoryTags
                )
                let arguments = ["verify", reference, "--image", "oci-archive:\(file)"]
                try await expectRefusal(world.consumer, arguments, .badSignature)
                let refused = try await world.consumer.runAll(arguments)
                #expect(refused.errorText.contains("would name the image \(found)\n"), "\(refused)")
            }
        }
    }

    @Test func theNameInTheLayoutIsOneToo() async throws {
        try await World.with { world in
            let image = try await world.signed()
            let reference = world.reference("1.0")
            for (name, isGood) in [
                ("latest", true), ("team/app:1.0", true), (reference, true),
                ("registry.example.com/team/app:1.0", false),
                ("localhost/team/app:1.0", false), (world.reference("latest"), false),
            ] {
                let file = try await dockerArchive(
                    world,
                    image,
                    containerdName: nil,
                    repositoryTags: nil,
                    refName: name
                )
                let arguments = ["verify", reference, "--image", "oci-archive:\(file)"]
                if isGood {
                    try expect(try await world.consumer.runAll(arguments), 0)
                } else {
                    try await expectRefusal(world.consumer, arguments, .badSignature)
                }
            }
        }
    }

    @Test func archivesOfSkopeo() async throws {
        try await World.with { world in
            let image = try await world.signed()
            let reference = world.reference("1.0")
            let source = "oci:\(world.images.path):1.0"
            for name in ["", ":1.0", ":\(reference)"] {
                let file = world.directory.file("skopeo.tar")
                try Files.remove(file)
                try await runSuccessfully(
                    Command("skopeo", ["--insecure-policy", "copy", "-q", source, "oci-archive:\(file)\(name)"])
                )
                let answer = try await world.consumer.run("verify", reference, "--image", "oci-archive:\(file)")
                try expect(answer, 0)
                #expect(answer.text == "\(world.repository)@\(image.digest)\n")
            }
            // What docker wrote before version 25 has none of the documents that are signed.
            let old = world.directory.file("old.tar")
            try await runSuccessfully(
                Command(
                    "skopeo",
                    [
                        "--insecure-policy", "copy", "-q", "--format", "v2s2", source,
                        "docker-archive:\(old):\(reference)",
                    ]
                )
            )
            try await expectRefusal(
                world.consumer,
                ["verify", reference, "--image", "oci-archive:\(old)"],
                .badSignature
            )
        }
    }
}
