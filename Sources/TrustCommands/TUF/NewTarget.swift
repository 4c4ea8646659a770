import Synchronization
import TUF
import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A target file that is being received, under a name that nobody looks for. What is not kept is removed.
final class NewTarget: Sendable {
    private struct State: ~Copyable {
        let descriptor: FileDescriptor
        let check: TargetCheck
        var failure: FileError?
        var isKept = false
    }

    private let path: String
    private let temporary: String
    private let state: Mutex<State>

    /// Begins a file.
    ///
    /// - Parameters:
    ///   - path: The name it gets in the end; its directory is made.
    ///   - record: What it must be.
    /// - Throws: ``RepositoryFilesError/file(_:)``.
    init(for path: String, _ record: TargetRecord) throws(RepositoryFilesError) {
        let directory = DurableFile.parent(of: path)
        let name = ".trustctl-download-\(Hex.encode(SecureRandom.bytes(count: 8).span))"
        let temporary = DurableFile.join(directory, name)
        let descriptor: FileDescriptor
        do throws(FileError) {
            try DurableFile.createDirectory(directory, mode: 0o755)
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
            descriptor = try FileDescriptor(opening: temporary, flags: flags, permissions: 0o644)
        } catch {
            throw .file(error.about(path))
        }
        self.path = path
        self.temporary = temporary
        state = Mutex(State(descriptor: descriptor, check: TargetCheck(record)))
    }

    deinit {
        if !state.withLock({ $0.isKept }) { unlink(temporary) }
    }

    /// Takes a piece.
    ///
    /// - Returns: Whether more may come: not after an error of the disk, or when there is too much.
    func add(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            guard state.failure == nil, state.check.add(bytes) else { return false }
            do throws(FileError) {
                try state.descriptor.writeAll(bytes.span)
                return true
            } catch {
                state.failure = error.about(path)
                return false
            }
        }
    }

    /// Gives the file its name, if it is the target.
    ///
    /// - Returns: What is wrong with it; nil when it is kept.
    func keep() throws(RepositoryFilesError) -> String? {
        let result: Result<String?, FileError> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            if let problem = state.check.problem { return .success(problem) }
            do throws(FileError) {
                try state.descriptor.synchronize()
                guard rename(temporary, path) == 0 else { throw FileError(path: path) }
                state.isKept = true
                try FileDescriptor(opening: DurableFile.parent(of: path), flags: O_RDONLY | O_DIRECTORY).synchronize()
                return .success(nil)
            } catch {
                return .failure(error.about(path))
            }
        }
        do { return try result.get() } catch { throw .file(error) }
    }
}
