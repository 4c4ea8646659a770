import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// One accepted connection of a `RawServer`. Blocking; used by the connection's own thread, stopped from any.
public final class RawConnection: Sendable {
    private struct State {
        var descriptor: Int32?
        var isFinished = false
    }

    private let state: Mutex<State>

    init(descriptor: Int32) {
        #if canImport(Darwin)
            var on: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
        state = Mutex(State(descriptor: descriptor))
    }

    deinit {
        release()
    }

    /// Writes all of the bytes. False when the other side is gone.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool {
        guard let descriptor else { return false }
        #if canImport(Darwin)
            let flags: Int32 = 0
        #else
            let flags = Int32(MSG_NOSIGNAL)
        #endif
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent, flags)
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Writes text. False when the other side is gone.
    @discardableResult
    public func write(_ text: String) -> Bool {
        write(Array(text.utf8))
    }

    /// Writes a whole response with its `Content-Length`.
    ///
    /// - Parameters:
    ///   - status: Code and reason, for example `404 Not Found`.
    ///   - headers: Further fields.
    ///   - body: The body; left out when `isHead`.
    ///   - isHead: Whether the request was HEAD.
    public func respond(
        _ status: String,
        headers: [(String, String)] = [],
        body: [UInt8] = [],
        isHead: Bool = false
    ) {
        var head = "HTTP/1.1 \(status)\r\n"
        for (name, value) in headers {
            head += "\(name): \(value)\r\n"
        }
        head += "Content-Length: \(body.count)\r\n\r\n"
        write(Array(head.utf8) + (isHead ? [] : body))
    }

    /// Writes a whole response with a text body.
    public func respond(_ status: String, headers: [(String, String)] = [], text: String, isHead: Bool = false) {
        respond(status, headers: headers, body: Array(text.utf8), isHead: isHead)
    }

    /// Blocks the connection's thread; ends early when the server is stopped.
    ///
    /// - Parameter duration: How long.
    public func pause(_ duration: Duration) {
        let end = ContinuousClock.now.advanced(by: duration)
        while ContinuousClock.now < end, !isFinished {
            usleep(2_000)
        }
    }

    /// Ends the connection in good order after what has been written.
    public func finish() {
        state.withLock { state in
            state.isFinished = true
            if let descriptor = state.descriptor { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Ends the connection with a reset: what is still under way is lost.
    public func reset() {
        state.withLock { state in
            state.isFinished = true
            if let descriptor = state.descriptor {
                var hard = linger(l_onoff: 1, l_linger: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
                close(descriptor)
                state.descriptor = nil
            }
        }
    }

    /// Whether nothing more is to be read from or written to it.
    public var isFinished: Bool { state.withLock(\.isFinished) }

    /// Reads up to a page. Empty at the end.
    func read() -> [UInt8] {
        guard let descriptor, !isFinished else { return [] }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        return Array(buffer.prefix(max(0, count)))
    }

    /// Closes the descriptor; by the connection's own thread, after its last use.
    func release() {
        state.withLock { state in
            state.isFinished = true
            if let descriptor = state.descriptor { close(descriptor) }
            state.descriptor = nil
        }
    }

    private var descriptor: Int32? { state.withLock(\.descriptor) }
}
