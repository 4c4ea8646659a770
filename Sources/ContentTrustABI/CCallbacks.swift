import CContentTrust

/// The audit callback of a host, which is told when it will not be called any more.
final class AuditCallback: Sendable {
    private let function: contenttrust_audit_callback
    private let release: contenttrust_release_callback?
    // The header says that it must bear being handed to any thread.
    private nonisolated(unsafe) let context: UnsafeMutableRawPointer?

    /// A callback; nil when there is none.
    init?(_ options: contenttrust_options) {
        guard let audit = options.audit else { return nil }
        function = audit
        release = options.audit_release
        context = options.audit_context
    }

    deinit { release?(context) }

    /// Hands a record over.
    func call(_ record: String) {
        record.withCString { function($0, context) }
    }
}

/// Where the decision of a request goes.
struct CompletionCallback: Sendable {
    private let function: contenttrust_completion_callback
    // As in `AuditCallback`.
    private nonisolated(unsafe) let context: UnsafeMutableRawPointer?

    /// A callback; nil when there is none.
    init?(_ function: contenttrust_completion_callback?, context: UnsafeMutableRawPointer?) {
        guard let function else { return nil }
        self.function = function
        self.context = context
    }

    /// Hands a decision over, which is the callback's to free from then on.
    func call(_ decision: OpaquePointer?) { function(decision, context) }
}
