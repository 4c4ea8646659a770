public import CContentTrust
import ContentTrust

/// See contenttrust.h.
@c @implementation
public func contenttrust_verifier_create(
    _ options: UnsafePointer<contenttrust_options>!,
    _ verifier: UnsafeMutablePointer<OpaquePointer?>!
) -> OpaquePointer! {
    verifier?.pointee = nil
    return answer { () throws(Refusal) in
        ForkedChild.beginWatching()
        let output = try CArguments.output(verifier, "verifier")
        let read = try VerifierOptions(options)
        let hosted = try HostedVerifier(read) { AuditCallback(options.pointee) }
        output.pointee = Handles.verifiers.insert(hosted)
    }
}

/// See contenttrust.h.
@c @implementation public func contenttrust_verifier_free(_ verifier: OpaquePointer!) {
    Handles.verifiers.remove(verifier)
}

/// See contenttrust.h.
@c @implementation
public func contenttrust_decide(
    _ verifier: OpaquePointer!,
    _ reference: UnsafePointer<CChar>!,
    _ platform: UnsafePointer<CChar>!,
    _ requester: UnsafePointer<CChar>!,
    _ decision: UnsafeMutablePointer<OpaquePointer?>!
) -> OpaquePointer! {
    decision?.pointee = nil
    return answer { () throws(Refusal) in
        let output = try CArguments.output(decision, "decision")
        let hosted = try CArguments.live(verifier, "verifier", in: Handles.verifiers)
        let question = try ImageQuestion(reference, platform, requester)
        output.pointee = Handles.decisions.insert(DecisionHandle(hosted.decision(question)))
    }
}

/// See contenttrust.h.
@c @implementation
public func contenttrust_decide_async(
    _ verifier: OpaquePointer!,
    _ reference: UnsafePointer<CChar>!,
    _ platform: UnsafePointer<CChar>!,
    _ requester: UnsafePointer<CChar>!,
    _ completion: contenttrust_completion_callback!,
    _ context: UnsafeMutableRawPointer!,
    _ request: UnsafeMutablePointer<OpaquePointer?>!
) -> OpaquePointer! {
    request?.pointee = nil
    return answer { () throws(Refusal) in
        let callback = CompletionCallback(completion, context: context)
        guard callback != nil || request != nil else {
            throw CArguments.wrong("completion", "NULL", expected: "a completion, a request, or both")
        }
        let hosted = try CArguments.live(verifier, "verifier", in: Handles.verifiers)
        let question = try ImageQuestion(reference, platform, requester)
        let started = Request()
        // Before it starts, so that a completion finds it there.
        request?.pointee = Handles.requests.insert(started)
        started.start(question, hosted, callback)
    }
}
