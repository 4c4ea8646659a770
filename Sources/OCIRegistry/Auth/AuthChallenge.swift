import TrustTransport

/// One challenge of a `WWW-Authenticate` field (RFC 9110 §11.6.1).
public struct AuthChallenge: Sendable, Equatable {
    /// One `name=value`.
    public struct Parameter: Sendable, Equatable {
        /// Lower-case.
        public let name: String
        /// Without quotes and escapes.
        public let value: String
    }

    /// The text is not a list of challenges, or is beyond the limits.
    public struct ParseError: Error, Sendable, Equatable {}

    /// The longest field that is read, in bytes.
    public static let maximumBytes = 16_384

    /// How many challenges one response may hold, all of its fields together.
    public static let maximumChallenges = 16

    /// How many parameters one challenge may hold.
    public static let maximumParameters = 32

    /// Lower-case, for example `bearer`.
    public let scheme: String

    /// The one token that some schemes have in place of parameters.
    public let token68: String?

    /// In the order in which they stand; each name once.
    public let parameters: [Parameter]

    /// The value of a parameter.
    public subscript(name: String) -> String? {
        parameters.first { $0.name == name }?.value
    }

    /// Reads all challenges of a response.
    ///
    /// - Parameter fields: The values of its `WWW-Authenticate` fields.
    /// - Returns: The challenges in order, perhaps none.
    /// - Throws: ``ParseError`` when any of it is malformed: one that we misread might be taken for another.
    public static func parse(_ fields: [String]) throws(ParseError) -> [AuthChallenge] {
        var challenges: [AuthChallenge] = []
        for field in fields {
            var parser = AuthChallengeParser(field)
            challenges += try parser.challenges(limit: maximumChallenges - challenges.count)
        }
        return challenges
    }
}

/// Walks once over one field.
private struct AuthChallengeParser {
    private let bytes: [UInt8]
    private var index = 0

    init(_ field: String) {
        bytes = Array(field.utf8.prefix(AuthChallenge.maximumBytes + 1))
    }

    mutating func challenges(limit: Int) throws(AuthChallenge.ParseError) -> [AuthChallenge] {
        guard bytes.count <= AuthChallenge.maximumBytes else { throw AuthChallenge.ParseError() }
        var found: [AuthChallenge] = []
        skipSpaceAndCommas()
        while index < bytes.count {
            guard found.count < limit, let scheme = token() else { throw AuthChallenge.ParseError() }
            found.append(try challenge(scheme: ASCII.lowercased(scheme)))
        }
        return found
    }

    /// What follows a scheme, up to the next scheme or the end.
    private mutating func challenge(scheme: String) throws(AuthChallenge.ParseError) -> AuthChallenge {
        let hasSpace = skipSpace()
        if isAtListEnd {
            skipSpaceAndCommas()
            return AuthChallenge(scheme: scheme, token68: nil, parameters: [])
        }
        guard hasSpace else { throw AuthChallenge.ParseError() }
        if let token68 = token68() {
            skipSpaceAndCommas()
            return AuthChallenge(scheme: scheme, token68: token68, parameters: [])
        }
        var parameters: [AuthChallenge.Parameter] = []
        while let parameter = try parameter() {
            guard parameters.count < AuthChallenge.maximumParameters,
                !parameters.contains(where: { $0.name == parameter.name })
            else { throw AuthChallenge.ParseError() }
            parameters.append(parameter)
            skipSpace()
            guard isAtListEnd else { throw AuthChallenge.ParseError() }
            skipSpaceAndCommas()
        }
        guard !parameters.isEmpty else { throw AuthChallenge.ParseError() }
        return AuthChallenge(scheme: scheme, token68: nil, parameters: parameters)
    }

    /// `name = value`; nil, and nothing consumed, where the next challenge begins.
    private mutating func parameter() throws(AuthChallenge.ParseError) -> AuthChallenge.Parameter? {
        let start = index
        guard let name = token() else {
            if index < bytes.count { throw AuthChallenge.ParseError() }
            return nil
        }
        skipSpace()
        guard take(UInt8(ascii: "=")) else {
            index = start
            return nil
        }
        skipSpace()
        guard let value = try quoted() ?? token() else { throw AuthChallenge.ParseError() }
        return AuthChallenge.Parameter(name: ASCII.lowercased(name), value: value)
    }

    /// Letters, digits and `-._~+/`, then any number of `=`, and then the end of the list element; nil otherwise.
    private mutating func token68() -> String? {
        let start = index
        var end = index
        while end < bytes.count, ASCII.isUnreserved(bytes[end]) || "+/".utf8.contains(bytes[end]) { end += 1 }
        guard end > start else { return nil }
        while end < bytes.count, bytes[end] == UInt8(ascii: "=") { end += 1 }
        index = end
        skipSpace()
        guard isAtListEnd else {
            index = start
            return nil
        }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    private mutating func token() -> String? {
        let start = index
        while index < bytes.count, ASCII.isTokenByte(bytes[index]) { index += 1 }
        return index > start ? String(decoding: bytes[start..<index], as: UTF8.self) : nil
    }

    /// A quoted string without its quotes and escapes; nil when there is none.
    private mutating func quoted() throws(AuthChallenge.ParseError) -> String? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        var value: [UInt8] = []
        while index < bytes.count {
            var byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") {
                return String(decoding: value, as: UTF8.self)
            }
            if byte == UInt8(ascii: "\\") {
                guard index < bytes.count else { break }
                byte = bytes[index]
                index += 1
            }
            guard byte == 0x09 || (byte >= 0x20 && byte != 0x7f) else { break }
            value.append(byte)
        }
        throw AuthChallenge.ParseError()
    }

    private var isAtListEnd: Bool { index >= bytes.count || bytes[index] == UInt8(ascii: ",") }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    @discardableResult
    private mutating func skipSpace() -> Bool {
        let start = index
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
        return index > start
    }

    private mutating func skipSpaceAndCommas() {
        while index < bytes.count, [0x20, 0x09, UInt8(ascii: ",")].contains(bytes[index]) { index += 1 }
    }
}
