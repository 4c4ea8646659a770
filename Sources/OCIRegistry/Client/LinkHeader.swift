/// The `Link` field of a list in pages (RFC 8288): finds the address of the next page.
struct LinkHeader {
    /// The reference of the link whose relation is `next`; nil when there is none.
    let next: String?

    /// Reads the values of the field; nil when they are malformed or name several next pages.
    init?(_ values: [String]) {
        var found: String?
        for value in values {
            guard let links = Self.links(in: Array(value.utf8)) else { return nil }
            for link in links where link.isNext {
                guard found == nil || found == link.target else { return nil }
                found = link.target
            }
        }
        next = found
    }

    private struct Link {
        var target: String
        var isNext = false
    }

    private static func links(in bytes: [UInt8]) -> [Link]? {
        var rest = bytes[...]
        var links: [Link] = []
        while true {
            rest = rest.drop { isSpace($0) || $0 == UInt8(ascii: ",") }
            guard !rest.isEmpty else { return links }
            guard rest.first == UInt8(ascii: "<"), let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
            var link = Link(target: String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self))
            rest = rest[(end + 1)...]
            while true {
                rest = rest.drop(while: isSpace)
                guard let separator = rest.first, separator != UInt8(ascii: ",") else { break }
                guard separator == UInt8(ascii: ";") else { return nil }
                rest = rest.dropFirst().drop(while: isSpace)
                guard let parameter = parameter(&rest) else { return nil }
                if parameter.name == "rel", parameter.value.split(separator: " ").contains("next") {
                    link.isNext = true
                }
            }
            links.append(link)
        }
    }

    /// `name`, `name=token` or `name="text"`, in lower case.
    private static func parameter(_ rest: inout ArraySlice<UInt8>) -> (name: String, value: String)? {
        let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") }
        rest = rest[name.endIndex...]
        let key = text(name)
        guard rest.first == UInt8(ascii: "=") else { return (key, "") }
        rest = rest.dropFirst()
        guard rest.first == UInt8(ascii: "\"") else {
            let token = rest.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") }
            rest = rest[token.endIndex...]
            return (key, text(token))
        }
        rest = rest.dropFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return (key, text(value[...]))
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                value.append(escaped)
            default: value.append(byte)
            }
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        var bytes = bytes
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return String(decoding: bytes.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
    }
}
