import CContentTrust
import ContentTrust

/// Why there is no answer, for C.
final class ErrorHandle: Sendable {
    let reason: Reason
    private let code: CText
    private let message: CText

    init(_ refusal: Refusal) {
        reason = refusal.reason
        code = CText(refusal.reason.code)
        message = CText(refusal.description + (refusal.next.map { "; next: \($0)" } ?? ""))
    }

    /// What every function answers in the child of a fork.
    static let forked = ErrorHandle(
        Refusal(
            .usage,
            checked: "this process",
            found: "the child of a fork, which has none of the library's threads",
            next: "fork before the library is first used, or call exec()"
        )
    )

    /// The handle of ``forked``, which stands in no table.
    static var forkedChild: OpaquePointer? { OpaquePointer(bitPattern: 15) }

    /// The error of a handle; nil for NULL and a handle that was freed.
    static func of(_ handle: OpaquePointer?) -> ErrorHandle? {
        handle != nil && handle == forkedChild ? forked : Handles.errors.object(handle)
    }

    /// What is said of a handle that is none.
    private static let none = ErrorHandle(CArguments.wrong("error", "no live handle"))

    fileprivate static func codePointer(_ handle: OpaquePointer?) -> UnsafePointer<CChar>? {
        (of(handle) ?? none).code.pointer
    }

    fileprivate static func messagePointer(_ handle: OpaquePointer?) -> UnsafePointer<CChar>? {
        (of(handle) ?? none).message.pointer
    }
}

/// See contenttrust.h.
@c @implementation public func contenttrust_error_free(_ error: OpaquePointer!) {
    Handles.errors.remove(error)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_error_reason(_ error: OpaquePointer!) -> UnsafePointer<CChar>! {
    ErrorHandle.codePointer(error)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_error_exit_code(_ error: OpaquePointer!) -> CInt {
    (ErrorHandle.of(error)?.reason ?? .usage).exitCode
}

/// See contenttrust.h.
@c @implementation public func contenttrust_error_message(_ error: OpaquePointer!) -> UnsafePointer<CChar>! {
    ErrorHandle.messagePointer(error)
}
