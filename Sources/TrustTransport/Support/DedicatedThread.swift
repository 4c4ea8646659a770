#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Threads of their own for work that blocks, so that it never holds up the pool that all tasks share.
package enum DedicatedThread {
    /// Why a thread could not be started.
    package struct StartError: Error, Sendable, Equatable {
        /// The number of the error, as in `errno.h`.
        package let number: Int32
    }

    /// Starts a thread that nobody waits for.
    package static func start(_ body: @escaping @Sendable () -> Void) throws(StartError) {
        let box = Unmanaged.passRetained(Body(run: body))
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let code = pthread_create(&thread, nil, runBody, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw StartError(number: code)
        }
        #if canImport(Darwin)
            if let thread { pthread_detach(thread) }
        #else
            pthread_detach(thread)
        #endif
    }

    /// Runs blocking work on a thread of its own and waits for it without blocking.
    ///
    /// Cancellation does not reach the work by itself: what can be cut short has to look at a flag of its own.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async throws(StartError) -> Value
    {
        let result: Result<Value, StartError> = await withCheckedContinuation { continuation in
            do throws(StartError) {
                try start { continuation.resume(returning: .success(body())) }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    #if canImport(Darwin)
        private static let runBody: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { pointer in
            Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run()
            return nil
        }
    #else
        private static let runBody: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { pointer in
            if let pointer {
                Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run()
            }
            return nil
        }
    #endif
}
