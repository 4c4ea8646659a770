import COpenSSL

/// Rules for every call into libcrypto.
enum OpenSSL {
    /// Runs calls that may fail for reasons in their input, and leaves the thread's error queue empty: what stays there
    /// would be reported by somebody else's later call.
    static func attempt<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { ERR_clear_error() }
        return try body()
    }

    /// For calls that fail only when memory is exhausted or the library is broken: a hash over bytes at hand, a new
    /// context. There is no sound way on from there, and no input can bring it about.
    static func require(_ condition: Bool) {
        guard condition else { fatalError("libcrypto failed where it cannot fail") }
    }

    /// Like ``require(_:)`` for functions that return a new object.
    static func require(_ pointer: OpaquePointer?) -> OpaquePointer {
        guard let pointer else { fatalError("libcrypto failed where it cannot fail") }
        return pointer
    }
}
