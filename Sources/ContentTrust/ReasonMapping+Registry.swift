package import OCIRegistry
import TrustCrypto
package import TrustTransport

extension Refusal {
    /// A registry that gave no usable answer.
    static func registry(_ error: RegistryError, checked: String) -> Refusal {
        func refusal(_ reason: Reason, _ found: String, expected: String? = nil, next: String? = nil) -> Refusal {
            Refusal(reason, checked: checked, found: found, expected: expected, next: next, cause: error)
        }
        switch error {
        case .unauthorized(let error):
            return credentials(error, checked: checked)
        case .denied(let origin, let faults):
            return refusal(
                .unauthorized,
                "\(origin) denies it\(list(faults))",
                next: "use an account that may do this: \(CommandLineAdvice.login)"
            )
        case .credentials(let error):
            return credentials(error, checked: checked)
        case .rateLimited(let origin, let retryAfter):
            let when = retryAfter.map { "; try again in \($0.components.seconds) s" } ?? ""
            return refusal(.unreachable, "\(origin) gets too many requests\(when)", next: "try again later, or log in")
        case .serverError(let origin, let status):
            return refusal(.unreachable, "\(origin) answers with status \(status)", next: "try again later")
        case .badResponse(let origin, let problem):
            let next = error.saysThatABlobIsLost ? lostBlob : notARegistry
            return refusal(.badResponse, "\(origin) answers \(describe(problem))", next: next)
        case .unreachable(let error):
            return transport(error, checked: checked)
        case .tooLarge(let limit):
            return refusal(.badResponse, "an answer of more than \(limit) bytes", next: notARegistry)
        case .sizeMismatch(let digest, let expected, let found):
            return refusal(.badSignature, "\(digest) with \(found) bytes", expected: "\(expected) bytes")
        case .digestMismatch(let expected, let found):
            return refusal(.badSignature, "bytes that hash to \(found)", expected: expected.description)
        case .cancelled:
            return refusal(.unreachable, "cancelled")
        }
    }

    /// What to do about a registry that does not take a manifest, because it has lost a blob that the manifest names.
    private static let lostBlob =
        "the registry has lost a file that is not to change: trustctl refresh puts it back, and trustctl doctor names it"

    /// What to do about answers that no registry gives.
    private static let notARegistry =
        "check the name of the registry and any proxy on the way; if it is right, tell its operator"

    /// Credentials that cannot be had, or are not accepted.
    ///
    /// - Parameters:
    ///   - error: What went wrong.
    ///   - checked: What they are for.
    /// - Returns: The refusal.
    package static func credentials(_ error: RegistryAuthError, checked: String) -> Refusal {
        let found: String
        var next: String? = CommandLineAdvice.login
        switch error {
        case .transport(let error):
            return transport(error, checked: checked)
        case .configUnreadable(let error):
            return file(error, checked: "registry credentials")
        case .configMalformed(let path, let field):
            found = "\(path) is malformed at \(field)"
            next = "mend \(path)"
        case .helperNotFound(let name):
            found = "the credential helper \(name) is not installed"
            next = "install \(name), or log in without it"
        case .helperFailed(let name, let message):
            found = "the credential helper \(name) failed: \(message)"
        case .helperTimedOut(let name):
            found = "the credential helper \(name) took too long"
        case .helperMalformed(let name):
            found = "the credential helper \(name) answers what it may not"
        case .malformedChallenge(let origin):
            found = "\(origin) sends a challenge that is none"
        case .unsupportedChallenge(let origin, let schemes):
            found = "\(origin) asks for \(schemes.joined(separator: ", "))"
        case .insecureCredentials(let origin):
            found = "credentials are not sent to \(origin) over plain HTTP"
            next = "use https"
        case .insecureRealm(let origin):
            found = "the token server \(origin) is not https"
            next = "tell the registry's operator; credentials are not sent there"
        case .unauthorized(let origin, let hadCredentials):
            found = hadCredentials ? "\(origin) does not accept the credentials" : "\(origin) wants credentials"
        case .insufficientScope(let origin, let scope):
            found = "the token of \(origin) is not good for \(scope)"
        case .credentialsRefused(let origin, let status):
            found = "\(origin) refuses the credentials (status \(status))"
        case .tokenServerFailed(let origin, let status):
            found = "the token server \(origin) answers with status \(status)"
            next = "try again later"
        case .malformedToken(let origin):
            found = "the token of \(origin) is malformed"
            next = notARegistry
        }
        return Refusal(.unauthorized, checked: checked, found: found, next: next, cause: error)
    }

    package static func transport(_ error: TransportError, checked: String) -> Refusal {
        let reason: Reason
        var next: String?
        switch error.kind {
        case .invalidURL, .configuration:
            reason = .usage
        case .insecure:
            reason = .unreachable
            next =
                "use https; or, knowing that everybody on the way can see and change it, "
                + CommandLineAdvice.plainHTTP
        case .unreachable, .timeout:
            reason = .unreachable
            next = "check the network and the name of the registry, and try again"
        case .tls:
            reason = .unreachable
            next =
                "check the registry's certificate; for a private authority: "
                + CommandLineAdvice.authority
        case .tooLarge, .badResponse:
            reason = .badResponse
        case .requestBody:
            reason = .internalDefect
        case .cancelled:
            reason = .unreachable
        }
        return Refusal(reason, checked: checked, found: error.description, next: next, cause: error)
    }

    private static func describe(_ problem: RegistryResponseProblem) -> String {
        switch problem {
        case .status(let status, let faults): "with status \(status)\(list(faults))"
        case .header(let name): "with a header \(name) that is missing or malformed"
        case .body: "with a body that is not what it should be"
        case .tooManyEntries(let limit): "with more than \(limit) entries"
        case .http(let error): "badly: \(error.description)"
        case .authentication: "with a challenge or token that cannot be used"
        }
    }

    private static func list(_ faults: [RegistryFault]) -> String {
        faults.isEmpty ? "" : ": " + faults.map { "\($0.code) \($0.message)" }.joined(separator: "; ")
    }
}
