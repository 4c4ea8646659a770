import Harness
import OCIRegistry
import TrustTransport

/// `WWW-Authenticate` fields, one a line, and the URL that a challenge names.
@c(LLVMFuzzerTestOneInput)
public func fuzzAuthChallenge(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let fields = fuzzInput(start, count).split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
    guard let challenges = try? AuthChallenge.parse(fields) else { return 0 }
    require(challenges.count <= AuthChallenge.maximumChallenges, "too many challenges")
    let again = try? AuthChallenge.parse(challenges.map(written))
    require(again == challenges, "a challenge does not come back")
    for challenge in challenges {
        require(challenge.parameters.count <= AuthChallenge.maximumParameters, "too many parameters")
        require(challenge.token68 == nil || challenge.parameters.isEmpty, "a token and parameters")
        require(Set(challenge.parameters.map(\.name)).count == challenge.parameters.count, "a name twice")
        for parameter in challenge.parameters {
            require(challenge[parameter.name] == parameter.value, "a parameter is not found")
            check(url: parameter.value)
        }
    }
    return 0
}

/// The challenge in the most careful spelling.
private func written(_ challenge: AuthChallenge) -> String {
    if let token = challenge.token68 {
        return "\(challenge.scheme) \(token)"
    }
    let parameters = challenge.parameters.map { parameter in
        let escaped = parameter.value.unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }
        return "\(parameter.name)=\"\(escaped.joined())\""
    }
    return "\(challenge.scheme) \(parameters.joined(separator: ","))"
}

/// What is taken for a URL is written as one, and stays where it is.
private func check(url text: String) {
    if let url = try? HTTPURL(parsing: text) {
        require((try? HTTPURL(parsing: url.string)) == url, "a URL does not come back")
        require((try? url.resolving(url.string)) == url, "a URL resolves to another")
        require(!url.string.utf8.contains { $0 <= 0x20 || $0 >= 0x7f }, "a character that is none")
        require(url.target.hasPrefix("/") && !url.target.contains("#"), "no request target")
    }
    guard let base = try? HTTPURL(parsing: "https://base.example/a/b?c"), let found = try? base.resolving(text) else {
        return
    }
    require(found.target.hasPrefix("/"), "no request target")
    require((try? HTTPURL(parsing: found.string)) == found, "a resolved URL does not come back")
}
