import CTrustShims
import Synchronization
import TrustTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Ctrl-C, and the other ways in which somebody asks the process to stop.
///
/// The first one asks the work to end cleanly; the second, or ten seconds without an end, ends the process.
final class Interruption: Sendable {
    private struct State {
        var number: CInt?
        var cancel: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// The signal that came, if one did.
    var number: CInt? { state.withLock { $0.number } }

    /// The exit status after a signal, as shells have it.
    static func exitStatus(_ number: CInt) -> CInt { 128 + number }

    /// Calls `cancel` when a signal comes, or at once when one came already.
    func onInterruption(_ cancel: @escaping @Sendable () -> Void) {
        let came = state.withLock { state in
            state.cancel = cancel
            return state.number != nil
        }
        if came { cancel() }
    }

    /// Starts to watch for signals. Without a pipe or a thread for it they do what they always did.
    func watch() {
        let descriptor = trustctl_report_interruptions()
        guard descriptor >= 0 else { return }
        do throws(DedicatedThread.StartError) {
            try DedicatedThread.start { [self] in follow(descriptor) }
        } catch {
            for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
        }
    }

    private func follow(_ descriptor: CInt) {
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) != 1 {}
        let cancel = state.withLock { state in
            state.number = CInt(byte)
            return state.cancel
        }
        cancel?()
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let end = ContinuousClock.now.advanced(by: .seconds(10))
        while poll(&request, 1, 100) != 1, ContinuousClock.now < end {}
        trustctl_echo_restore()
        _exit(Self.exitStatus(CInt(byte)))
    }
}
