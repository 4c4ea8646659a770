import OCI
import TUF
import TrustCrypto

/// Trust data in an OCI image layout, as the same artifact that a registry holds, under the name `trust-data`.
package struct LayoutTrustStore: TrustStore {
    private let path: String
    /// How often to begin anew when other publishers were faster.
    private static let maximumRounds = 16

    /// The trust data in a layout.
    ///
    /// - Parameter path: The folder of the layout; it is made when trust data is published.
    package init(path: String) {
        self.path = path
    }

    /// The store as messages name it.
    package var name: String { "oci:\(path)" }

    private var pointer: ImageName {
        get throws(OCIError) { try ImageName(TrustDataDocument.tag) }
    }

    /// Where files of signers wait.
    package var waitingPlaces: [any WaitingPlace] { [LayoutWaitingPlace(path: path)] }

    /// The trust data that readers see now.
    ///
    /// - Returns: The set, or nil when the layout has no image of that name.
    /// - Throws: ``TrustStoreError``, also when there is no layout.
    package func current() async throws(TrustStoreError) -> (any TrustData)? {
        try open()
    }

    private func open() throws(TrustStoreError) -> LayoutTrustData? {
        do {
            let layout = try ImageLayout(opening: path)
            let descriptor: Descriptor
            do {
                descriptor = try layout.image(named: pointer)
            } catch .imageNotFound {
                return nil
            }
            return try LayoutTrustData(layout: layout, root: descriptor, store: name)
        } catch let error as TrustStoreError {
            throw error
        } catch let error as OCIError {
            throw .layout(error)
        } catch {
            throw .notTrustData(store: name, problem: "\(error)")
        }
    }

    /// Publishes a change: blobs first, the name last, and only if nobody moved it meanwhile.
    ///
    /// - Parameter publication: Makes the new set.
    /// - Returns: What is there now.
    /// - Throws: ``PublishError``.
    package func publish(_ publication: Publication) async throws(PublishError) -> PublishedSet {
        for round in 1...Self.maximumRounds {
            let present: LayoutTrustData?
            do { present = try open() } catch { throw .store(error) }
            guard let new = try await publication.next(after: present) else {
                guard let present else { throw .store(.vanished(name)) }
                return PublishedSet(identity: present.identity, changed: false, rounds: round)
            }
            do {
                let identity = try await write(new, after: present)
                return PublishedSet(identity: identity, changed: true, rounds: round)
            } catch .layout(.imageChanged) {
                continue
            } catch {
                throw .store(error)
            }
        }
        throw .conflict("\(Self.maximumRounds) times in a row another publisher was faster")
    }

    private func write(_ new: NewTrustData, after present: LayoutTrustData?) async throws(TrustStoreError) -> Digest {
        let documents = try TrustDataDocument.documents(for: try new.blobs(of: name))
        do {
            let layout = try ImageLayout(creatingIfAbsent: path)
            try layout.write(VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociEmpty))
            for bytes in new.newFiles {
                try layout.write(VerifiedContent(describing: bytes, mediaType: .tufMetadata))
            }
            for child in documents.children { try layout.write(child) }
            try await layout.setImage(
                documents.root,
                named: pointer,
                expecting: present.map { .digest($0.identity) } ?? .absent
            )
            return documents.root.descriptor.digest
        } catch {
            throw .layout(error)
        }
    }
}

private struct LayoutTrustData: TrustData {
    let identity: Digest
    private let layout: ImageLayout
    private let files: TrustDataFiles

    init(layout: ImageLayout, root: Descriptor, store: String) throws(TrustStoreError) {
        self.layout = layout
        identity = root.digest
        files = try TrustDataFiles(try Self.document(root, in: layout), store: store) {
            (child) throws(TrustStoreError) in
            try Self.document(child, in: layout)
        }
    }

    func rootFileNames() async throws(TrustStoreError) -> [String] {
        Array(try await files.files(ofRole: "root.json").keys)
    }

    func file(named fileName: String) async throws(TrustStoreError) -> StoredFile? {
        try await files.file(fileName).map { StoredFile(name: $0.name, blob: $0) }
    }

    func holds(_ file: StoredFile) async throws(TrustStoreError) -> Bool {
        guard let blob = file.blob else { return true }
        do {
            return try layout.verify(blob.layer)
        } catch .sizeMismatch, .digestMismatch {
            // What is there but damaged is written anew.
            return false
        } catch {
            throw .layout(error)
        }
    }

    func bytes(ofFile fileName: String, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? {
        guard let file = try await files.file(fileName) else { return nil }
        guard file.size <= maximumLength else { throw .tooLarge(file: fileName, limit: maximumLength) }
        do {
            guard let content = try layout.content(of: file.layer, limit: maximumLength) else {
                throw TrustStoreError.vanished(fileName)
            }
            return content.bytes
        } catch let error as TrustStoreError {
            throw error
        } catch let error as OCIError {
            throw .layout(error)
        } catch {
            throw .notTrustData(store: fileName, problem: "\(error)")
        }
    }

    private static func document(_ descriptor: Descriptor, in layout: ImageLayout) throws(TrustStoreError)
        -> VerifiedContent
    {
        do {
            guard let content = try layout.content(of: descriptor, limit: TrustDataDocument.maximumLength) else {
                throw TrustStoreError.vanished(descriptor.digest.description)
            }
            return content
        } catch let error as TrustStoreError {
            throw error
        } catch let error as OCIError {
            throw .layout(error)
        } catch {
            throw .notTrustData(store: layout.path, problem: "\(error)")
        }
    }
}
