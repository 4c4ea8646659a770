import Foundation
import Glibc

/// Facts about the process that the tests run in.
public enum TestEnvironment {
    /// The environment variables of the test process.
    public static var variables: [String: String] { ProcessInfo.processInfo.environment }

    /// Whether the tests run as root, and so pass over file modes and may mount file systems.
    public static var isRoot: Bool { geteuid() == 0 }

    /// The directory of the test program itself, where the build puts `trustctl` too.
    ///
    /// - Throws: `ProcessError.notStarted` when the kernel does not say.
    public static func buildDirectory() throws(ProcessError) -> String {
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            let slash = program.utf8.lastIndex(of: UInt8(ascii: "/"))
        else { throw .notStarted("the test program", errno: errno) }
        return String(program[..<slash])
    }
}
