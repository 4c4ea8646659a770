/// An OCI image layout on disk that a test fills: images made by `umoci`, indexes and artifacts written here. The same
/// calls give the same digests everywhere.
public final class TestImages: Sendable {
    /// The directory of the layout, for `oci:PATH:TAG`.
    public var path: String { directory.file("layout") }

    private let directory: TemporaryDirectory

    /// What the layout's index says of something in it.
    public struct Entry: Sendable, Equatable {
        /// The tag in the layout.
        public var tag: String
        /// `sha256:` and the digest in hexadecimal.
        public var digest: String
        /// The length of the manifest or index in bytes.
        public var size: Int
        /// Its media type.
        public var mediaType: String
    }

    /// The media type of an image manifest.
    public static let manifestType = "application/vnd.oci.image.manifest.v1+json"
    /// The media type of an image index.
    public static let indexType = "application/vnd.oci.image.index.v1+json"

    /// Makes an empty layout.
    ///
    /// - Throws: `ProcessError` when umoci fails, `FixtureError` when there is no place for it.
    public init() async throws {
        directory = try TemporaryDirectory("trustctl-test-images")
        try await runSuccessfully(umoci("init", "--layout", path))
    }

    /// Makes an image with a layer for each text, which is the content of `/etc/motd` in it.
    ///
    /// - Parameters:
    ///   - tag: Its tag in the layout.
    ///   - layers: The texts.
    ///   - architecture: `amd64`, `arm64`, ... as in the OCI image configuration.
    /// - Returns: What the layout's index says of it.
    /// - Throws: `ProcessError` when umoci or tar fails, `FixtureError`.
    @discardableResult
    public func makeImage(_ tag: String, layers: [String] = ["hello"], architecture: String = "amd64") async throws
        -> Entry
    {
        let image = "\(path):\(tag)"
        try await runSuccessfully(umoci("new", "--image", image))
        for (number, text) in layers.enumerated() {
            let root = "root-\(tag)-\(number)"
            try directory.write(text + "\n", to: "\(root)/etc/motd")
            let tar = directory.file("\(root).tar")
            try await runSuccessfully(
                Command(
                    "tar",
                    [
                        "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX",
                        "-C", directory.file(root), "-cf", tar, ".",
                    ]
                )
            )
            try await runSuccessfully(
                umoci("raw", "add-layer", "--image", image, "--history.created", Self.date, tar)
            )
        }
        try await runSuccessfully(
            umoci(
                "config",
                "--image",
                image,
                "--created",
                Self.date,
                "--os",
                "linux",
                "--architecture",
                architecture,
                "--no-history"
            )
        )
        return try entry(tag)
    }

    /// Makes an index over images that the layout holds.
    ///
    /// - Parameters:
    ///   - tag: Its tag in the layout.
    ///   - images: The tags of the children, by platform: `linux/amd64`, `linux/arm64/v8`, ...
    /// - Returns: What the layout's index says of it.
    /// - Throws: `FixtureError`, `ProcessError`.
    @discardableResult
    public func makeIndex(_ tag: String, of images: [(platform: String, tag: String)]) async throws -> Entry {
        var manifests: [[String: Any]] = []
        for image in images {
            let child = try entry(image.tag)
            let parts = image.platform.split(separator: "/").map(String.init)
            guard parts.count >= 2 else { throw FixtureError.unexpected("no platform: \(image.platform)") }
            var platform = ["os": parts[0], "architecture": parts[1]]
            if parts.count > 2 { platform["variant"] = parts[2] }
            manifests.append([
                "mediaType": child.mediaType, "digest": child.digest, "size": child.size, "platform": platform,
            ])
        }
        return try await add(
            tag,
            ["schemaVersion": 2, "mediaType": Self.indexType, "manifests": manifests],
            mediaType: Self.indexType
        )
    }

