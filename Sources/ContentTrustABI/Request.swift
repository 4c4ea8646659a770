import CTrustShims
import ContentTrust
import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A question that is under way, or answered.
final class Request: Sendable {
    private struct State: Sendable {
        var decision: Decision?
        var task: Task<Void, Never>?
        /// Both ends of a pipe: a byte in it says that the decision is there.
        var pipe: (read: CInt, write: CInt)?
        var isCancelled = false
        var isFreed = false
    }

    private let state = Mutex(State())

    deinit { state.withLock { Self.closePipe(&$0) } }

    /// Asks.
    ///
    /// - Parameters:
    ///   - question: The question.
    ///   - hosted: Decides; it stays until the answer is there and handed over.
    ///   - completion: Gets the decision.
    func start(_ question: ImageQuestion, _ hosted: HostedVerifier, _ completion: CompletionCallback?) {
        let task = Task.detached { [self] in
            let decision = await hosted.verifier.decide(question)
            finish(decision)
            guard let completion else { return }
            hosted.completions.async { completion.call(Handles.decisions.insert(DecisionHandle(decision))) }
        }
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    /// The decision; nil when it is not there yet.
    var decision: Decision? { state.withLock { $0.decision } }

    /// A descriptor that is readable when the decision is there; -1 when the system has none.
    var descriptor: CInt {
        state.withLock { state in
            guard !state.isFreed else { return -1 }
            if let pipe = state.pipe { return pipe.read }
            guard let pipe = Self.makePipe() else { return -1 }
            state.pipe = pipe
            if state.decision != nil { Self.tell(pipe) }
            return pipe.read
        }
    }

    /// Ends the question soon.
    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }

    /// Ends the question soon, and closes the descriptor now: nobody has a handle any more.
    func free() {
        state.withLock { state in
            state.isFreed = true
            Self.closePipe(&state)
        }
        cancel()
    }

    private func finish(_ decision: Decision) {
        state.withLock { state in
            state.decision = decision
            // It keeps this alive.
            state.task = nil
            if let pipe = state.pipe { Self.tell(pipe) }
        }
    }

    // MARK: The pipe

    private static func makePipe() -> (read: CInt, write: CInt)? {
        var ends: [CInt] = [-1, -1]
        guard trustctl_pipe(&ends) == 0 else { return nil }
        return (ends[0], ends[1])
    }

    /// Writes the one byte that the pipe ever holds, so this cannot wait. The other end is open, for both are closed together.
    private static func tell(_ pipe: (read: CInt, write: CInt)) {
        var byte: UInt8 = 1
        while write(pipe.write, &byte, 1) < 0 && errno == EINTR {}
    }

    private static func closePipe(_ state: inout State) {
        guard let pipe = state.pipe else { return }
        state.pipe = nil
        close(pipe.read)
        close(pipe.write)
    }
}
