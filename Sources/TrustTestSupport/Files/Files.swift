import Foundation
import Glibc

/// Whole files for tests. The product has its own, durable ones; tests do not share them, so that they can judge them.
public enum Files {
    /// Reads a whole file.
    ///
    /// - Parameter path: The file.
    /// - Returns: Its bytes.
    /// - Throws: `FixtureError.file`.
    public static func read(_ path: String) throws(FixtureError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else { throw .file(path, errno: errno) }
        return [UInt8](data)
    }

    /// Writes a whole file, over what was there.
    ///
    /// - Parameters:
    ///   - bytes: Its content.
    ///   - path: The file.
    ///   - mode: Its permission bits, whatever the umask.
    /// - Throws: `FixtureError.file`.
    public static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws(FixtureError) {
        guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
            throw .file(path, errno: errno)
        }
        guard chmod(path, mode) == 0 else { throw .file(path, errno: errno) }
    }

    /// Whether something is there; a symbolic link counts.
    ///
    /// - Parameter path: The path.
    /// - Returns: True when something has that name.
    public static func exists(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0
    }

    /// The permission bits of a file.
    ///
    /// - Parameter path: The file.
    /// - Returns: Its mode without the kind of file.
    /// - Throws: `FixtureError.file`.
    public static func mode(_ path: String) throws(FixtureError) -> UInt32 {
        var information = stat()
        guard lstat(path, &information) == 0 else { throw .file(path, errno: errno) }
        return information.st_mode & 0o7777
    }

    /// Changes the permission bits of a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - mode: The new bits.
    /// - Throws: `FixtureError.file`.
    public static func setMode(_ path: String, _ mode: UInt32) throws(FixtureError) {
        guard chmod(path, mode) == 0 else { throw .file(path, errno: errno) }
    }

    /// The names in a directory, sorted.
    ///
    /// - Parameter path: The directory.
    /// - Returns: The names.
    /// - Throws: `FixtureError.file`.
    public static func names(in path: String) throws(FixtureError) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
            throw .file(path, errno: errno)
        }
    }

    /// The relative paths of all regular files under a directory, sorted.
    ///
    /// - Parameter path: The directory.
    /// - Returns: The paths, without symbolic links.
    /// - Throws: `FixtureError.file`.
    public static func tree(_ path: String) throws(FixtureError) -> [String] {
        guard let names = FileManager.default.enumerator(atPath: path) else { throw .file(path, errno: errno) }
        var found: [String] = []
        for case let name as String in names {
            var information = stat()
            if lstat("\(path)/\(name)", &information) == 0, information.st_mode & S_IFMT == S_IFREG {
                found.append(name)
            }
        }
        return found.sorted()
    }

    /// Removes a file or a directory with all that is in it; nothing there is no error.
    ///
    /// - Parameter path: What to remove.
    /// - Throws: `FixtureError.file`.
    public static func remove(_ path: String) throws(FixtureError) {
        guard exists(path) else { return }
        do { try FileManager.default.removeItem(atPath: path) } catch { throw .file(path, errno: errno) }
    }

    /// Copies a file, or a directory with all that is in it, to a path where nothing is.
    ///
    /// - Parameters:
    ///   - source: What to copy.
    ///   - destination: The new path.
    /// - Throws: `FixtureError.file`.
    public static func copy(_ source: String, to destination: String) throws(FixtureError) {
        do { try FileManager.default.copyItem(atPath: source, toPath: destination) } catch {
            throw .file(destination, errno: errno)
        }
    }

    /// The path of something under the project's `fixtures/`.
    ///
    /// - Parameter name: A path relative to `fixtures/`.
    /// - Returns: The absolute path.
    /// - Throws: `FixtureError.missing` when nothing is there.
    public static func fixture(_ name: String) throws(FixtureError) -> String {
        let path = "\(projectRoot)/fixtures/\(name)"
        guard exists(path) else { throw .missing("no fixture \(path)") }
        return path
    }

    /// The folder that holds `Package.swift`, found from where this source file was compiled.
    public static var projectRoot: String {
        // Files/ is in TrustTestSupport/, in Sources/, in the project.
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(4)
        return parts.joined(separator: "/")
    }
}
