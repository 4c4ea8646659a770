import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whether this process is the child of a fork of one that used the library. It has none of its threads, and locks that they
/// held stay held, so nothing may be done there that could wait.
enum ForkedChild {
    private static let flag = Atomic(false)
    private static let watch: Void = {
        // What the child needs exists before it does.
        _ = ErrorHandle.forked
        flag.store(false, ordering: .relaxed)
        pthread_atfork(nil, nil) { ForkedChild.flag.store(true, ordering: .relaxed) }
    }()

    /// Whether this is one.
    static var isThis: Bool { flag.load(ordering: .relaxed) }

    /// Notices forks from now on.
    static func beginWatching() { _ = watch }
}
