import CContentTrust
import ContentTrust

/// A text of a decision.
private func text(_ decision: OpaquePointer?, _ field: DecisionHandle.Field) -> UnsafePointer<CChar>? {
    Handles.decisions.object(decision)?.text(field)
}

/// The reason of a decision that is none.
private let usage = CText(Reason.usage.code)

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_free(_ decision: OpaquePointer!) {
    Handles.decisions.remove(decision)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_is_admitted(_ decision: OpaquePointer!) -> Bool {
    Handles.decisions.object(decision)?.decision.isAdmitted ?? false
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_admission(_ decision: OpaquePointer!) -> UnsafePointer<CChar>! {
    text(decision, .admission)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_reason(_ decision: OpaquePointer!) -> UnsafePointer<CChar>! {
    text(decision, .reason) ?? usage.pointer
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_exit_code(_ decision: OpaquePointer!) -> CInt {
    Handles.decisions.object(decision)?.decision.exitCode ?? Reason.usage.exitCode
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_image(_ decision: OpaquePointer!) -> UnsafePointer<CChar>! {
    text(decision, .image)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_digest(_ decision: OpaquePointer!) -> UnsafePointer<CChar>! {
    text(decision, .digest)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_tag(_ decision: OpaquePointer!) -> UnsafePointer<CChar>! {
    text(decision, .tag)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_media_type(_ decision: OpaquePointer!) -> UnsafePointer<CChar>! {
    text(decision, .mediaType)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_size(_ decision: OpaquePointer!) -> Int64 {
    Handles.decisions.object(decision)?.image?.size ?? -1
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_index(_ decision: OpaquePointer!) -> UnsafePointer<CChar>! {
    text(decision, .index)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_checked(_ decision: OpaquePointer!) -> UnsafePointer<CChar>! {
    text(decision, .checked)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_found(_ decision: OpaquePointer!) -> UnsafePointer<CChar>! {
    text(decision, .found)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_expected(_ decision: OpaquePointer!) -> UnsafePointer<CChar>! {
    text(decision, .expected)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_next(_ decision: OpaquePointer!) -> UnsafePointer<CChar>! {
    text(decision, .next)
}

/// See contenttrust.h.
@c @implementation public func contenttrust_decision_json(_ decision: OpaquePointer!) -> UnsafePointer<CChar>! {
    text(decision, .json)
}
