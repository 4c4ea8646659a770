import CanonicalJSON
import Synchronization
import TrustCrypto

@testable import TrustCommands

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a run wrote, and how it ended.
struct Transcript {
    var status: CInt
    var output: String
    var errors: String

    /// The lines of standard output as JSON.
    var objects: [JSONValue] {
        get throws {
            try output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        }
    }
}

/// A directory that is removed with the value.
final class TemporaryHome: Sendable {
    let path: String

    init() throws {
        path = "\(FileManager.default.temporaryDirectory.path)/trustctl-\(SecureRandom.uuid())"
        try DurableFile.createDirectory(path, mode: 0o700)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Runs the program in this process.
func run(
    _ arguments: String...,
    home: TemporaryHome? = nil,
    environment: Environment = Environment()
) async -> Transcript {
    await runAll(arguments, home: home, environment: environment)
}

/// Runs the program in this process.
func runAll(
    _ arguments: [String],
    home: TemporaryHome? = nil,
    environment: Environment = Environment()
) async -> Transcript {
    let written = Mutex<(output: [UInt8], errors: [UInt8])>(([], []))
    var environment = environment
    if let home { environment.variables["TRUSTCTL_HOME"] = home.path }
    let console = Console(environment) { stream, bytes in
        written.withLock { written in
            if stream == .output { written.output += bytes } else { written.errors += bytes }
        }
        return 0
    }
    let status = await Program.run(arguments, environment: environment, console: console)
    return written.withLock { written in
        Transcript(
            status: status,
            output: String(decoding: written.output, as: UTF8.self),
            errors: String(decoding: written.errors, as: UTF8.self)
        )
    }
}
