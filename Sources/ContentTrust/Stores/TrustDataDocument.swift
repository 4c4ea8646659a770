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
    /// The most files of one set that are read.
    static let maximumFiles = maximumLayers * 100

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
        let sorted = files.sorted { ($0.name.utf8.count, $0.name) < ($1.name.utf8.count, $1.name) }
        let single = manifest(sorted)
        if sorted.count <= maximumLayers, single.bytes.count <= maximumLength {
            return Documents(root: single, children: [])
        }
        // Root files never change: in children of their own, in order, only the last of these is ever written again.
        let roots = sorted.filter { isRoot($0.name) }
        let others = sorted.filter { !isRoot($0.name) }
        let children = (chunks(roots) + chunks(others)).map(manifest)
        let index = Index(artifactType: .tufMetadataArtifact, manifests: children.map(\.descriptor))
        let root = VerifiedContent(describing: index.bytes, mediaType: .ociIndex)
        guard children.count <= maximumLayers, root.bytes.count <= maximumLength,
            children.allSatisfy({ $0.bytes.count <= maximumLength })
        else {
            throw .tooLarge(file: tag, limit: maximumLength)
        }
        return Documents(root: root, children: children)
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

    /// The files of a whole set, by name.
    ///
    /// - Throws: ``TrustStoreError/notTrustData(store:problem:)`` when two files have one name.
    static func byName(_ files: [File], store: String) throws(TrustStoreError) -> [String: File] {
        guard files.count <= maximumFiles else {
            throw .notTrustData(store: store, problem: "\(files.count) files")
        }
        var byName: [String: File] = [:]
        for file in files {
            guard byName.updateValue(file, forKey: file.name) == nil else {
                throw .notTrustData(store: store, problem: "two files named \(file.name)")
            }
        }
        return byName
    }

    private static func manifest(_ files: some Sequence<File>) -> VerifiedContent {
        let manifest = Manifest(artifactType: .tufMetadataArtifact, layers: files.map(\.layer))
        return VerifiedContent(describing: manifest.bytes, mediaType: .ociManifest)
    }

    private static func isRoot(_ name: String) -> Bool { name.hasSuffix(".root.json") }

    private static func chunks(_ files: [File]) -> [ArraySlice<File>] {
        stride(from: 0, to: files.count, by: maximumLayers).map { files[$0..<min($0 + maximumLayers, files.count)] }
    }
}
