/// An IPv4 or IPv6 address, read from its text form without asking the system resolver.
///
/// Only the unambiguous spellings are read: four decimal numbers without leading zeros, and RFC 4291 §2.2. What the C
/// library would also take for an address (`127.1`, `0x7f000001`, `2130706433`) is *not* one here, so that no host that
/// looks like a name is ever taken for the loopback interface.
package struct IPAddress: Sendable, Hashable {
    /// 4 or 16 bytes in network order.
    package let bytes: [UInt8]

    /// True for 127.0.0.0/8, `::1`, and IPv4 loopback mapped into IPv6.
    package var isLoopback: Bool {
        if bytes.count == 4 {
            return bytes[0] == 127
        }
        if bytes.prefix(15).allSatisfy({ $0 == 0 }) {
            return bytes[15] == 1
        }
        return bytes.prefix(10).allSatisfy({ $0 == 0 }) && bytes[10] == 0xff && bytes[11] == 0xff && bytes[12] == 127
    }

    /// Reads an address; IPv6 without its brackets and without a zone. nil when it is not an address.
    ///
    /// - Parameter text: The text form, at most 45 bytes.
    package init?(_ text: some StringProtocol) {
        let utf8 = Array(text.utf8.prefix(46))
        guard utf8.count <= 45, let bytes = Self.ipv4(utf8[...]) ?? Self.ipv6(utf8) else { return nil }
        self.bytes = bytes
    }

    /// Whether the first `prefixLength` bits equal those of `network`; false for another address family.
    package func isInside(network: IPAddress, prefixLength: Int) -> Bool {
        guard network.bytes.count == bytes.count, (0...bytes.count * 8).contains(prefixLength) else { return false }
        let whole = prefixLength / 8
        guard bytes.prefix(whole) == network.bytes.prefix(whole) else { return false }
        let rest = prefixLength % 8
        guard rest > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xff00 >> rest)
        return bytes[whole] & mask == network.bytes[whole] & mask
    }

    private static func ipv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var value = 0
            for digit in part {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
                value = value * 10 + Int(digit - UInt8(ascii: "0"))
            }
            guard let byte = UInt8(exactly: value) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func ipv6(_ text: [UInt8]) -> [UInt8]? {
        let colon = UInt8(ascii: ":")
        let halves = splitAtDoubleColon(text)
        guard halves.count <= 2 else { return nil }
        var groups: [[UInt8]] = []
        for half in halves {
            guard !half.isEmpty else {
                groups.append([])
                continue
            }
            var bytes: [UInt8] = []
            let parts = half.split(separator: colon, omittingEmptySubsequences: false)
            for (index, part) in parts.enumerated() {
                // The last 32 bits may be written as an IPv4 address.
                let isLast = index == parts.count - 1 && half.endIndex == text.endIndex
                if isLast, part.contains(UInt8(ascii: ".")) {
                    guard let tail = ipv4(part) else { return nil }
                    bytes += tail
                } else {
                    guard (1...4).contains(part.count) else { return nil }
                    var value: UInt16 = 0
                    for character in part {
                        guard let digit = ASCII.hexValue(character) else { return nil }
                        value = value << 4 | UInt16(digit)
                    }
                    bytes += [UInt8(value >> 8), UInt8(value & 0xff)]
                }
            }
            groups.append(bytes)
        }
        let count = groups.reduce(0) { $0 + $1.count }
        if groups.count == 1 {
            return count == 16 ? groups[0] : nil
        }
        // "::" stands for at least one group of zeros.
        guard count <= 14 else { return nil }
        return groups[0] + [UInt8](repeating: 0, count: 16 - count) + groups[1]
    }

    /// One part when there is no `::`, two around the only one, three when there are more.
    private static func splitAtDoubleColon(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = 0
        var index = 0
        while index + 1 < text.count {
            if text[index] == UInt8(ascii: ":"), text[index + 1] == UInt8(ascii: ":") {
                parts.append(text[start..<index])
                start = index + 2
                index += 2
            } else {
                index += 1
            }
        }
        parts.append(text[start...])
        return parts
    }
}
