/// A pattern of `paths` in a delegation: a Unix shell wildcard for each segment of a path (TUF 1.0.34 §4.5).
///
/// `*` stands for any characters, `?` for one, `[a-z]` for one of a set and `[!a-z]` for one that is not in it; none of them
/// for `/`. A pattern therefore matches only paths with as many segments as it has. Upper and lower case differ.
public struct PathPattern: Sendable, Hashable, CustomStringConvertible {
    /// The pattern as metadata writes it.
    public let string: String
    private let segments: [[Token]]

    /// A pattern. Every string is one: a bracket that is never closed stands for itself.
    ///
    /// - Parameter string: The pattern as metadata writes it.
    public init(_ string: String) {
        self.string = string
        segments = Self.segments(of: string).map(Self.tokens)
    }

    /// The pattern as metadata writes it.
    public var description: String { string }

    /// Whether a path has the form of the pattern.
    ///
    /// - Parameter path: The path.
    /// - Returns: Whether it matches, segment by segment.
    public func matches(_ path: TargetPath) -> Bool {
        let others = Self.segments(of: path.string)
        return segments.count == others.count
            && zip(segments, others).allSatisfy { Self.matches($0, $1) }
    }

    /// Whether both are written with the same bytes.
    public static func == (lhs: PathPattern, rhs: PathPattern) -> Bool { lhs.string.hasSameBytes(as: rhs.string) }

    /// Feeds the bytes of the pattern.
    public func hash(into hasher: inout Hasher) { hasher.combine(bytesOf: string) }

    // MARK: Matching

    private enum Token: Sendable {
        case anyCharacters
        case anyCharacter
        case character(Unicode.Scalar)
        case set([ClosedRange<UInt32>], isNegated: Bool)
    }

    private static func segments(of string: String) -> [ArraySlice<Unicode.Scalar>] {
        Array(string.unicodeScalars).split(separator: "/", omittingEmptySubsequences: false)
    }

    /// Goes on greedily, and back to the last `*` where that was too much: at worst the product of both lengths.
    private static func matches(_ tokens: [Token], _ characters: ArraySlice<Unicode.Scalar>) -> Bool {
        var token = 0
        var character = characters.startIndex
        var retry: (token: Int, character: Int)?
        while character < characters.endIndex {
            if token < tokens.count, case .anyCharacters = tokens[token] {
                token += 1
                retry = (token, character)
            } else if token < tokens.count, matches(tokens[token], characters[character]) {
                token += 1
                character += 1
            } else if let last = retry {
                retry = (last.token, last.character + 1)
                (token, character) = (last.token, last.character + 1)
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { if case .anyCharacters = $0 { true } else { false } }
    }

    private static func matches(_ token: Token, _ character: Unicode.Scalar) -> Bool {
        switch token {
        case .anyCharacters: false
        case .anyCharacter: true
        case .character(let expected): expected == character
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(character.value) } != isNegated
        }
    }

    // MARK: Reading

    private static func tokens(_ segment: ArraySlice<Unicode.Scalar>) -> [Token] {
        var tokens: [Token] = []
        var rest = segment
        while let first = rest.popFirst() {
            switch first {
            case "*": tokens.append(.anyCharacters)
            case "?": tokens.append(.anyCharacter)
            case "[": tokens.append(set(&rest) ?? .character(first))
            default: tokens.append(.character(first))
            }
        }
        return tokens
    }

    /// What stands after an opening bracket; nil, with nothing taken, when no bracket closes it. A closing bracket that comes
    /// first belongs to the set.
    private static func set(_ rest: inout ArraySlice<Unicode.Scalar>) -> Token? {
        let isNegated = rest.first == "!"
        let members = isNegated ? rest.dropFirst() : rest
        guard let end = members.dropFirst().firstIndex(of: "]") else { return nil }
        var characters = members[..<end]
        rest = rest[(end + 1)...]
        var ranges: [ClosedRange<UInt32>] = []
        while let first = characters.popFirst() {
            guard characters.first == "-", let last = characters.dropFirst().first else {
                ranges.append(first.value...first.value)
                continue
            }
            characters = characters.dropFirst(2)
            // A range that runs backwards holds nothing.
            if first.value <= last.value { ranges.append(first.value...last.value) }
        }
        return .set(ranges, isNegated: isNegated)
    }
}
