import CTrustShims
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

/// Asks at the terminal, without showing what is typed.
///
/// It asks at `/dev/tty`, so standard input and output may be redirected. A new passphrase is asked for twice. Whatever
/// ends the prompt, ctrl-C and ctrl-Z included, the terminal shows again what is typed. Without a terminal, or in the
/// background of one, it has no passphrase and does not wait.
public struct TerminalPassphrases: PassphraseSource {
    private let path: String

    /// The terminal's state and the signal handlers are those of the process: one prompt at a time.
    private static let prompt = Mutex<Void>(())

    /// Names the terminal.
    ///
    /// - Parameter path: The terminal's device; by default the one that controls this process.
    public init(path: String = "/dev/tty") {
        self.path = path
    }

    /// Asks.
    ///
    /// - Parameter request: What the passphrase is needed for.
    /// - Returns: What was typed; nil where nobody can be asked.
    /// - Throws: ``KeyStorageError/promptEnded`` when the terminal was closed or the prompt interrupted;
    ///   ``KeyStorageError/passphrasesDiffer`` or ``KeyStorageError/passphraseTooShort(minimum:)`` after three attempts
    ///   for a new one; ``KeyStorageError/malformedPassphrase(origin:)`` for an empty or overlong one,
    ///   ``KeyStorageError/cancelled``.
    public func passphrase(for request: PassphraseRequest) async throws(KeyStorageError) -> PassphraseAnswer? {
        try await BlockingWork.cancellable { [path] (cancellation) throws(KeyStorageError) in
            try Self.prompt.withLock { (_) throws(KeyStorageError) in
                guard let terminal = Terminal(path: path, cancellation) else { return nil }
                let passphrase =
                    switch request.purpose {
                    case .existing: try Self.ask(terminal, request)
                    case .new: try Self.askTwice(terminal, request)
                    }
                return PassphraseAnswer(passphrase: passphrase, origin: "the terminal", isTyped: true)
            }
        }
    }

    private static func ask(
        _ terminal: borrowing Terminal,
        _ request: PassphraseRequest
    ) throws(KeyStorageError) -> Passphrase {
        if request.attempt > 1 { try terminal.show("Wrong passphrase.\n") }
        let line = try terminal.readHidden("Passphrase for \(name(of: request)): ")
        guard line.count > 0 else { throw .malformedPassphrase(origin: "the terminal") }
        return Passphrase(line)
    }

    private static func askTwice(
        _ terminal: borrowing Terminal,
        _ request: PassphraseRequest
    ) throws(KeyStorageError) -> Passphrase {
        var failure = KeyStorageError.passphrasesDiffer
        for _ in 1...3 {
            let first = try terminal.readHidden("New passphrase for \(name(of: request)): ")
            guard first.count >= Passphrase.minimumLength else {
                failure = .passphraseTooShort(minimum: Passphrase.minimumLength)
                try terminal.show("It needs at least \(Passphrase.minimumLength) bytes.\n")
                continue
            }
            let second = try terminal.readHidden("The same again: ")
            guard first == second else {
                failure = .passphrasesDiffer
                try terminal.show("These differ.\n")
                continue
            }
            return Passphrase(first)
        }
        throw failure
    }

    /// "the targets key 1a2b3c4 of registry.example/app"
    private static func name(of request: PassphraseRequest) -> String {
        var text = "the \(printable(request.role.string)) key"
        if let keyID = request.keyID { text += " \(keyID.string.prefix(7))" }
        if let repository = request.repository { text += " of \(printable(repository))" }
        return text
    }

    /// Names come from metadata and files; none of them may steer the terminal.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.isASCII && $0.value >= 0x20 && $0.value != 0x7F ? $0 : "?" }
            )
        )
    }
}

/// An open terminal.
private struct Terminal: ~Copyable {
    private let device: FileDescriptor
    private let cancellation: Cancellation

    /// - Returns: Nil when there is none, or when it is another job's turn at it: asking would stop this process.
    init?(path: String, _ cancellation: Cancellation) {
        guard let device = try? FileDescriptor(opening: path, flags: O_RDWR | O_NOCTTY), isatty(device.number) == 1
        else { return nil }
        let foreground = tcgetpgrp(device.number)
        guard foreground < 0 || foreground == getpgrp() else { return nil }
        self.device = device
        self.cancellation = cancellation
    }

    borrowing func show(_ text: String) throws(KeyStorageError) {
        let bytes = Array(text.utf8)
        do throws(FileError) {
            try device.writeAll(bytes.span)
        } catch {
            throw .promptEnded
        }
    }

    /// Reads a line without showing it.
    borrowing func readHidden(_ prompt: String) throws(KeyStorageError) -> SecretBytes {
        // Echo goes off before the prompt appears: what is typed at the prompt is never shown.
        guard trustctl_echo_off(device.number) == 0 else { throw .promptEnded }
        defer { trustctl_echo_restore() }
        try show(prompt)
        var failure: KeyStorageError?
        let line = SecretBytes(capacity: Passphrase.maximumLength + 1) { buffer in
            let (count, error) = readLine(into: buffer)
            failure = error
            return count
        }
        if let failure {
            // The cursor would stay behind the prompt. Should the terminal be gone, the failure says so.
            try? show("\n")
            throw failure
        }
        return line
    }

    private borrowing func readLine(
        into buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> (count: Int, failure: KeyStorageError?) {
        var count = 0
        while true {
            if trustctl_echo_interrupted() != 0 { return (0, .promptEnded) }
            if cancellation.isCancelled { return (0, .cancelled) }
            var event = pollfd(fd: device.number, events: Int16(POLLIN), revents: 0)
            let ready = poll(&event, 1, Cancellation.pollMilliseconds)
            if ready < 0, errno != EINTR { return (0, .promptEnded) }
            guard ready > 0 else { continue }
            var byte: UInt8 = 0
            let received = read(device.number, &byte, 1)
            if received < 0, errno == EINTR { continue }
            // End of file: ctrl-D, or the terminal was closed.
            guard received == 1 else { return (0, .promptEnded) }
            if byte == UInt8(ascii: "\n") {
                byte = 0
                guard count <= Passphrase.maximumLength else {
                    return (0, .malformedPassphrase(origin: "the terminal"))
                }
                return (count, nil)
            }
            if count < buffer.count {
                buffer[count] = byte
                count += 1
            }
            byte = 0
        }
    }
}
