import TrustCrypto

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A directory that goes away with this value, and everything in it with it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = "/tmp/trustctl-test-" + SecureRandom.uuid()
        try DurableFile.createDirectory(path, mode: 0o700)
    }

    deinit { Self.removeTree(path) }

    private static func removeTree(_ path: String) {
        guard let stream = opendir(path) else { return }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        closedir(stream)
        for name in names {
            let entry = path + "/" + name
            if unlink(entry) != 0 { removeTree(entry) }
        }
        rmdir(path)
    }
}
