#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Finds programs the way a shell does, for those that are handed secrets.
package enum ProgramSearch {
    /// The first executable of that name in `PATH`.
    ///
    /// Empty and relative entries of `PATH` are passed over: what is in the current directory is not a program to hand
    /// secrets to.
    ///
    /// - Parameters:
    ///   - name: A file name without slashes.
    ///   - environment: Where `PATH` is.
    /// - Returns: An absolute path, or nil.
    package static func find(_ name: String, in environment: [String: String]) -> String? {
        let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":")
            .filter { $0.hasPrefix("/") }
            .map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }
}
