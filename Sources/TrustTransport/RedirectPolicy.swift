import HTTPTypes

/// What to do with a redirect. Pure.
public struct RedirectPolicy: Sendable {
    /// How many redirects are followed in a row. Default: 5.
    public var maximumRedirects: Int

    /// Where plain HTTP may go.
    public var plainHTTP: PlainHTTPRule

    /// Makes a policy.
    ///
    /// - Parameters:
    ///   - maximumRedirects: How many redirects are followed in a row.
    ///   - plainHTTP: Where plain HTTP may go.
    public init(maximumRedirects: Int = 5, plainHTTP: PlainHTTPRule = .loopbackOnly) {
        self.maximumRedirects = maximumRedirects
        self.plainHTTP = plainHTTP
    }

    /// The answer to one response.
    public enum Decision: Sendable {
        /// Not a redirect, or one that is the caller's affair (a 301, 302 or 303 to anything but GET and HEAD).
        case deliver
        /// Send this instead.
        case follow(HTTPRequestMessage)
        /// Fail.
        case refuse(TransportError)
    }

    /// What another origin may learn about a request. A list of what goes, not of what stays, so that a field nobody has
    /// thought of is never carried along.
    private static let portableFields: Set<HTTPField.Name> = [
        .accept, .acceptEncoding, .acceptLanguage, .range, .ifNoneMatch, .ifModifiedSince, .ifRange, .userAgent,
    ]

    /// Decides.
    ///
    /// GET and HEAD follow 301, 302, 303, 307 and 308. Other methods follow 307 and 308 within their origin alone, since a
    /// body may be as secret as a credential. On the way to another origin everything is left behind that is not in a short
    /// list of harmless fields, so `Authorization` and `Cookie` are; what was left behind does not come back.
    /// https never becomes http, unless both ends are loopback; plain HTTP from elsewhere never reaches loopback services
    /// by the loopback exception.
    ///
    /// - Parameters:
    ///   - request: What was sent.
    ///   - head: What came back.
    ///   - visited: The URLs of this chain, that of `request` included.
    /// - Returns: The decision.
    public func decide(_ request: HTTPRequestMessage, head: HTTPResponseHead, visited: [HTTPURL]) -> Decision {
        let followsAll = request.method == .get || request.method == .head
        switch head.status.code {
        case 301, 302, 303: guard followsAll else { return .deliver }
        case 307, 308: break
        default: return .deliver
        }
        let from = request.url.origin
        func refuse(_ reason: TransportError.BadResponse, _ detail: String = "") -> Decision {
            .refuse(TransportError(.badResponse(reason), origin: from, detail: detail))
        }
        let locations = Set(head.headers[values: .location])
        guard locations.count == 1, let location = locations.first else {
            return refuse(.invalidRedirect, locations.isEmpty ? "no Location" : "several Locations")
        }
        let next: HTTPURL
        do throws(TransportError) {
            next = try request.url.resolving(location)
        } catch {
            return refuse(.invalidRedirect, error.detail)
        }
        if let downgrade = downgrade(from: from, to: next.origin) {
            return refuse(.redirectDowngrade, downgrade)
        }
        guard followsAll || next.origin == from else {
            return refuse(.redirectOfBody, "to \(next.origin)")
        }
        guard !visited.contains(next) else {
            return refuse(.redirectLoop, "to \(next)")
        }
        guard visited.count <= maximumRedirects else {
            return refuse(.tooManyRedirects, "more than \(maximumRedirects)")
        }
        var following = request
        following.url = next
        if next.origin != from {
            following.headers = HTTPFields(request.headers.filter { Self.portableFields.contains($0.name) })
        }
        return .follow(following)
    }

    private func downgrade(from: HTTPOrigin, to: HTTPOrigin) -> String? {
        guard to.scheme == .http else { return nil }
        if from.isLoopback, to.isLoopback {
            return nil
        }
        if from.scheme == .https || plainHTTP != .allowPlainHTTP {
            return "to \(to)"
        }
        return nil
    }
}
