/// Where plain HTTP may go.
public enum PlainHTTPRule: Sendable, Hashable {
    /// Only to this machine. The default everywhere.
    case loopbackOnly
    /// To any host: names, contents and tokens can be read and changed on the way. Signatures still hold.
    case allowPlainHTTP

    /// Whether a request may be sent to the origin.
    public func permits(_ origin: HTTPOrigin) -> Bool {
        switch origin.scheme {
        case .https: true
        case .http: self == .allowPlainHTTP || origin.isLoopback
        }
    }
}
