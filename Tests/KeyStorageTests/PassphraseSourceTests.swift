import Foundation
import KeyStorage
import Synchronization
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@Suite struct PassphraseSourceTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    static func request(
        _ role: RoleName = .targets,
        _ purpose: PassphraseRequest.Purpose = .existing,
        attempt: Int = 1
    ) -> PassphraseRequest {
        PassphraseRequest(
            role: role,
            repository: role == .root ? nil : testRepository,
            keyID: try? KeyID("1a2b3c4d5e6f"),
            purpose: purpose,
            attempt: attempt
        )
    }

    private func answer(_ source: some PassphraseSource, _ role: RoleName = .targets) async throws -> String? {
        try await source.passphrase(for: Self.request(role))?.passphrase.text
    }

    // Environment

    @Test(arguments: [
        ("root", "R"), ("targets", "T"), ("snapshot", "S"), ("timestamp", "Z"), ("alice", "D"), ("targets/alice", "D"),
    ])
    func environmentVariablesBelongToRoles(role: String, expected: String) async throws {
        let source = EnvironmentPassphrases([
            "TRUSTCTL_ROOT_PASSPHRASE": "R", "TRUSTCTL_TARGETS_PASSPHRASE": "T", "TRUSTCTL_SNAPSHOT_PASSPHRASE": "S",
            "TRUSTCTL_TIMESTAMP_PASSPHRASE": "Z", "TRUSTCTL_DELEGATION_PASSPHRASE": "D",
        ])
        #expect(try await answer(source, RoleName(role)) == expected)
        #expect(try await answer(EnvironmentPassphrases([:]), RoleName(role)) == nil)
    }

    @Test func emptyVariablesAreUnset() async throws {
        #expect(try await answer(EnvironmentPassphrases(["TRUSTCTL_ROOT_PASSPHRASE": ""]), .root) == nil)
        let long = EnvironmentPassphrases(["TRUSTCTL_ROOT_PASSPHRASE": String(repeating: "a", count: 1025)])
        await #expect(
            throws: KeyStorageError.malformedPassphrase(origin: "the environment variable TRUSTCTL_ROOT_PASSPHRASE")
        ) { try await answer(long, .root) }
    }

    // Files and descriptors

    @Test(arguments: [
        ("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"), ("secret\nmore\n", "secret"),
        (" sec ret ", " sec ret "), ("sécret\n", "sécret"), ("a\rb\n", "a\rb"),
    ])
    func firstLineOfAFile(contents: String, expected: String) async throws {
        let path = directory.path + "/passphrase"
        try write(contents, path)
        let source = LinePassphrase(file: path) { warning in Issue.record("\(warning)") }
        #expect(try await answer(source) == expected)
        // Read once: the file may be a pipe.
        try write("another", path)
        #expect(try await answer(source, .root) == expected)
    }

    @Test func filesWithoutAPassphrase() async throws {
        let path = directory.path + "/passphrase"
        let source = LinePassphrase(file: path) { _ in }
        await #expect(throws: KeyStorageError.fileMissing(path: path)) { try await answer(source) }
        for contents in ["", "\n", "\r\n", "\nsecret"] {
            try write(contents, path)
            await #expect(throws: KeyStorageError.malformedPassphrase(origin: "the file \(path)")) {
                try await answer(source)
            }
        }
        try write(String(repeating: "a", count: 1025), path)
        await #expect(throws: KeyStorageError.malformedPassphrase(origin: path)) { try await answer(source) }
        try write(String(repeating: "a", count: 1024), path)
        #expect(try await answer(source)?.utf8.count == 1024)
    }

    @Test func openFilesAreWarnedAbout() async throws {
        let path = directory.path + "/passphrase"
        try write("secret", path, mode: 0o644)
        let warnings = Mutex<[LinePassphrase.Warning]>([])
        let source = LinePassphrase(file: path) { warning in warnings.withLock { $0.append(warning) } }
        #expect(try await answer(source) == "secret")
        #expect(warnings.withLock { $0 } == [.readableByOthers(path: path, permissions: 0o644)])
    }

    @Test func descriptorsGiveUpTheirFirstLineAlone() async throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("secret\nmore\n".utf8))
        let number = pipe.fileHandleForReading.fileDescriptor
        let source = LinePassphrase(descriptor: number)
        #expect(try await answer(source) == "secret")
        #expect(try await answer(source) == "secret")
        try pipe.fileHandleForWriting.close()
        #expect(try pipe.fileHandleForReading.readToEnd() == Data("more\n".utf8))
        await #expect(throws: KeyStorageError.file(.other(path: "file descriptor 9999", errno: EBADF))) {
            try await answer(LinePassphrase(descriptor: 9999))
        }
    }

    // Helper programs

    private func helper(_ script: String, timeout: Duration = .seconds(20)) throws -> HelperPassphrases {
        let path = directory.path + "/helper"
        // Written by another process: a descriptor of this one could be inherited by a child of another test, and a
        // program that is open for writing cannot be started.
        try write("#!/bin/sh\n" + script, path + ".source")
        try #require(try run("install", ["-m", "700", path + ".source", path]).status == 0)
        return HelperPassphrases(
            program: path,
            environment: ["PATH": "/usr/bin:/bin", "MARK": "from the environment"],
            timeout: timeout
        )
    }

    @Test func helpersAreToldWhatItIsFor() async throws {
        let source = try helper("printf '%s|' \"$#\" \"$@\" \"$MARK\"; read -r line; echo \"$line\"; echo more")
        #expect(try await answer(source) == "4|targets|\(testRepository)|1a2b3c4d5e6f|existing|from the environment|")
        let request = PassphraseRequest(role: .root, repository: nil, keyID: nil, purpose: .new)
        let text = try await source.passphrase(for: request)?.passphrase.text
        #expect(text == "4|root|||new|from the environment|")
    }

    @Test func helpersThatFail() async throws {
        let path = directory.path + "/helper"
        await #expect(throws: KeyStorageError.helperFailed(program: path, status: 3)) {
            try await answer(helper("echo secret; exit 3"))
        }
        await #expect(throws: KeyStorageError.helperFailed(program: path, status: -15)) {
            try await answer(helper("kill -TERM $$"))
        }
        await #expect(throws: KeyStorageError.malformedPassphrase(origin: "the helper program \(path)")) {
            try await answer(helper("exit 0"))
        }
        await #expect(throws: KeyStorageError.malformedPassphrase(origin: "the helper program \(path)")) {
            try await answer(helper("head -c 1025 /dev/zero | tr '\\0' a"))
        }
        await #expect(throws: KeyStorageError.helperNotStarted(program: "/nonexistent", errno: ENOENT)) {
            try await answer(HelperPassphrases(program: "/nonexistent", environment: [:]))
        }
        try write("#!/bin/sh\n", path, mode: 0o600)
        await #expect(throws: KeyStorageError.helperNotStarted(program: path, errno: EACCES)) {
            try await answer(HelperPassphrases(program: path, environment: [:]))
        }
    }

    @Test func helpersAreSoughtInAbsolutePathsAlone() async throws {
        _ = try helper("echo secret")
        func named(_ path: String) -> HelperPassphrases {
            HelperPassphrases(program: "helper", environment: ["PATH": path])
        }
        #expect(try await answer(named("tmp::\(directory.path)")) == "secret")
        for path in ["", ".", ":tmp", "/nonexistent"] {
            await #expect(throws: KeyStorageError.helperNotStarted(program: "helper", errno: ENOENT)) {
                try await answer(named(path))
            }
        }
    }

    @Test func helpersEndWithTheReadersOfTheirPipes() async throws {
        // As the program itself does it; a shell cannot undo what it inherits.
        signal(SIGPIPE, SIG_IGN)
        await #expect(throws: KeyStorageError.helperFailed(program: directory.path + "/helper", status: -SIGPIPE)) {
            try await answer(helper("kill -PIPE $$; echo alive"))
        }
    }

    @Test(arguments: ["exec sleep 300", "echo secret; exec sleep 300", "sleep 5 & echo secret >&2; exec sleep 300"])
    func helpersThatHangAreKilled(script: String) async throws {
        let start = ContinuousClock.now
        await #expect(throws: KeyStorageError.helperTimedOut(program: directory.path + "/helper")) {
            try await answer(helper(script, timeout: .milliseconds(300)))
        }
        // Far less than the script sleeps, and enough for a machine under load.
        #expect(start.duration(to: .now) < .seconds(250))
    }

    @Test func cancelledHelpersAreKilled() async throws {
        let source = try helper("exec sleep 300", timeout: .seconds(300))
        let task = Task { try await source.passphrase(for: Self.request()) }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: KeyStorageError.cancelled) { try await task.value }
    }

    // Chains

    @Test func theFirstSourceWins() async throws {
        let chain = PassphraseChain([
            EnvironmentPassphrases(["TRUSTCTL_ROOT_PASSPHRASE": "from the environment"]),
            FixedPassphrase(Passphrase("from the next")),
        ])
        #expect(try await answer(chain, .root) == "from the environment")
        #expect(try await answer(chain, .targets) == "from the next")
    }

    @Test func withoutASourceTheWaysAreNamed() async throws {
        let chain = PassphraseChain([EnvironmentPassphrases([:]), TerminalPassphrases(path: "/dev/null")])
        let error = await #expect(throws: KeyStorageError.self) {
            try await chain.newPassphrase(for: KeyAttributes.root(), keyID: nil)
        }
        guard case .noPassphraseSource(.root, let ways) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(ways.count == 5)
        #expect(ways[0].contains("TRUSTCTL_ROOT_PASSPHRASE"))
    }

    @Test func newPassphrasesAreLongEnough() async throws {
        await #expect(throws: KeyStorageError.passphraseTooShort(minimum: 8)) {
            try await FixedPassphrase(Passphrase("short")).newPassphrase(for: KeyAttributes.root(), keyID: nil)
        }
    }

    @Test func typedPassphrasesMayBeWrongTwice() async throws {
        let store = FileKeyStore(directory: directory.path + "/keys")
        let record = try await store.add(.generate(.ed25519), .root(), passphrase: .good, created: now)
        for (wrong, isTyped, opens) in [(0, true, true), (2, true, true), (3, true, false), (1, false, false)] {
            let source = SlowLearner(wrong: wrong, isTyped: isTyped)
            if opens {
                #expect(try await store.unlock(record, asking: source).publicKey == record.publicKey)
            } else {
                await #expect(throws: KeyStorageError.wrongPassphrase(record.keyID, origin: "the test")) {
                    try await store.unlock(record, asking: source)
                }
            }
        }
    }
}

/// Is wrong so many times, and then right.
private struct SlowLearner: PassphraseSource {
    let wrong: Int
    let isTyped: Bool

    func passphrase(for request: PassphraseRequest) async throws(KeyStorageError) -> PassphraseAnswer? {
        PassphraseAnswer(
            passphrase: request.attempt <= wrong ? .other : .good,
            origin: "the test",
            isTyped: isTyped
        )
    }
}

extension Passphrase {
    var text: String {
        bytes.withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
    }
}
