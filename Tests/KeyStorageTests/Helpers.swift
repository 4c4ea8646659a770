import Foundation
import KeyStorage
import TUF
import TrustCrypto

let now = Instant(secondsSinceEpoch: 1_800_000_000)
let testRepository = "registry.example/team/app"

extension Passphrase {
    static let good = Passphrase("correct horse")
    static let other = Passphrase("battery staple")
}

extension KeyAttributes {
    static func root() throws -> KeyAttributes { try KeyAttributes(role: .root, repository: nil) }

    static func targets(_ name: String = testRepository) throws -> KeyAttributes {
        try KeyAttributes(role: .targets, repository: name)
    }
}

func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
}

func permissions(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
}

func setPermissions(_ path: String, _ mode: Int) throws {
    try FileManager.default.setAttributes([.posixPermissions: NSNumber(value: mode)], ofItemAtPath: path)
}

func contents(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path)))
}

func write(_ bytes: [UInt8], _ path: String, mode: UInt32 = 0o600) throws {
    try DurableFile.write(bytes.span, to: path, mode: mode)
}

func write(_ text: String, _ path: String, mode: UInt32 = 0o600) throws {
    try write(Array(text.utf8), path, mode: mode)
}

let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "fixtures/keys", directoryHint: .notDirectory).path()
