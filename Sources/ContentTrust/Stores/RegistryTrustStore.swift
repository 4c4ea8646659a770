import OCI
package import OCIRegistry
import TUF
import TrustCrypto

/// Trust data in a registry, as an OCI artifact under the tag `trust-data`.
package struct RegistryTrustStore: TrustStore {
    let client: RegistryClient
    let blobs: SmallBlobCache

    /// How many announcement tags there are: `trust-data.00` and on. Few, because each publisher asks for all of them.
    static let slotCount = 8
    /// In how many of these tags a set is announced.
    static let copies = 3
    /// How many sets a publisher makes at most before it says that others are in the way.
    static let maximumRounds = 24

    /// The trust data in a repository.
    ///
    /// - Parameters:
    ///   - client: Asks the registry.
    ///   - blobs: What was downloaded before.
    package init(client: RegistryClient, blobs: SmallBlobCache) {
        self.client = client
        self.blobs = blobs
    }

    /// Whether a tag belongs to trust data, so that it can be neither signed nor verified as an image.
    package static func isReserved(_ tag: String) -> Bool {
        tag.utf8.elementsEqual(TrustDataDocument.tag.utf8) || tag.utf8.starts(with: "\(TrustDataDocument.tag).".utf8)
    }

    /// The store as messages name it.
    package var name: String { client.repository.description }

    /// The tag that readers look at.
    var pointerTag: TagName {
        get throws(TrustStoreError) { try tag(TrustDataDocument.tag) }
    }

    /// The tag of an announcement.
    func slotTag(_ slot: Int) throws(TrustStoreError) -> TagName {
        try tag("\(TrustDataDocument.tag).\(slot < 10 ? "0" : "")\(slot)")
    }

    /// The tag that keeps a child of an announced index from garbage collectors, which delete what only an index names.
    /// The next announcement in the slot takes it over, so that no more of them are left than the slots' sets need.
    func childTag(_ child: Int, ofSlot slot: Int) throws(TrustStoreError) -> TagName {
        try tag("\(slotTag(slot)).\(child)")
    }

    /// The trust data that readers see now: one request when it is what was seen last.
    ///
    /// - Returns: The set, or nil only when the registry says that there is no such tag.
    /// - Throws: ``TrustStoreError``.
    package func current() async throws(TrustStoreError) -> (any TrustData)? {
        guard let descriptor = try await head(try pointerTag) else { return nil }
        return try await open(descriptor)
    }

    /// Publishes a change, along with other publishers.
    ///
    /// - Parameter publication: Makes the new set.
    /// - Returns: What is there now.
    /// - Throws: ``PublishError``.
    package func publish(_ publication: Publication) async throws(PublishError) -> PublishedSet {
        var publishing = RegistryPublishing(store: self, publication: publication)
        return try await publishing.run()
    }

    /// Lets a tag lead to a document; what it names is there already.
    ///
    /// While another publisher uploads a blob of the same content, a registry on a file system may not find it for a moment.
    /// One that has really lost it says so again.
    func push(_ document: VerifiedContent, as tag: TagName) async throws(TrustStoreError) {
        var pause = Duration.milliseconds(100)
        while true {
            do {
                return try await client.pushManifest(document, tag: tag)
            } catch {
                guard error.saysThatABlobIsLost, pause < .seconds(1) else { throw .registry(error) }
            }
            do { try await Task.sleep(for: pause) } catch { throw .registry(.cancelled) }
            pause = pause * 2
        }
    }

    // MARK: Reading

    /// Which document a tag names, asked with HEAD, because hosts count GET as a pull.
    func head(_ tag: TagName) async throws(TrustStoreError) -> Descriptor? {
        do { return try await client.headManifest(.tag(tag)) } catch { throw .registry(error) }
    }

    /// The set of a document.
    func open(_ root: Descriptor) async throws(TrustStoreError) -> RegistryTrustData {
        let content = try await document(root.digest, mediaType: root.mediaType)
        let files = try TrustDataFiles(content, store: name) { (child) throws(TrustStoreError) in
            try await document(child.digest, mediaType: child.mediaType)
        }
        return RegistryTrustData(store: self, identity: root.digest, files: files)
    }

    /// The children of an index.
    func children(of root: Descriptor) async throws(TrustStoreError) -> [Descriptor] {
        try TrustDataDocument.children(
            inIndex: try await document(root.digest, mediaType: root.mediaType),
            store: name
        )
    }

    /// The files of a manifest.
    func files(ofManifest manifest: Descriptor) async throws(TrustStoreError) -> [TrustDataDocument.File] {
        try TrustDataDocument.files(
            inManifest: try await document(manifest.digest, mediaType: manifest.mediaType),
            store: name
        )
    }

    private func document(_ digest: Digest, mediaType: MediaType) async throws(TrustStoreError) -> VerifiedContent {
        if let bytes = blobs.content(of: digest),
            let kept = try? VerifiedContent(bytes, mediaType: mediaType, digest: digest)
        {
            return kept
        }
        let content: VerifiedContent?
        do { content = try await client.manifest(.digest(digest)) } catch { throw .registry(error) }
        guard let content else { throw .vanished(digest.description) }
        guard content.bytes.count <= TrustDataDocument.maximumLength else {
            throw .tooLarge(file: digest.description, limit: TrustDataDocument.maximumLength)
        }
        blobs.keep(content.bytes, as: digest)
        return content
    }

    private func tag(_ string: String) throws(TrustStoreError) -> TagName {
        do { return try TagName(string) } catch { throw .layout(error) }
    }
}

/// A set in a registry.
struct RegistryTrustData: TrustData {
    let store: RegistryTrustStore
    let identity: Digest
    let files: TrustDataFiles

    func rootFileNames() async throws(TrustStoreError) -> [String] {
        Array(try await files.files(ofRole: "root.json").keys)
    }

    func file(named fileName: String) async throws(TrustStoreError) -> StoredFile? {
        try await files.file(fileName).map { StoredFile(name: $0.name, blob: $0) }
    }

    func bytes(ofFile fileName: String, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? {
        guard let file = try await files.file(fileName) else { return nil }
        guard file.size <= Int64(maximumLength) else { throw .tooLarge(file: fileName, limit: maximumLength) }
        if let bytes = store.blobs.content(of: file.digest) { return bytes }
        let content: VerifiedContent?
        do { content = try await store.client.blob(file.layer, limit: maximumLength) } catch { throw .registry(error) }
        guard let content else { throw .vanished(fileName) }
        store.blobs.keep(content.bytes, as: file.digest)
        return content.bytes
    }

    func holds(_ file: StoredFile) async throws(TrustStoreError) -> Bool {
        guard let blob = file.blob else { return true }
        do { return try await store.client.hasBlob(blob.digest) } catch { throw .registry(error) }
    }
}
