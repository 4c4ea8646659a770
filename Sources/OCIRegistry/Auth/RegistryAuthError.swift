public import TrustCrypto
public import TrustTransport

/// Why a request could not be authorized. Holds no secrets.
public enum RegistryAuthError: Error, Sendable, Equatable {
    /// The registry or the token server could not be asked.
    case transport(TransportError)
    /// A credentials file is there and cannot be read, is larger than ``DockerConfig/maximumBytes``, or was named and is
    /// not there.
    case configUnreadable(FileError)
    /// A credentials file is not what it should be; `field` says where, empty when it is not JSON at all.
    case configMalformed(path: String, field: String)
    /// The program of a credential helper is not in the search path, or its name is not one.
    case helperNotFound(String)
    /// A credential helper failed; with what it said.
    case helperFailed(String, message: String)
    /// A credential helper did not end in time.
    case helperTimedOut(String)
    /// A credential helper answered what is not a credential.
    case helperMalformed(String)
    /// A 401 without a challenge that can be read.
    case malformedChallenge(HTTPOrigin)
    /// A 401 whose challenges are all of kinds that we do not speak.
    case unsupportedChallenge(HTTPOrigin, schemes: [String])
    /// Credentials exist and would have to travel over plain HTTP to a host that is not loopback.
    case insecureCredentials(HTTPOrigin)
    /// The registry names a token server that may not be asked: plain HTTP, and not both of them on loopback.
    case insecureRealm(HTTPOrigin)
    /// The registry wants to know who asks (`hadCredentials` false), or does not accept who asks.
    case unauthorized(HTTPOrigin, hadCredentials: Bool)
    /// The token server gave a token that does not reach far enough: the user lacks the right to do this.
    case insufficientScope(HTTPOrigin, scope: String)
    /// The token server does not accept the credentials.
    case credentialsRefused(HTTPOrigin, status: Int)
    /// The token server answered with this status.
    case tokenServerFailed(HTTPOrigin, status: Int)
    /// The token server's answer holds no usable token.
    case malformedToken(HTTPOrigin)
}
