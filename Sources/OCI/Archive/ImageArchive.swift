import CanonicalJSON
import TrustCrypto

/// An OCI image layout inside an uncompressed tar archive, read in place: what `skopeo copy … oci-archive:`,
/// `buildx -o type=oci` and `docker save` (25 and later) write.
///
/// An archive that programs could read differently is refused: entries twice, links, entries that belong to other formats.
/// What is checked here is then what a program loads later, provided the file does not change in between.
public struct ImageArchive: Sendable, BlobSource {
    /// The file.
    public let path: String
    private let files: [String: FileSlice]
    private let index: Index

    private static let dockerManifestName = "manifest.json"
    private static let dockerRepositoriesName = "repositories"

    /// Opens an archive and reads its table of contents.
    ///
    /// - Parameter path: The file; a symbolic link is followed, only a regular file is read.
    /// - Throws: ``OCIError/archive(path:problem:)``; ``OCIError/fileMissing(path:)``;
    ///   what ``Index`` throws about `index.json`.
    public init(opening path: String) throws(OCIError) {
        guard let file = try RegularFile(opening: path, followingLinks: true) else { throw .fileMissing(path: path) }
        let directory = try TarDirectory(reading: file)
        guard let marker = directory.files[LayoutIndex.markerName], let list = directory.files[LayoutIndex.indexName],
            LayoutIndex.isMarker(try marker.bytes(limit: LayoutIndex.markerLimit))
        else { throw .archive(path: path, problem: .notALayout) }
        if let link = directory.firstLink { throw .archive(path: path, problem: .unsupportedEntry(name: link)) }
        for name in directory.files.keys.sorted() where !Self.belongs(name) {
            throw .archive(path: path, problem: .foreignEntry(name: name))
        }
        // Without manifest.json, docker takes this one for its oldest format.
        if directory.files[Self.dockerManifestName] == nil, directory.files[Self.dockerRepositoriesName] != nil {
            throw .archive(path: path, problem: .foreignEntry(name: Self.dockerRepositoriesName))
        }
        self.path = path
        files = directory.files
        index = try Index(parsing: try list.bytes(limit: DocumentLimits.maximumBytes), as: .ociIndex)
    }

    /// The images that `index.json` lists, in its order.
    public func images() -> [Descriptor] { index.manifests }

    /// The content of a descriptor; nil when the blob is not there.
    ///
    /// - Parameters:
    ///   - descriptor: What is asked for.
    ///   - limit: The most bytes that are read into memory.
    /// - Returns: The content, or nil.
    /// - Throws: As ``BlobSource/content(of:limit:)``.
    public func content(
        of descriptor: Descriptor,
        limit: Int = DocumentLimits.maximumBytes
    ) throws(OCIError) -> VerifiedContent? {
        guard let slice = files[Self.blobPath(descriptor.digest)] else { return nil }
        return try slice.content(matching: descriptor, limit: limit)
    }

    /// Compares a blob of any size with a descriptor.
    ///
    /// - Parameter descriptor: What is asked for.
    /// - Returns: False when the blob is not there.
    /// - Throws: As ``BlobSource/verify(_:)``.
    public func verify(_ descriptor: Descriptor) throws(OCIError) -> Bool {
        guard let slice = files[Self.blobPath(descriptor.digest)] else { return false }
        try slice.verify(matching: descriptor)
        return true
    }

    /// Makes sure that loading the archive brings in nothing but what was checked.
    ///
    /// `docker load` takes all images of an archive, and some versions read docker's `manifest.json` instead of
    /// `index.json`: an archive could show a signed image in one and carry another in the other.
    ///
    /// - Parameter reports: The checks of the images in this archive that are trusted.
    /// - Returns: The names that loading gives to images, as `manifest.json` and `index.json` state them, sorted; whoever
    ///   trusts the image still has to compare them with the name it was trusted for.
    /// - Throws: ``OCIError/archive(path:problem:)`` with `otherImage` or `disagreeingManifest`.
    public func checkLoading(_ reports: [ImageReport]) throws(OCIError) -> [String] {
        var names: Set<String> = []
        let checked = Set(reports.flatMap(\.documents).map(\.digest))
        for image in index.manifests {
            guard checked.contains(image.digest) || reports.contains(where: { $0.root.digest == image.digest }) else {
                throw .archive(path: path, problem: .otherImage(image.digest.description))
            }
            if let name = image.annotations[Annotations.containerdImageName] { names.insert(name) }
            // podman and containerd take this one for the image's name when it says of which registry.
            if let name = image.annotations[Annotations.refName], Self.namesRegistry(name) { names.insert(name) }
        }
        let images = reports.flatMap(\.images).map(\.manifest)
        for entry in try dockerManifest() {
            let agrees = images.contains { image in
                Self.blobPath(image.config.digest) == entry.config
                    && image.layers.map { Self.blobPath($0.digest) } == entry.layers
            }
            guard agrees else { throw .archive(path: path, problem: .disagreeingManifest) }
            names.formUnion(entry.tags)
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

extension ImageArchive {
    /// Whether a name begins with a registry, by docker's rule: a dot, a port or `localhost` before the first slash.
    private static func namesRegistry(_ name: String) -> Bool {
        guard let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else { return false }
        let first = name[..<slash]
        return first == "localhost" || first.utf8.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }
    }

    /// One image in docker's `manifest.json`.
    private struct DockerImage {
        let config: String
        let layers: [String]
        let tags: [String]
    }

    private func dockerManifest() throws(OCIError) -> [DockerImage] {
        guard let slice = files[Self.dockerManifestName] else { return [] }
        let document = try FieldReader.parse(try slice.bytes(limit: DocumentLimits.maximumBytes))
        guard document.root.kind == .array else { throw .invalidField(Self.dockerManifestName) }
        var images: [DockerImage] = []
        for node in document.root.elements {
            let reader = try FieldReader(
                node,
                at: "\(Self.dockerManifestName)[\(images.count)]",
                known: ["Config", "RepoTags", "Layers", "Parent", "LayerSources"]
            )
            images.append(
                DockerImage(
                    config: try reader.requiredString("Config"),
                    layers: try reader.nullableStrings("Layers"),
                    tags: try reader.nullableStrings("RepoTags")
                )
            )
        }
        return images
    }

    private static func blobPath(_ digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }

    /// Whether a file may be part of such an archive.
    private static func belongs(_ name: String) -> Bool {
        let fixed = [LayoutIndex.markerName, LayoutIndex.indexName, dockerManifestName, dockerRepositoriesName]
        if fixed.contains(name) { return true }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == "blobs" && (try? Digest(parsing: "\(parts[1]):\(parts[2])")) != nil
    }
}
