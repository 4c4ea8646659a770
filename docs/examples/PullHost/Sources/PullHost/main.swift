import AHCTransport
import ContentTrust
import OCI
import TrustTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Sendable func note(_ text: String) {
    let line = Array("\(text)\n".utf8)
    // Nothing depends on whether anybody reads it.
    _ = write(STDERR_FILENO, line, line.count)
}

func usage() -> Never {
    note("usage: PullHost --policy FILE --state DIR REF LAYOUT")
    exit(Reason.usage.exitCode)
}

var options: [String: String] = [:]
var words: [String] = []
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
    if argument.hasPrefix("--") { options[argument] = arguments.popFirst() } else { words.append(argument) }
}
guard let policy = options["--policy"], let state = options["--state"], words.count == 2 else { usage() }

let transport = AHCTransport()
var status = Reason.trusted.exitCode
do {
    let host = try Host(policy: policy, state: state, transport: transport) { record in
        note("audit: \(record.jsonLine)")
    }
    for try await event in ImagePuller(host: host).pull(words[0], into: words[1]) {
        switch event {
        case .resolved(let digest): note("resolved: \(digest)")
        case .allowed(let decision): note("allowed: \(decision.reason)")
        case .fetched(let descriptor, let done, let all): note("fetched: \(done) of \(all), \(descriptor.digest)")
        case .finished(let reference): print(reference)
        }
    }
} catch PullError.refused(let refusal) {
    note("refused: \(refusal)")
    status = refusal.reason.exitCode
} catch let refusal as Refusal {
    note("error: \(refusal)")
    status = refusal.reason.exitCode
} catch {
    note("error: \(error)")
    status = Reason.internalDefect.exitCode
}
await transport.shutdown()
exit(status)
