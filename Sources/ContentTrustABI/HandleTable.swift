import Synchronization

/// The live objects of one kind, by the numbers that C holds in place of pointers.
///
/// A number is never given twice, and says of which kind it is, so a handle that was freed, or that of something else, finds
/// nothing instead of foreign memory.
final class HandleTable<Object: AnyObject & Sendable>: Sendable {
    private struct State {
        var last: UInt = 0
        var live: [UInt: Object] = [:]
    }

    private let kind: UInt
    private let state = Mutex(State())

    /// A table.
    ///
    /// - Parameter kind: 1 to 15, for this table alone.
    init(kind: UInt) {
        self.kind = kind
    }

    /// A new handle of an object, which lives until it is removed.
    func insert(_ object: Object) -> OpaquePointer? {
        state.withLock { state in
            state.last += 1
            let number = state.last << 4 | kind
            state.live[number] = object
            return OpaquePointer(bitPattern: number)
        }
    }

    /// The object of a handle; nil for NULL, a handle that was removed or never given, and in the child of a fork.
    func object(_ handle: OpaquePointer?) -> Object? {
        guard let handle, !ForkedChild.isThis else { return nil }
        return state.withLock { $0.live[UInt(bitPattern: handle)] }
    }

    /// Ends a handle.
    ///
    /// - Parameter handle: The handle.
    /// - Returns: The object that it was for, as ``object(_:)``.
    @discardableResult
    func remove(_ handle: OpaquePointer?) -> Object? {
        guard let handle, !ForkedChild.isThis else { return nil }
        // Returned, so that an object that ends with its handle does not end inside the lock.
        return state.withLock { $0.live.removeValue(forKey: UInt(bitPattern: handle)) }
    }
}

/// What C holds handles of.
enum Handles {
    static let verifiers = HandleTable<HostedVerifier>(kind: 1)
    static let requests = HandleTable<Request>(kind: 2)
    static let decisions = HandleTable<DecisionHandle>(kind: 3)
    static let errors = HandleTable<ErrorHandle>(kind: 4)
}
