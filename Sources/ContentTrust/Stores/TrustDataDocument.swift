import OCI
package import TrustCrypto

/// The OCI documents that hold a set of trust data: one manifest with a layer for each file, or, for larger sets, an index
/// over such manifests.
package enum TrustDataDocument {
    /// The tag of the set that readers see.
    package static let tag = "trust-data"
    /// The most layers of one manifest, and the most children of one index.
    static let maximumLayers = 100
    /// The most bytes of one document: some registries refuse more.
    static let maximumLength = 1 << 20
    /// The annotations of a child in an index that say which roles' files it holds: the first and the last of them, in the
    /// order of their bytes. Whoever looks for one file then reads one child.
    static let firstRole = "io.trustctl.role.first"
    static let lastRole = "io.trustctl.role.last"

    /// A file of a set: its TUF name and the blob that holds it.
    package struct File: Sendable, Hashable {
        /// The TUF file name, such as `7.snapshot.json`.
        package let name: String
        /// Digest and length of the blob.
        package let digest: Digest
        package let size: Int64

        package init(name: String, digest: Digest, size: Int64) {
            self.name = name
            self.digest = digest
            self.size = size
        }

        package init(name: String, bytes: [UInt8]) {
            self.init(name: name, digest: Digest.compute(.sha256, over: bytes.span), size: Int64(bytes.count))
        }

        fileprivate var place: Place { Place(file: name) }

        var layer: Descriptor {
            Descriptor(
                mediaType: .tufMetadata,
                digest: digest,
                size: size,
                annotations: [Annotations.tufFilename: name]
            )
        }
    }

    /// The documents of a set.
    struct Documents: Sendable {
        /// What the tag leads to.
        let root: VerifiedContent
        /// The manifests under an index; none when the root is a manifest itself.
        let children: [VerifiedContent]
    }

    /// The documents that hold `files`. The same files always give the same documents.
    ///
    /// - Parameter files: Files with distinct names.
    /// - Returns: The documents.
    /// - Throws: ``TrustStoreError/tooLarge(file:limit:)`` when they are too many.
    static func documents(for files: [File]) throws(TrustStoreError) -> Documents {
        let sorted = files.sorted { $0.place < $1.place }
        let single = manifest(sorted)
        if sorted.count <= maximumLayers, single.bytes.count <= maximumLength {
            return Documents(root: single, children: [])
        }
        // What changes seldom lies apart from what changes always, in an order that no version changes: of two sets in a
        // row most children are the same.
        var children: [VerifiedContent] = []
        var descriptors: [Descriptor] = []
        for group in 0...2 {
            for chunk in chunks(sorted.filter { $0.place.group == group }) {
                let child = manifest(chunk)
                var descriptor = child.descriptor
                descriptor.annotations[firstRole] = chunk.first.map { roleKey(ofFile: $0.name) }
                descriptor.annotations[lastRole] = chunk.last.map { roleKey(ofFile: $0.name) }
                children.append(child)
                descriptors.append(descriptor)
            }
        }
        let index = Index(artifactType: .tufMetadataArtifact, manifests: descriptors)
        let root = VerifiedContent(describing: index.bytes, mediaType: .ociIndex)
        guard children.count <= maximumLayers, root.bytes.count <= maximumLength,
            children.allSatisfy({ $0.bytes.count <= maximumLength })
        else {
            throw .tooLarge(file: tag, limit: maximumLength)
        }
        return Documents(root: root, children: children)
    }

    /// The name of a file without its version, as children are ordered by it.
    static func roleKey(ofFile name: String) -> String {
        let bytes = name.utf8
        let digits = bytes.prefix { (0x30...0x39).contains($0) }
        let rest = bytes.dropFirst(digits.count)
        guard !digits.isEmpty, rest.first == UInt8(ascii: ".") else { return name }
        return String(decoding: rest.dropFirst(), as: UTF8.self)
    }

    /// The files that a manifest holds.
    static func files(inManifest content: VerifiedContent, store: String) throws(TrustStoreError) -> [File] {
        let manifest: Manifest
        do {
            manifest = try Manifest(parsing: content.bytes, as: content.descriptor.mediaType)
        } catch {
            throw .notTrustData(store: store, problem: "\(error)")
        }
        // docker/go-tuf-mirror states no artifact type; what is stated must be ours.
        guard manifest.artifactType.map({ $0 == .tufMetadataArtifact }) ?? !manifest.layers.isEmpty else {
            throw .notTrustData(store: store, problem: "artifact type \(manifest.artifactType?.string ?? "none")")
        }
        guard manifest.layers.count <= maximumLayers else {
            throw .notTrustData(store: store, problem: "\(manifest.layers.count) layers in one manifest")
        }
        var files: [File] = []
        for layer in manifest.layers {
            guard layer.mediaType == .tufMetadata, let name = layer.annotations[Annotations.tufFilename] else {
                throw .notTrustData(store: store, problem: "a layer of media type \(layer.mediaType)")
            }
            files.append(File(name: name, digest: layer.digest, size: layer.size))
        }
        return files
    }

    /// The children of an index.
    static func children(inIndex content: VerifiedContent, store: String) throws(TrustStoreError) -> [Descriptor] {
        let index: Index
        do {
            index = try Index(parsing: content.bytes, as: content.descriptor.mediaType)
        } catch {
            throw .notTrustData(store: store, problem: "\(error)")
        }
        guard index.artifactType == .tufMetadataArtifact else {
            throw .notTrustData(store: store, problem: "artifact type \(index.artifactType?.string ?? "none")")
        }
        guard index.manifests.count <= maximumLayers, index.manifests.allSatisfy({ $0.mediaType.isManifest }) else {
            throw .notTrustData(store: store, problem: "an index over something else than up to 100 manifests")
        }
        return index.manifests
    }

    private static func manifest(_ files: some Sequence<File>) -> VerifiedContent {
        let manifest = Manifest(artifactType: .tufMetadataArtifact, layers: files.map(\.layer))
        return VerifiedContent(describing: manifest.bytes, mediaType: .ociManifest)
    }

    private static func chunks(_ files: [File]) -> [ArraySlice<File>] {
        stride(from: 0, to: files.count, by: maximumLayers).map { files[$0..<min($0 + maximumLayers, files.count)] }
    }
}

/// Where a file of a set comes among the others: roots, then what every set has, then delegated roles; by role, then version.
private struct Place: Comparable {
    let group: Int
    private let role: String
    private let name: String

    init(file name: String) {
        self.name = name
        role = TrustDataDocument.roleKey(ofFile: name)
        switch role {
        case "root.json": group = 0
        case "targets.json", "snapshot.json", "timestamp.json": group = 1
        default: group = 2
        }
    }

    static func < (lhs: Place, rhs: Place) -> Bool {
        if lhs.group != rhs.group { return lhs.group < rhs.group }
        if lhs.role != rhs.role { return lhs.role < rhs.role }
        // Versions as numbers.
        return (lhs.name.utf8.count, lhs.name) < (rhs.name.utf8.count, rhs.name)
    }
}
