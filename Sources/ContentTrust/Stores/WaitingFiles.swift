import OCIRegistry
import TUF
import TrustCrypto

/// The files of signers that wait in a store.
///
/// A store has a few places for them, so that they are few to look at and never more stay behind. A file is put into an empty
/// place if there is one, chosen at random, else beside others. Registries cannot write conditionally: two signers who take the
/// same place at the same moment find out by looking again, twice, and the one whose file is gone puts it anew.
struct WaitingFiles: Sendable {
    let places: [any WaitingPlace]

    /// How often a file is put at most.
    private static let maximumRounds = 12
    /// How many files lie in one place at most; more are not looked at.
    private static let maximumCount = 16
    /// How many bytes are read at most, whatever lies there.
    private static let maximumBytes = 64 << 20

    /// The files that wait.
    ///
    /// - Parameter versions: The newest listed version of each role that is looked for.
    /// - Returns: Files with higher versions.
    /// - Throws: ``TrustStoreError``.
    func read(after versions: [RoleName: Int64]) async throws(TrustStoreError) -> [WaitingFile] {
        guard !versions.isEmpty else { return [] }
        var files: [WaitingFile] = []
        var seen: Set<TrustDataDocument.File> = []
        var room = Int64(Self.maximumBytes)
        for (index, contents) in try await contents().enumerated() {
            for file in Self.open(contents, after: versions) where seen.insert(file).inserted {
                guard let (role, version) = WaitingFile.parse(file.name, after: versions), file.size <= room,
                    let bytes = try await places[index].bytes(of: file)
                else { continue }
                room -= file.size
                files.append(WaitingFile(role: role, version: version, bytes: bytes))
            }
        }
        return files
    }

    /// Puts a file into a place, in the stead of what waits for its role there.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - known: What waited for its role when the file was made: it is in the file. Anything else is not replaced.
    ///   - versions: The newest listed version of each role: files of others, or older ones, make room.
    /// - Throws: ``PublishError``.
    func put(
        _ file: WaitingFile,
        replacing known: Set<Digest>,
        after versions: [RoleName: Int64]
    ) async throws(PublishError) {
        let new = TrustDataDocument.File(name: file.name, bytes: file.bytes)
        for _ in 0..<Self.maximumRounds {
            do {
                let contents = try await self.contents()
                let open = contents.map { Self.open($0, after: versions) }
                guard let index = Self.place(for: file.role, open, after: versions) else { break }
                let others = open.joined().filter { WaitingFile.parse($0.name, after: versions)?.role == file.role }
                guard others.allSatisfy({ $0 == new || known.contains($0.digest) }) else {
                    throw PublishError.conflict("somebody else changed what waits for \(file.role) at the same moment")
                }
                let kept = open[index].filter { WaitingFile.parse($0.name, after: versions)?.role != file.role }
                guard try await places[index].write(kept + [new], new: [file.bytes], after: contents[index]) else {
                    continue
                }
                guard try await isThere(new, in: index) else { continue }
                // Another signer may have looked before this file was there, and write later.
                try await Task.sleep(for: .milliseconds(400))
                if try await isThere(new, in: index) { return }
            } catch let error as TrustStoreError {
                throw .store(error)
            } catch let error as PublishError {
                throw error
            } catch {
                throw .store(.registry(.cancelled))
            }
        }
        throw .conflict("other signers are submitting changes at this moment, or too many changes wait")
    }

    /// Takes away a file that waits.
    ///
    /// - Parameters:
    ///   - digest: The file.
    ///   - versions: The newest listed version of each role.
    /// - Throws: ``PublishError``.
    func remove(_ digest: Digest, after versions: [RoleName: Int64]) async throws(PublishError) {
        do throws(TrustStoreError) {
            for _ in 0..<Self.maximumRounds {
                var isGone = true
                for (index, contents) in try await contents().enumerated() {
                    let open = Self.open(contents, after: versions)
                    let kept = open.filter { $0.digest != digest }
                    guard kept.count < open.count else { continue }
                    isGone = false
                    _ = try await places[index].write(kept, new: [], after: contents)
                }
                if isGone { return }
            }
        } catch {
            throw .store(error)
        }
        throw .conflict("others are changing what waits at this moment")
    }

    private func contents() async throws(TrustStoreError) -> [WaitingContents?] {
        let places = places
        return try await Concurrently.map(places, width: 4) { (place) throws(TrustStoreError) in try await place.read()
        }
    }

    private func isThere(_ file: TrustDataDocument.File, in index: Int) async throws(TrustStoreError) -> Bool {
        try await places[index].read()?.files.contains(file) ?? false
    }

    private static func open(
        _ contents: WaitingContents?,
        after versions: [RoleName: Int64]
    ) -> [TrustDataDocument.File] {
        let files = (contents?.files ?? []).filter {
            $0.size <= Int64(WaitingFile.maximumLength) && WaitingFile.parse($0.name, after: versions) != nil
        }
        return Array(files.prefix(maximumCount))
    }

    private static func place(
        for role: RoleName,
        _ open: [[TrustDataDocument.File]],
        after versions: [RoleName: Int64]
    ) -> Int? {
        if let own = open.firstIndex(where: { files in
            files.contains { WaitingFile.parse($0.name, after: versions)?.role == role }
        }) {
            return own
        }
        let empty = open.indices.filter { open[$0].isEmpty }
        return empty.randomElement() ?? open.indices.filter { open[$0].count < maximumCount }.randomElement()
    }
}
