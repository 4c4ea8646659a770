package import NotaryAPI

extension Refusal {
    /// A Notary server that gave no usable answer.
    package static func notary(_ error: NotaryError, checked: String) -> Refusal {
        func refusal(_ reason: Reason, _ found: String, expected: String? = nil, next: String? = nil) -> Refusal {
            Refusal(reason, checked: checked, found: found, expected: expected, next: next, cause: error)
        }
        switch error {
        case .invalidGUN(let name):
            return refusal(.usage, "\(name) is not a name that Notary servers know")
        case .invalidServer(let url):
            return refusal(.usage, "\(url) is not the URL of a Notary server", expected: "https://HOST[:PORT]")
        case .server(let error):
            return registry(error, checked: checked)
        case .versionTaken:
            return refusal(
                .conflict,
                "the server has newer metadata by now",
                next: "run the command again"
            )
        case .invalidUpdate(let check, let message):
            let words = [check, message].filter { !$0.isEmpty }.joined(separator: ": ")
            return refusal(
                .badResponse,
                "the server refuses the update" + (words.isEmpty ? ", and does not say why" : " (\(words))"),
                next: "look into the server's log; the command can be run again"
            )
        }
    }
}
