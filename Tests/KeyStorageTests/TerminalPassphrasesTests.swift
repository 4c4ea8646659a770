import KeyStorage
import TUF
import Testing
import TrustCrypto

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Prompts at a pseudo-terminal. One at a time: prompts are.
@Suite(.serialized, .timeLimit(.minutes(1))) struct TerminalPassphrasesTests {
    /// A terminal with somebody at it.
    final class PseudoTerminal: Sendable {
        let person: CInt
        let path: String
        /// Held open, so that the terminal is there between two prompts.
        let device: CInt

        init() throws {
            #if canImport(Darwin)
                person = posix_openpt(O_RDWR | O_NOCTTY)
                try #require(person >= 0 && grantpt(person) == 0 && unlockpt(person) == 0)
                path = String(cString: try #require(ptsname(person)))
            #else
                // The C library hides posix_openpt behind feature macros; these requests are what it makes.
                person = open("/dev/ptmx", O_RDWR | O_NOCTTY)
                var isLocked: CInt = 0
                var number: CInt = 0
                let (unlock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
                try #require(person >= 0 && ioctl(person, unlock, &isLocked) == 0)
                try #require(ioctl(person, getNumber, &number) == 0)
                path = "/dev/pts/\(number)"
            #endif
            device = open(path, O_RDWR | O_NOCTTY)
            try #require(device >= 0)
        }

        deinit {
            close(person)
            close(device)
        }

        func type(_ text: String) {
            let bytes = Array(text.utf8)
            _ = write(person, bytes, bytes.count)
        }

        /// Waits until the screen shows a text, and returns all that it shows.
        func screen(until text: String, _ shown: inout String) {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while !shown.contains(text) {
                let count = read(person, &buffer, buffer.count)
                guard count > 0 else { return }
                shown += String(decoding: buffer[..<count], as: UTF8.self)
            }
        }

        var isEchoing: Bool {
            var settings = termios()
            return tcgetattr(device, &settings) == 0 && settings.c_lflag & tcflag_t(ECHO) != 0
        }
    }

    /// Starts a prompt, types an answer at each text that shows up, and returns what the screen showed and the result.
    private func converse(
        _ terminal: PseudoTerminal,
        _ request: PassphraseRequest,
        _ steps: [(prompt: String, answer: String)]
    ) async throws -> (screen: String, result: Result<String?, KeyStorageError>) {
        let source = TerminalPassphrases(path: terminal.path)
        let task = Task { () -> Result<String?, KeyStorageError> in
            do throws(KeyStorageError) {
                return .success(try await source.passphrase(for: request)?.passphrase.text)
            } catch {
                return .failure(error)
            }
        }
        var screen = ""
        for (prompt, answer) in steps {
            var shown = ""
            terminal.screen(until: prompt, &shown)
            screen += shown
            terminal.type(answer)
        }
        return (screen, await task.value)
    }

    @Test func asksOnceForAnExistingKey() async throws {
        let terminal = try PseudoTerminal()
        let (screen, result) = try await converse(
            terminal,
            PassphraseSourceTests.request(),
            [("app: ", "secret word\n")]
        )
        #expect(try result.get() == "secret word")
        #expect(screen == "Passphrase for the targets key 1a2b3c4 of registry.example/team/app: ")
        #expect(terminal.isEchoing)
    }

    @Test func saysThatThePassphraseWasWrong() async throws {
        let terminal = try PseudoTerminal()
        let (screen, result) = try await converse(
            terminal,
            PassphraseSourceTests.request(attempt: 2),
            [("app: ", "secret word\n")]
        )
        #expect(try result.get() == "secret word")
        #expect(screen.hasPrefix("Wrong passphrase.\r\n"))
    }

    @Test func asksTwiceForANewKey() async throws {
        let terminal = try PseudoTerminal()
        let (screen, result) = try await converse(
            terminal,
            PassphraseSourceTests.request(.root, .new),
            [
                ("1a2b3c4: ", "short\n"), ("1a2b3c4: ", "long enough\n"), ("again: ", "long enuff\n"),
                ("1a2b3c4: ", "long enough\n"), ("again: ", "long enough\n"),
            ]
        )
        #expect(try result.get() == "long enough")
        #expect(screen.contains("at least 8 bytes") && screen.contains("These differ."))
        #expect(!screen.contains("long") && !screen.contains("short"))
        #expect(terminal.isEchoing)
    }

    @Test func givesUpAfterThreeAttempts() async throws {
        let terminal = try PseudoTerminal()
        let (_, differing) = try await converse(
            terminal,
            PassphraseSourceTests.request(.root, .new),
            (0..<3).flatMap { _ in [("1a2b3c4: ", "long enough\n"), ("again: ", "different\n")] }
        )
        #expect(differing == .failure(.passphrasesDiffer))
        let (_, short) = try await converse(
            try PseudoTerminal(),
            PassphraseSourceTests.request(.root, .new),
            (0..<3).map { _ in ("1a2b3c4: ", "short\n") }
        )
        #expect(short == .failure(.passphraseTooShort(minimum: 8)))
    }

    @Test(
        arguments: [
            ("\u{4}", .promptEnded), ("\n", .malformedPassphrase(origin: "the terminal")),
            (String(repeating: "a", count: 1025) + "\n", .malformedPassphrase(origin: "the terminal")),
        ] as [(String, KeyStorageError)]
    )
    func answersThatAreNone(typed: String, error: KeyStorageError) async throws {
        let terminal = try PseudoTerminal()
        let (_, result) = try await converse(terminal, PassphraseSourceTests.request(), [("app: ", typed)])
        #expect(result == .failure(error))
        #expect(terminal.isEchoing)
    }

    @Test func corrections() async throws {
        let terminal = try PseudoTerminal()
        let (_, result) = try await converse(
            terminal,
            PassphraseSourceTests.request(),
            [("app: ", "wrong\u{15}secrex\u{7F}t\n")]
        )
        #expect(try result.get() == "secret")
    }

    @Test func cancellationEndsThePrompt() async throws {
        let terminal = try PseudoTerminal()
        let source = TerminalPassphrases(path: terminal.path)
        let task = Task { try await source.passphrase(for: PassphraseSourceTests.request()) }
        var shown = ""
        terminal.screen(until: "app: ", &shown)
        #expect(!terminal.isEchoing)
        task.cancel()
        await #expect(throws: KeyStorageError.cancelled) { try await task.value }
        #expect(terminal.isEchoing)
    }

    @Test func namesCannotSteerTheTerminal() async throws {
        let terminal = try PseudoTerminal()
        let request = PassphraseRequest(
            role: try RoleName("al\u{9B}2Jice"),
            repository: "a\u{1B}]0;b\u{202E}",
            keyID: nil,
            purpose: .existing
        )
        let (screen, _) = try await converse(terminal, request, [(": ", "secret\n")])
        #expect(screen == "Passphrase for the al?2Jice key of a?]0;b?: ")
    }

    @Test(arguments: ["/dev/null", "/nonexistent", "/etc/passwd"])
    func whereNobodyCanBeAsked(path: String) async throws {
        let answer = try await TerminalPassphrases(path: path).passphrase(for: PassphraseSourceTests.request())
        #expect(answer == nil)
    }
}
