import NIOCore
import NIOPosix
import Synchronization
public import TrustTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What transports change in the process that they run in, kept away from a host that is not a program of ours.
public enum HostProcess {
    private static let isPrepared = Mutex(false)
    /// As many as can be of use: the work between two waits for the network is short.
    private static let mostThreads = 4

    /// Starts the threads of connections, which all transports share, so that the process notices nothing of it: they get no
    /// signals, their number is not read from the environment, and SIGPIPE stays what it is for all other threads.
    ///
    /// To be called before the first transport is used; further calls do nothing.
    ///
    /// - Throws: `TransportError` of kind `configuration` when the system has no file descriptors to give.
    public static func prepare() throws(TransportError) {
        let isDone = isPrepared.withLock { isPrepared in
            if !isPrepared { isPrepared = withSignalsBlocked(start) }
            return isPrepared
        }
        guard isDone else { throw TransportError(.configuration, detail: "no socket can be made in this process") }
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

    private static func start() -> Bool {
        let threads = min(max(System.coreCount, 1), mostThreads)
        NIOSingletons.groupLoopCountSuggestion = threads
        NIOSingletons.blockingPoolThreadCountSuggestion = threads
        let loops = MultiThreadedEventLoopGroup.singleton
        // The first socket makes the whole process ignore SIGPIPE. The threads that write to sockets have it blocked.
        var former = sigaction()
        sigaction(SIGPIPE, nil, &former)
        defer { sigaction(SIGPIPE, &former, nil) }
        var pair: [CInt] = [-1, -1]
        #if canImport(Glibc)
            let kind = CInt(SOCK_STREAM.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else { return false }
        defer { close(pair[1]) }
        do {
            try ClientBootstrap(group: loops).withConnectedSocket(pair[0]).wait().close().wait()
            return true
        } catch {
            return false
        }
    }
}
