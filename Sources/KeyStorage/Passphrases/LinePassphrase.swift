import Synchronization
import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One passphrase for all keys: the first line of a file or of an open descriptor, read when it is first needed.
///
/// The line's end is not part of it, everything else is. A file that others can read is used all the same: secrets
/// mounted into containers are mostly like that, and refusing would only drive people to environment variables, which
/// more can read. It is reported, for the caller to warn.
public final class LinePassphrase: PassphraseSource {
    private enum Place {
        case file(String)
        case descriptor(CInt)
    }

    private let place: Place
    private let warn: @Sendable (Warning) -> Void
    private let answer = Mutex<PassphraseAnswer?>(nil)

    /// What is worth telling people about a passphrase's source.
    public enum Warning: Sendable, Equatable {
        /// Others than its owner can read or write the file.
        case readableByOthers(path: String, permissions: UInt32)
    }

    /// Takes the passphrase from a file (`--passphrase-file`), which may be a pipe.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - warn: Is told what is worth knowing about the file.
    public init(file path: String, warn: @escaping @Sendable (Warning) -> Void) {
        place = .file(path)
        self.warn = warn
    }

    /// Takes the passphrase from an open descriptor (`--passphrase-fd`). Only the first line is taken from it, and it
    /// stays open.
    ///
    /// - Parameter number: The descriptor's number.
    public init(descriptor number: Int32) {
        place = .descriptor(number)
        warn = { _ in }
    }

    /// Reads the line, once.
    ///
    /// - Parameter request: What the passphrase is needed for; all keys get the same one.
    /// - Returns: The passphrase.
    /// - Throws: ``KeyStorageError/fileMissing(path:)``, ``KeyStorageError/file(_:)`` when it cannot be read,
    ///   ``KeyStorageError/malformedPassphrase(origin:)`` when the line is empty or too long.
    public func passphrase(for request: PassphraseRequest) async throws(KeyStorageError) -> PassphraseAnswer? {
        try await BlockingWork.run(on: BlockingWork.waiting) { [self] () throws(KeyStorageError) in
            // Two keys at once: the second waits until the first has read the line.
            try answer.withLock { (answer) throws(KeyStorageError) in
                if let answer { return answer }
                let fresh = try read()
                answer = fresh
                return fresh
            }
        }
    }

    private func read() throws(KeyStorageError) -> PassphraseAnswer {
        let origin: String
        let line: SecretBytes
        do throws(FileError) {
            switch place {
            case .file(let path):
                origin = "the file \(path)"
                let file = try FileDescriptor(opening: path, flags: O_RDONLY | O_NOCTTY)
                let status = try file.status()
                if status.isRegularFile, status.permissions & 0o077 != 0 {
                    warn(.readableByOthers(path: path, permissions: status.permissions))
                }
                line = try file.readSecretLine(limit: Passphrase.maximumLength)
            case .descriptor(let number):
                origin = "file descriptor \(number)"
                line = try FileDescriptor(duplicating: number, name: origin)
                    .readSecretLine(limit: Passphrase.maximumLength)
            }
        } catch .tooLarge(let path, _) {
            throw .malformedPassphrase(origin: path)
        } catch .other(let path, ENOENT), .other(let path, ENOTDIR) {
            throw .fileMissing(path: path)
        } catch {
            throw .file(error)
        }
        guard line.count > 0 else { throw .malformedPassphrase(origin: origin) }
        return PassphraseAnswer(passphrase: Passphrase(line), origin: origin)
    }
}
