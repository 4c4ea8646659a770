import Foundation
import TrustCrypto

/// Files of the repository's `fixtures` directory.
enum Fixtures {
    static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "fixtures", directoryHint: .notDirectory)

    static let path = directory.path()

    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: directory.appending(path: path)))
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }

    static func names(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: path).path()).sorted()
    }

    /// The passphrase of all encrypted keys in `fixtures/keys`.
    static let passphrase = "correct horse battery staple"
}

extension SecretBytes {
    init(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(copying: bytes.span)
    }

    var array: [UInt8] { withBytes { bytes in bytes.indices.map { bytes[$0] } } }
}

extension PrivateKeyFile {
    static func read(_ file: [UInt8]) throws(KeyFileError) -> PrivateKey { try decode(file.span) }

    static func read(_ file: [UInt8], _ passphrase: String) throws(KeyFileError) -> PrivateKey {
        try decode(file.span, passphrase: SecretBytes(passphrase))
    }

    static func written(_ key: PrivateKey, _ passphrase: String) throws(KeyFileError) -> [UInt8] {
        try encodeEncrypted(key, passphrase: SecretBytes(passphrase))
    }

    static func needsPassphrase(_ file: [UInt8]) throws(KeyFileError) -> Bool { try isEncrypted(file.span) }
}

/// The `openssl` command, which the tests require.
enum OpenSSLCommand {
    struct Failure: Error { let output: String }

    @discardableResult
    static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(output: text) }
        return text
    }
}
