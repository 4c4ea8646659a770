import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Paths and patterns as Go's `path/filepath` takes them, with which containerd finds what it imports. The patterns are not
/// those of a shell: a star stands for a dot at the beginning too, so `glob` would overlook files that containerd reads.
enum GoPath {
    private static let slash = UInt8(ascii: "/")
    private static let wildcards = Array("*?[\\".utf8)

    /// A path without what leads nowhere, by its text alone (`filepath.Clean`).
    ///
    /// - Parameter path: Absolute or relative.
    /// - Returns: The path without empty parts, `.` and `..`, but for `..` at the beginning of a relative one.
    static func clean(_ path: String) -> String {
        let isAbsolute = path.utf8.first == slash
        var parts: [String] = []
        for part in path.utf8.split(separator: slash) {
            let part = String(decoding: part, as: UTF8.self)
            switch part {
            case ".": break
            case "..":
                if let last = parts.last, last != ".." {
                    parts.removeLast()
                } else if !isAbsolute {
                    parts.append(part)
                }
            default: parts.append(part)
            }
        }
        let text = parts.joined(separator: "/")
        return isAbsolute ? "/\(text)" : text.isEmpty ? "." : text
    }

    /// The files that a pattern stands for (`filepath.Glob`), in the order of their names.
    ///
    /// - Parameter pattern: A clean path with patterns in it.
    /// - Returns: Paths; nil when it is no pattern. A folder that is not there has none.
    /// - Throws: `FileError` for a folder that cannot be read, which Go passes over.
    static func files(_ pattern: String) throws(FileError) -> [String]? {
        var places = [pattern.utf8.first == slash ? "/" : "."]
        for part in pattern.utf8.split(separator: slash) {
            let part = String(decoding: part, as: UTF8.self)
            guard part.utf8.contains(where: { wildcards.contains($0) }) else {
                places = places.map { DurableFile.join($0, part) }
                continue
            }
            guard let name = NamePattern(part) else { return nil }
            var found: [String] = []
            for place in places {
                guard let names = try DurableFile.list(place, limit: 10_000) else { continue }
                found += names.filter(name.matches).map { DurableFile.join(place, $0) }
            }
            places = found
        }
        var files: [String] = []
        for place in places {
            // What follows a pattern may not be there. A link that leads nowhere is: containerd fails on it.
            var information = stat()
            if lstat(place, &information) == 0 {
                files.append(clean(place))
            } else if errno != ENOENT, errno != ENOTDIR {
                throw FileError(path: place)
            }
        }
        return files
    }
}

/// A pattern of one name, as Go's `filepath.Match` reads it.
struct NamePattern: Sendable {
    private enum Part: Sendable {
        /// Any number of any characters.
        case many
        /// One of any.
        case one
        /// One of these, or one that is none of these.
        case range([(first: Unicode.Scalar, last: Unicode.Scalar)], isNegated: Bool)

        func matches(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .many: false
            case .one: true
            case .range(let ranges, let isNegated):
                ranges.contains { $0.first <= scalar && scalar <= $0.last } != isNegated
            }
        }

        var isMany: Bool { if case .many = self { true } else { false } }
    }

    private var parts: [Part] = []

    /// Reads a pattern; nil for what Go takes for none.
    ///
    /// - Parameter text: The pattern, without slashes.
    init?(_ text: String) {
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": parts.append(.many)
            case "?": parts.append(.one)
            case "[":
                guard let part = Self.range(&rest) else { return nil }
                parts.append(part)
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                parts.append(.range([(escaped, escaped)], isNegated: false))
            default: parts.append(.range([(scalar, scalar)], isNegated: false))
            }
        }
    }

    /// What stands between brackets; the first one has been read.
    private static func range(_ rest: inout ArraySlice<Unicode.Scalar>) -> Part? {
        let isNegated = rest.first == "^"
        if isNegated { rest.removeFirst() }
        var ranges: [(first: Unicode.Scalar, last: Unicode.Scalar)] = []
        while ranges.isEmpty || rest.first != "]" {
            guard let first = end(&rest) else { return nil }
            var last = first
            if rest.first == "-" {
                rest.removeFirst()
                guard let other = end(&rest) else { return nil }
                last = other
            }
            ranges.append((first, last))
        }
        rest.removeFirst()
        return .range(ranges, isNegated: isNegated)
    }

    /// One end of a range; nil where there is none.
    private static func end(_ rest: inout ArraySlice<Unicode.Scalar>) -> Unicode.Scalar? {
        guard let scalar = rest.popFirst(), scalar != "-", scalar != "]" else { return nil }
        return scalar == "\\" ? rest.popFirst() : scalar
    }

    /// Whether a name is one of those that it stands for.
    ///
    /// - Parameter name: The name.
    /// - Returns: Whether it is.
    func matches(_ name: String) -> Bool {
        let scalars = Array(name.unicodeScalars)
        var (part, place) = (0, 0)
        // Where the last star stands, and up to where it reaches.
        var star: (part: Int, place: Int)?
        while place < scalars.count {
            if part < parts.count, parts[part].isMany {
                star = (part, place)
                part += 1
            } else if part < parts.count, parts[part].matches(scalars[place]) {
                part += 1
                place += 1
            } else if let last = star {
                star = (last.part, last.place + 1)
                (part, place) = (last.part + 1, last.place + 1)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy(\.isMany)
    }
}
