import TrustCrypto

/// What key stores do with files.
enum StoreFiles {
    /// Makes a directory that is closed to others, or demands that the one that is there is.
    static func prepare(_ directory: String) throws(KeyStorageError) {
        guard try !PrivatePath.checkDirectory(directory) else { return }
        try filing { () throws(FileError) in try DurableFile.createDirectory(directory, mode: 0o700) }
        guard try PrivatePath.checkDirectory(directory) else { throw .storeMissing(path: directory) }
    }

    /// Writes a file that is closed to others, in one step.
    static func write(_ contents: borrowing SecretBytes, to path: String) throws(KeyStorageError) {
        try contents.withBytes { (bytes) throws(KeyStorageError) in
            do throws(FileError) {
                try DurableFile.write(bytes, to: path, mode: 0o600)
            } catch {
                throw .file(error)
            }
        }
    }

    static func lock(_ path: String, timeout: Duration) async throws(KeyStorageError) -> FileLock {
        do throws(FileError) {
            return try await FileLock.acquire(path, timeout: timeout)
        } catch .cancelled {
            throw .cancelled
        } catch {
            throw .file(error)
        }
    }

    static func filing<Value>(_ body: () throws(FileError) -> Value) throws(KeyStorageError) -> Value {
        do throws(FileError) {
            return try body()
        } catch {
            throw .file(error)
        }
    }
}
