import TUF
import TrustCrypto

/// Trust data as plain TUF files in a directory: `N.root.json`, `N.targets.json`, `N.snapshot.json`, `timestamp.json`.
///
/// `timestamp.json` is replaced last and makes a set current, as on any TUF repository with consistent snapshots.
package struct DirectoryTrustStore: TrustStore {
    private let path: String
    private static let lockTimeout = Duration.seconds(30)

    /// The trust data in a directory.
    ///
    /// - Parameter path: The directory; made when trust data is published.
    package init(path: String) {
        self.path = path
    }

    /// The store as messages name it.
    package var name: String { "dir:\(path)" }

    /// Where files of signers wait.
    package var waitingPlaces: [any WaitingPlace] { [DirectoryWaitingPlace(path: path)] }

    /// The trust data that readers see now.
    ///
    /// - Returns: The set, or nil when there is no `timestamp.json`.
    /// - Throws: ``TrustStoreError``.
    package func current() async throws(TrustStoreError) -> (any TrustData)? {
        do {
            let timestamp = MetadataFile.timestamp.name
            guard let bytes = try DurableFile.read("\(path)/\(timestamp)", limit: TUFLimits().timestampLength) else {
                return nil
            }
            let names = try DurableFile.list(path) ?? []
            return DirectoryTrustData(
                path: path,
                timestamp: bytes,
                fileNames: Set(names.filter(DirectoryTrustData.isMetadata))
            )
        } catch .tooLarge(_, let limit) {
            // What is in the store is wrong, not this machine's storage.
            throw .tooLarge(file: MetadataFile.timestamp.name, limit: limit)
        } catch {
            throw .file(error)
        }
    }

    /// Publishes a change under the directory's lock.
    ///
    /// - Parameter publication: Makes the new set.
    /// - Returns: What is there now.
    /// - Throws: ``PublishError``.
    package func publish(_ publication: Publication) async throws(PublishError) -> PublishedSet {
        let lock: FileLock
        do throws(FileError) {
            try DurableFile.createDirectory(path, mode: 0o755)
            lock = try await FileLock.acquire("\(path)/.lock", timeout: Self.lockTimeout)
        } catch {
            throw .store(.file(error))
        }
        let present: (any TrustData)?
        do { present = try await current() } catch { throw .store(error) }
        guard let new = try await publication.next(after: present) else {
            guard let present else { throw .store(.vanished(path)) }
            return PublishedSet(identity: present.identity, changed: false, rounds: 1)
        }
        do {
            // The timestamp last: it must not name what is not there.
            let timestamp = MetadataFile.timestamp.name
            for file in new.files.filter({ $0.name != timestamp }) + new.files.filter({ $0.name == timestamp }) {
                guard case .bytes(let bytes) = file.content else { continue }
                try DurableFile.write(bytes.span, to: "\(path)/\(file.name)", mode: 0o644)
            }
            try removeSuperseded(by: new)
        } catch {
            throw .store(.file(error))
        }
        _ = consume lock
        return PublishedSet(identity: new.timestampDigest, changed: true, rounds: 1)
    }

    /// Readers that began with the old timestamp may still ask for its files: only the sets before it are removed.
    private func removeSuperseded(by new: NewTrustData) throws(FileError) {
        let kept = Set(new.files.map(\.name)).union(new.previousFileNames)
        for name in try DurableFile.list(path) ?? [] where DirectoryTrustData.isMetadata(name) {
            guard !kept.contains(name), !name.hasSuffix(".root.json") else { continue }
            _ = try DurableFile.remove("\(path)/\(name)")
        }
    }
}

private struct DirectoryTrustData: TrustData {
    let path: String
    let timestamp: [UInt8]
    let fileNames: Set<String>

    static func isMetadata(_ name: String) -> Bool { name.hasSuffix(".json") }

    var identity: Digest { Digest.compute(.sha256, over: timestamp.span) }

    func rootFileNames() async throws(TrustStoreError) -> [String] { fileNames.filter { $0.hasSuffix(".root.json") } }

    func file(named fileName: String) async throws(TrustStoreError) -> StoredFile? {
        fileNames.contains(fileName) ? StoredFile(name: fileName, blob: nil) : nil
    }

    func bytes(ofFile fileName: String, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? {
        if fileName == MetadataFile.timestamp.name { return timestamp }
        guard fileNames.contains(fileName) else { return nil }
        do {
            guard let bytes = try DurableFile.read("\(path)/\(fileName)", limit: maximumLength) else {
                throw TrustStoreError.vanished(fileName)
            }
            return bytes
        } catch let error as TrustStoreError {
            throw error
        } catch let FileError.tooLarge(_, limit) {
            throw .tooLarge(file: fileName, limit: limit)
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .notTrustData(store: path, problem: "\(error)")
        }
    }
}
