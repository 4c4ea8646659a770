import CContentTrust
import ContentTrust

/// See contenttrust.h.
@c @implementation public func contenttrust_request_descriptor(_ request: OpaquePointer!) -> CInt {
    Handles.requests.object(request)?.descriptor ?? -1
}

/// See contenttrust.h.
@c @implementation
public func contenttrust_request_result(
    _ request: OpaquePointer!,
    _ decision: UnsafeMutablePointer<OpaquePointer?>!
) -> OpaquePointer! {
    decision?.pointee = nil
    return answer { () throws(Refusal) in
        let output = try CArguments.output(decision, "decision")
        guard let found = try CArguments.live(request, "request", in: Handles.requests).decision else { return }
        output.pointee = Handles.decisions.insert(DecisionHandle(found))
    }
}

/// See contenttrust.h.
@c @implementation public func contenttrust_request_cancel(_ request: OpaquePointer!) {
    Handles.requests.object(request)?.cancel()
}

/// See contenttrust.h.
@c @implementation public func contenttrust_request_free(_ request: OpaquePointer!) {
    Handles.requests.remove(request)?.free()
}
