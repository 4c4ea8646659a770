import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whether this machine can remember what it sees: a verification that cannot is refused.
extension Examination {
    mutating func checkHome() {
        var path = session.home.trust
        // What is not there yet is made, in the first directory above that is there.
        while access(path, F_OK) != 0, errno == ENOENT, path != "/", path != "." {
            path = DurableFile.parent(of: path)
        }
        guard access(path, W_OK | X_OK) != 0 else { return }
        let error: FileError = errno == EROFS ? .readOnly(path: path) : .permissionDenied(path: path)
        note(Refusal.file(error, checked: "whether what is seen of \(subject) can be kept"))
    }
}
