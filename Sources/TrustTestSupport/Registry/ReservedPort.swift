import Foundation
import Glibc

/// A TCP port of 127.0.0.1 that no other test takes, in this process or another, as long as the object lives.
///
/// The number lies below the range from which the kernel serves outgoing connections, and a lock on a file named
/// after it keeps other test processes away; so a server can be stopped and started again on the same port.
public final class ReservedPort: Sendable {
    /// The port.
    public let number: UInt16
    private let lock: CInt

    /// Finds a free port.
    ///
    /// - Throws: `FixtureError` when there is none, or when the lock files cannot be made.
    public init() throws(FixtureError) {
        let folder = "/tmp/trustctl-test-ports"
        if mkdir(folder, 0o777) == 0 { chmod(folder, 0o1777) }
        for _ in 0..<1000 {
            let candidate = UInt16.random(in: 15_000..<32_000)
            let path = "\(folder)/\(candidate)"
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else {
                // Another user's lock file.
                if errno == EACCES || errno == EPERM { continue }
                throw .file(path, errno: errno)
            }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 && Self.isFree(candidate) {
                number = candidate
                lock = descriptor
                return
            }
            close(descriptor)
        }
        throw .unexpected("no free port between 15000 and 31999")
    }

    deinit { close(lock) }

    /// Whether somebody listens there: it connects, as taking the port to see could hinder a server that starts.
    public var isServed: Bool { Self.succeeds(connect, number) }

    /// Whether a server could listen there now.
    private static func isFree(_ port: UInt16) -> Bool { succeeds(bind, port) }

    /// Tries a system call with the address of a port on a socket of its own.
    private static func succeeds(
        _ call: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt,
        _ port: UInt16
    ) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var yes: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
