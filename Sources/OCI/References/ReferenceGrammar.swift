/// The character classes and productions of the reference grammar of distribution/reference, over UTF-8 bytes.
enum ReferenceGrammar {
    /// The longest repository path and the longest registry, in bytes.
    static let maximumNameLength = 255
    /// The longest tag, in bytes.
    static let maximumTagLength = 128
    /// Nothing longer than this can be a reference; checked first, so that the rest is bounded.
    static let maximumReferenceLength = 1024

    static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }

    static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerAlphanumeric(byte) || isUpper(byte) }

    static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
    }

    /// `path-component ["/" path-component]*`
    static func isPath(_ text: some Collection<UInt8>) -> Bool {
        text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { isPathComponent($0) }
    }

    /// `alphanumeric [separator alphanumeric]*`; a separator is one dot, one or two underscores, or any dashes.
    private static func isPathComponent(_ text: some Collection<UInt8>) -> Bool {
        var previous: UInt8?
        var separatorLength = 0
        for byte in text {
            if isLowerAlphanumeric(byte) {
                separatorLength = 0
            } else {
                guard let previous else { return false }
                separatorLength += 1
                switch byte {
                case UInt8(ascii: "."):
                    guard separatorLength == 1 else { return false }
                case UInt8(ascii: "_"):
                    guard separatorLength == 1 || separatorLength == 2 && previous == byte else { return false }
                case UInt8(ascii: "-"):
                    guard separatorLength == 1 || previous == byte else { return false }
                default:
                    return false
                }
            }
            previous = byte
        }
        return previous != nil && separatorLength == 0
    }

    /// `host [":" port]`, where a host is dotted names, an IPv4 address or an IPv6 address in brackets. A port that
    /// no connection can have (0, or more than 65535) is refused too.
    static func isRegistry(_ text: some Collection<UInt8>) -> Bool {
        let bytes = Array(text)
        var host = bytes[...]
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), end > 1 else { return false }
            guard bytes[1..<end].allSatisfy({ isHexDigit($0) || $0 == UInt8(ascii: ":") }) else { return false }
            let rest = bytes[(end + 1)...]
            guard let colon = rest.first else { return true }
            return colon == UInt8(ascii: ":") && isPort(rest.dropFirst())
        }
        if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            guard isPort(bytes[(colon + 1)...]) else { return false }
            host = bytes[..<colon]
        }
        return host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return isAlphanumeric(first) && isAlphanumeric(last)
                && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    /// A port as it is written everywhere: with zeros in front, one registry would have many names.
    private static func isPort(_ digits: ArraySlice<UInt8>) -> Bool {
        guard let first = digits.first, first != UInt8(ascii: "0"), digits.allSatisfy(isDigit) else { return false }
        var value = 0
        for digit in digits {
            value = value * 10 + Int(digit - 0x30)
            guard value <= 65535 else { return false }
        }
        return true
    }

    /// `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`
    static func isTag(_ text: some Collection<UInt8>) -> Bool {
        guard let first = text.first, text.count <= maximumTagLength else { return false }
        guard isAlphanumeric(first) || first == UInt8(ascii: "_") else { return false }
        return text.allSatisfy {
            isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
        }
    }

    /// The grammar of `org.opencontainers.image.ref.name` (image-spec, annotations.md): components of letters and
    /// digits, joined by one of `-._:@+` or by `--`, separated by slashes.
    static func isImageName(_ text: some Collection<UInt8>) -> Bool {
        guard text.count <= maximumNameLength else { return false }
        return text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { component in
            var previous: UInt8?
            var separatorLength = 0
            for byte in component {
                if isAlphanumeric(byte) {
                    separatorLength = 0
                } else {
                    guard previous != nil else { return false }
                    separatorLength += 1
                    switch byte {
                    case UInt8(ascii: "-"):
                        guard separatorLength == 1 || separatorLength == 2 && previous == byte else { return false }
                    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "+"):
                        guard separatorLength == 1 else { return false }
                    default:
                        return false
                    }
                }
                previous = byte
            }
            return previous != nil && separatorLength == 0
        }
    }

    /// The error for `text`, cut to what is worth showing.
    static func invalid(_ text: String, _ problem: ReferenceProblem) -> OCIError {
        .invalidReference(text: String(text.prefix(300)), problem: problem)
    }
}
