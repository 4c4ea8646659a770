import Foundation
import Glibc
import Synchronization

/// A directory of its own for one test, mode 0700, removed with all that is in it when the object is let go or the
/// closure of ``with(_:)`` ends.
public final class TemporaryDirectory: Sendable {
    /// The absolute path, without a slash at its end.
    public let path: String

    /// Makes the directory under `TMPDIR`, or under `/tmp`.
    ///
    /// - Parameter name: What its name begins with.
    /// - Throws: `FixtureError.file` when it cannot be made.
    public init(_ name: String = "trustctl-test") throws(FixtureError) {
        let parent = TestEnvironment.variables["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array("\(parent)/\(name).XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .file(parent, errno: errno) }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { Self.remove(path) }

    /// Runs a test in a directory of its own.
    ///
    /// - Parameter body: Gets the directory, which lives at least as long as the closure runs.
    /// - Returns: What the closure answers.
    /// - Throws: What the closure throws, and `FixtureError.file` when the directory cannot be made.
    public static func with<Result>(_ body: (TemporaryDirectory) async throws -> Result) async throws -> Result {
        let directory = try TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        return try await body(directory)
    }

    /// The path of something in the directory.
    ///
    /// - Parameter name: A relative path.
    /// - Returns: The absolute path; nothing need be there.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a directory in the directory, and those above it.
    ///
    /// - Parameter name: A relative path.
    /// - Returns: The absolute path.
    /// - Throws: `FixtureError.file`.
    @discardableResult
    public func makeDirectory(_ name: String) throws(FixtureError) -> String {
        let path = file(name)
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch { throw .file(path, errno: errno) }
        return path
    }

    /// Writes a file in the directory, and makes the directories above it.
    ///
    /// - Parameters:
    ///   - bytes: Its content.
    ///   - name: A relative path.
    ///   - mode: Its permission bits.
    /// - Returns: The absolute path.
    /// - Throws: `FixtureError.file`.
    @discardableResult
    public func write(_ bytes: [UInt8], to name: String, mode: UInt32 = 0o644) throws(FixtureError) -> String {
        if let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) { try makeDirectory(String(name[..<slash])) }
        let path = file(name)
        try Files.write(bytes, to: path, mode: mode)
        return path
    }

    /// Writes a text file in the directory.
    ///
    /// - Parameters:
    ///   - text: Its content.
    ///   - name: A relative path.
    ///   - mode: Its permission bits.
    /// - Returns: The absolute path.
    /// - Throws: `FixtureError.file`.
    @discardableResult
    public func write(_ text: String, to name: String, mode: UInt32 = 0o644) throws(FixtureError) -> String {
        try write(Array(text.utf8), to: name, mode: mode)
    }

    /// A test may have taken its own right to change a directory away, which root does not notice and others do.
    private static func remove(_ path: String) {
        if (try? FileManager.default.removeItem(atPath: path)) != nil { return }
        guard let names = FileManager.default.enumerator(atPath: path) else { return }
        chmod(path, 0o700)
        for case let name as String in names where name.utf8.count < 4096 {
            var information = stat()
            let inner = "\(path)/\(name)"
            if lstat(inner, &information) == 0, information.st_mode & S_IFMT == S_IFDIR { chmod(inner, 0o700) }
        }
        try? FileManager.default.removeItem(atPath: path)
    }
}
