/// A URL reference (RFC 3986 §4.1) cut into its parts, every byte checked.
struct URLReferenceParts {
    var scheme: HTTPOrigin.Scheme?
    var authority: Substring?
    var path: Substring
    var query: Substring?

    init(parsing string: String) throws(TransportError) {
        guard string.utf8.count <= HTTPURL.maximumBytes else {
            throw TransportError(.invalidURL, detail: "longer than \(HTTPURL.maximumBytes) bytes")
        }
        guard Self.hasOnlyAllowedBytes(string.utf8) else {
            throw TransportError(.invalidURL, detail: "a character that RFC 3986 does not allow there")
        }
        var rest = Substring(string)
        if let hash = rest.utf8.firstIndex(of: UInt8(ascii: "#")) {
            rest = rest[..<hash]
        }
        // A colon before any slash or question mark ends a scheme.
        if let end = rest.utf8.firstIndex(where: { ":/?".utf8.contains($0) }), rest.utf8[end] == UInt8(ascii: ":") {
            guard let known = HTTPOrigin.Scheme(rawValue: ASCII.lowercased(rest[..<end])) else {
                throw TransportError(.invalidURL, detail: "neither http nor https")
            }
            scheme = known
            rest = rest[rest.utf8.index(after: end)...]
            guard rest.hasPrefix("//") else {
                throw TransportError(.invalidURL, detail: "no host")
            }
        }
        if rest.hasPrefix("//") {
            let afterSlashes = rest.dropFirst(2)
            let end = afterSlashes.utf8.firstIndex(where: { "/?".utf8.contains($0) }) ?? afterSlashes.endIndex
            let found = afterSlashes[..<end]
            guard !found.isEmpty else {
                throw TransportError(.invalidURL, detail: "no host")
            }
            guard !found.utf8.contains(UInt8(ascii: "@")) else {
                throw TransportError(.invalidURL, detail: "user information in a URL")
            }
            authority = found
            rest = afterSlashes[end...]
        }
        if let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = rest[..<mark]
            query = rest[rest.utf8.index(after: mark)...]
        } else {
            path = rest
        }
        // Brackets are for IPv6 hosts alone; further down a URL library might encode them, and the bytes would differ.
        guard !path.utf8.contains(where: Self.isBracket), query?.utf8.contains(where: Self.isBracket) != true else {
            throw TransportError(.invalidURL, detail: "a bracket outside the host")
        }
    }

    private static func isBracket(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]")
    }

    private static func hasOnlyAllowedBytes(_ bytes: String.UTF8View) -> Bool {
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = iterator.next(), let low = iterator.next(),
                    ASCII.hexValue(high) != nil, ASCII.hexValue(low) != nil
                else { return false }
            } else if !ASCII.isUnreserved(byte), !":/?#[]@!$&'()*+,;=".utf8.contains(byte) {
                return false
            }
        }
        return true
    }
}

extension HTTPURL {
    /// The URL that a reference means when it is read at this one (RFC 3986 §5.2), as a `Location` field is.
    ///
    /// - Parameter reference: Absolute URL, `//host/path`, `/path`, `path` or `?query`.
    /// - Returns: The absolute URL.
    /// - Throws: ``TransportError`` with ``TransportError/Kind/invalidURL``.
    public func resolving(_ reference: String) throws(TransportError) -> HTTPURL {
        let parts = try URLReferenceParts(parsing: reference)
        if let authority = parts.authority {
            return try HTTPURL(
                scheme: parts.scheme ?? origin.scheme,
                authority: authority,
                path: parts.path,
                query: parts.query
            )
        }
        if parts.path.isEmpty {
            let newQuery = parts.query.map(String.init) ?? query
            return HTTPURL(origin: origin, target: path + (newQuery.map { "?\($0)" } ?? ""))
        }
        var merged = String(parts.path)
        if merged.utf8.first != UInt8(ascii: "/") {
            let base = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[...$0] } ?? "/"
            merged = Self.removingDotSegments(base + merged)
        }
        return try replacingTarget(merged + (parts.query.map { "?\($0)" } ?? ""))
    }

    /// RFC 3986 §5.2.4, for relative paths only: an absolute path is kept as the server wrote it.
    private static func removingDotSegments(_ path: String) -> String {
        var kept: [Substring] = []
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".":
                if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default:
                kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/")
    }
}