    /// Makes an index over an amd64 and an arm64 image that differ in their layer; the children are tagged with the
    /// index's tag and their architecture.
    ///
    /// - Parameters:
    ///   - tag: Its tag in the layout.
    ///   - text: The content of the images.
    /// - Returns: What the layout's index says of it.
    /// - Throws: `FixtureError`, `ProcessError`.
    @discardableResult
    public func makeMultiArchitectureImage(_ tag: String, text: String = "hello") async throws -> Entry {
        for architecture in ["amd64", "arm64"] {
            try await makeImage(
                "\(tag)-\(architecture)",
                layers: ["\(text) \(architecture)"],
                architecture: architecture
            )
        }
        return try await makeIndex(
            tag,
            of: [("linux/amd64", "\(tag)-amd64"), ("linux/arm64/v8", "\(tag)-arm64")]
        )
    }

    /// Makes an artifact: a manifest with an `artifactType`, the empty configuration and one layer.
    ///
    /// - Parameters:
    ///   - tag: Its tag in the layout.
    ///   - artifactType: What it is.
    ///   - content: The bytes of its layer.
    /// - Returns: What the layout's index says of it.
    /// - Throws: `FixtureError`, `ProcessError`.
    @discardableResult
    public func makeArtifact(
        _ tag: String,
        artifactType: String = "application/vnd.example.report.v1",
        content: String = "a report"
    ) async throws -> Entry {
        let configuration = try await addBlob(Array("{}".utf8))
        let layer = try await addBlob(Array(content.utf8))
        return try await add(
            tag,
            [
                "schemaVersion": 2,
                "mediaType": Self.manifestType,
                "artifactType": artifactType,
                "config": [
                    "mediaType": "application/vnd.oci.empty.v1+json", "digest": configuration.digest,
                    "size": configuration.size,
                ] as [String: Any],
                "layers": [
                    ["mediaType": artifactType, "digest": layer.digest, "size": layer.size] as [String: Any]
                ],
            ],
            mediaType: Self.manifestType
        )
    }

    /// What the layout's index says of a tag.
    ///
    /// - Parameter tag: The tag in the layout.
    /// - Returns: Its entry.
    /// - Throws: `FixtureError` when there is none.
    public func entry(_ tag: String) throws -> Entry {
        for manifest in try manifests() {
            let annotations = manifest["annotations"] as? [String: Any]
            guard annotations?[Self.tagAnnotation] as? String == tag else { continue }
            guard let digest = manifest["digest"] as? String, let size = manifest["size"] as? Int,
                let mediaType = manifest["mediaType"] as? String
            else { break }
            return Entry(tag: tag, digest: digest, size: size, mediaType: mediaType)
        }
        throw FixtureError.missing("no tag \(tag) in \(path)")
    }

    /// The bytes of a blob or manifest of the layout.
    ///
    /// - Parameter digest: `sha256:` and the digest in hexadecimal.
    /// - Returns: The bytes.
    /// - Throws: `FixtureError`.
    public func blob(_ digest: String) throws -> [UInt8] {
        try Files.read("\(path)/blobs/sha256/\(digest.dropFirst("sha256:".utf8.count))")
    }

    private static let date = "2024-01-01T00:00:00Z"
    private static let tagAnnotation = "org.opencontainers.image.ref.name"

    private func umoci(_ arguments: String...) -> Command { Command("umoci", arguments) }

    private func manifests() throws -> [[String: Any]] {
        let index = try JSONText.decodeObject(try Files.read("\(path)/index.json"))
        return index["manifests"] as? [[String: Any]] ?? []
    }

    private func addBlob(_ bytes: [UInt8]) async throws -> (digest: String, size: Int) {
        // The hash of another program: the product's own is under test.
        let output = try await runSuccessfully(Command("sha256sum", input: .bytes(bytes)))
        let hex = String(output.text.prefix(64))
        try Files.write(bytes, to: "\(path)/blobs/sha256/\(hex)")
        return ("sha256:\(hex)", bytes.count)
    }

    private func add(_ tag: String, _ document: [String: Any], mediaType: String) async throws -> Entry {
        let blob = try await addBlob(try JSONText.encode(document))
        var entries = try manifests().filter {
            ($0["annotations"] as? [String: Any])?[Self.tagAnnotation] as? String != tag
        }
        entries.append([
            "mediaType": mediaType, "digest": blob.digest, "size": blob.size,
            "annotations": [Self.tagAnnotation: tag],
        ])
        try Files.write(try JSONText.encode(["schemaVersion": 2, "manifests": entries]), to: "\(path)/index.json")
        return try entry(tag)
    }
}
