/// Why there is no time stamp, or it is not believed.
public enum TimeStampError: Error, Sendable, Equatable {
    /// The bytes are not what a time stamping service answers, or not a token.
    case malformed
    /// The answer or the token is larger than permitted.
    case limitExceeded
    /// The service refused to make one. The number is its PKIStatus (RFC 3161 §2.4.2).
    case refused(status: Int)
    /// It is one over something else.
    case otherContent
    /// No signature by a trusted time stamping service holds, in libcrypto's words.
    case untrusted(String)
}
