import OCI
import TUF
import TrustCrypto

/// Where files of signers wait in a layout: an image of its own, of the same form as trust data.
struct LayoutWaitingPlace: WaitingPlace {
    let path: String

    private static let imageName = "\(TrustDataDocument.tag).waiting"

    func read() async throws(TrustStoreError) -> WaitingContents? {
        let layout: ImageLayout
        let descriptor: Descriptor
        do {
            layout = try ImageLayout(opening: path)
            descriptor = try layout.image(named: try ImageName(Self.imageName))
        } catch .imageNotFound {
            return nil
        } catch .notALayout {
            return nil
        } catch {
            throw .layout(error)
        }
        // Nonsense makes room for what is to wait.
        guard let content = try bytes(of: descriptor, in: layout, limit: TrustDataDocument.maximumLength),
            let files = try? TrustDataDocument.files(inManifest: content, store: "oci:\(path)")
        else { return WaitingContents(identity: descriptor.digest, files: []) }
        return WaitingContents(identity: descriptor.digest, files: files)
    }

    func bytes(of file: TrustDataDocument.File) async throws(TrustStoreError) -> [UInt8]? {
        do {
            return try bytes(of: file.layer, in: ImageLayout(opening: path), limit: WaitingContents.maximumLength)?
                .bytes
        } catch let error as TrustStoreError {
            throw error
        } catch let error as OCIError {
            throw .layout(error)
        } catch {
            throw .notTrustData(store: "oci:\(path)", problem: "\(error)")
        }
    }

    /// Content of the layout; nil when it is gone, or is not what its name says.
    private func bytes(
        of descriptor: Descriptor,
        in layout: ImageLayout,
        limit: Int
    ) throws(TrustStoreError) -> VerifiedContent? {
        do {
            return try layout.content(of: descriptor, limit: limit)
        } catch {
            if case .file = error { throw .layout(error) }
            return nil
        }
    }

    func write(
        _ files: [TrustDataDocument.File],
        new: [[UInt8]],
        after present: WaitingContents?
    ) async throws(TrustStoreError) -> Bool {
        let document = try TrustDataDocument.documents(for: files).root
        do {
            let layout = try ImageLayout(opening: path)
            try layout.write(VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociEmpty))
            for bytes in new { try layout.write(VerifiedContent(describing: bytes, mediaType: .tufMetadata)) }
            try await layout.setImage(
                document,
                named: try ImageName(Self.imageName),
                expecting: present.map { .digest($0.identity) } ?? .absent
            )
            return true
        } catch .imageChanged {
            return false
        } catch {
            throw .layout(error)
        }
    }
}

/// Where files of signers wait in a directory of TUF files: a folder `waiting` in it.
struct DirectoryWaitingPlace: WaitingPlace {
    let path: String

    private static let lockTimeout = Duration.seconds(30)
    /// More files than that are not looked at.
    private static let maximumCount = 256

    private var folder: String { "\(path)/waiting" }

    func read() async throws(TrustStoreError) -> WaitingContents? {
        do throws(FileError) {
            guard let names = try DurableFile.list(folder) else { return nil }
            var files: [TrustDataDocument.File] = []
            for name in names.filter({ $0.hasSuffix(".json") }).sorted().prefix(Self.maximumCount) {
                do throws(FileError) {
                    guard let bytes = try DurableFile.read("\(folder)/\(name)", limit: WaitingContents.maximumLength)
                    else {
                        continue
                    }
                    files.append(TrustDataDocument.File(name: name, bytes: bytes))
                } catch {
                    guard case .tooLarge = error else { throw error }
                }
            }
            let listing = Array(files.map { "\($0.name) \($0.digest)" }.joined(separator: "\n").utf8)
            return WaitingContents(identity: Digest.compute(.sha256, over: listing.span), files: files)
        } catch {
            throw .file(error)
        }
    }

    func bytes(of file: TrustDataDocument.File) async throws(TrustStoreError) -> [UInt8]? {
        do throws(FileError) {
            return try DurableFile.read("\(folder)/\(file.name)", limit: WaitingContents.maximumLength)
        } catch {
            throw .file(error)
        }
    }

    func write(
        _ files: [TrustDataDocument.File],
        new: [[UInt8]],
        after present: WaitingContents?
    ) async throws(TrustStoreError) -> Bool {
        let lock: FileLock
        do throws(FileError) {
            try DurableFile.createDirectory(folder, mode: 0o755)
            lock = try await FileLock.acquire("\(path)/.lock", timeout: Self.lockTimeout)
        } catch {
            throw .file(error)
        }
        let isWritten = try await replace(files, new: new, ifStill: present)
        _ = consume lock
        return isWritten
    }

    private func replace(
        _ files: [TrustDataDocument.File],
        new: [[UInt8]],
        ifStill present: WaitingContents?
    ) async throws(TrustStoreError) -> Bool {
        guard (try await read())?.files ?? [] == present?.files ?? [] else { return false }
        do throws(FileError) {
            for bytes in new {
                guard let file = files.first(where: { $0.digest == Digest.compute(.sha256, over: bytes.span) }) else {
                    continue
                }
                try DurableFile.write(bytes.span, to: "\(folder)/\(file.name)", mode: 0o644)
            }
            for name in try DurableFile.list(folder) ?? [] where !files.contains(where: { $0.name == name }) {
                _ = try DurableFile.remove("\(folder)/\(name)")
            }
        } catch {
            throw .file(error)
        }
        return true
    }
}
