import NIOCore
import NIOPosix
import Synchronization
package import TrustTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What transports change in the process that they run in, kept away from a host that is not a program of ours.
package enum HostProcess {
    /// How far the preparation is. What was done is not done again: NIO ends a process that sets its numbers twice.
    private enum Progress {
        case none
        /// NIO knows how many threads to start.
        case suggested
        /// The threads run.
        case started
        case prepared
    }

    private static let progress = Mutex(Progress.none)
    /// As many as can be of use, four at most: the work between two waits for the network is short.
    private static let threads = min(max(System.coreCount, 1), 4)
    /// The descriptors of a loop: one that it waits with, one that wakes it, and one for the time.
    private static let descriptorsOfALoop = 3

    /// Starts the threads of connections, which all transports share, so that the process notices nothing of it: they get no
    /// signals, their number is not read from the environment, and SIGPIPE stays what it is for all other threads.
    ///
    /// To be called before the first transport is used; further calls do nothing, or go on where an earlier one has failed.
    ///
    /// For the C library alone, which has a NIO of its own that nobody else in the process can reach: NIO's shared loops and
    /// threads must not have been used or set before, else NIO ends the process. It does so too when it gets no descriptors
    /// for its loops, so it is tried first whether there are enough; another thread that takes them in between is not noticed.
    ///
    /// - Throws: `TransportError` of kind `configuration` when the system has no file descriptors to give.
    package static func prepare() throws(TransportError) {
        let reached = progress.withLock { progress in
            if progress != .prepared {
                progress = withSignalsBlocked { [former = progress] in start(from: former) }
            }
            return progress
        }
        guard reached == .prepared else {
            throw TransportError(.configuration, detail: "no socket can be made in this process")
        }
    }

    /// Runs work with all signals blocked on this thread, and on the threads that it starts.
    private static func withSignalsBlocked<Value>(_ work: () -> Value) -> Value {
        var all = sigset_t()
        var former = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &former)
        defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
        return work()
    }

    private static func start(from former: Progress) -> Progress {
        if former == .none {
            NIOSingletons.groupLoopCountSuggestion = threads
            NIOSingletons.blockingPoolThreadCountSuggestion = threads
        }
        if former != .started {
            // Those of the loops, and a pair of sockets.
            guard canOpen(pairs: (threads * descriptorsOfALoop + 1) / 2 + 1) else { return .suggested }
        }
        let loops = MultiThreadedEventLoopGroup.singleton
        // The first socket makes the whole process ignore SIGPIPE. The threads that write to sockets have it blocked.
        var handler = sigaction()
        sigaction(SIGPIPE, nil, &handler)
        defer { sigaction(SIGPIPE, &handler, nil) }
        guard let pair = socketPair() else { return .started }
        defer { close(pair[1]) }
        do {
            try ClientBootstrap(group: loops).withConnectedSocket(pair[0]).wait().close().wait()
            return .prepared
        } catch {
            return .started
        }
    }

    /// Whether so many pairs of sockets can be open at once; they are closed again.
    private static func canOpen(pairs count: Int) -> Bool {
        var descriptors: [CInt] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        for _ in 0..<count {
            guard let pair = socketPair() else { return false }
            descriptors += pair
        }
        return true
    }

    /// Two sockets that are connected with each other, and that programs which the host starts do not inherit.
    private static func socketPair() -> [CInt]? {
        #if canImport(Glibc)
            let kind = CInt(bitPattern: SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        #elseif canImport(Musl)
            let kind = SOCK_STREAM | SOCK_CLOEXEC
        #else
            let kind = SOCK_STREAM
        #endif
        var pair: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else { return nil }
        return pair
    }
}
