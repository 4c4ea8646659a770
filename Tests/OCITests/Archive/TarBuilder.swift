/// Writes tar archives, also ones that no tool would write.
struct TarBuilder {
    var bytes: [UInt8] = []

    enum Format { case ustar, gnu, star, v7 }

    mutating func add(
        _ name: String,
        _ content: [UInt8] = [],
        type: Character = "0",
        format: Format = .ustar,
        prefix: String = "",
        size: String? = nil,
        binarySize: [UInt8]? = nil,
        breakChecksum: Bool = false
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        func octal(_ value: Int, _ width: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: width - digits.count) + digits
        }
        put(String(decoding: Array(name.utf8).prefix(100), as: UTF8.self), 0)
        put("0000644", 100)
        put(size ?? octal(content.count, 11), 124)
        if let binarySize { header.replaceSubrange(124..<136, with: binarySize) }
        put("00000000000", 136)
        if let value = type.asciiValue { header[156] = value }
        switch format {
        case .ustar: put("ustar\u{0}00", 257)
        case .gnu: put("ustar  \u{0}", 257)
        case .star:
            put("ustar\u{0}00", 257)
            put("tar\u{0}", 508)
        case .v7: break
        }
        put(prefix, 345)
        put("        ", 148)
        let sum = header.reduce(0) { $0 + Int($1) } + (breakChecksum ? 1 : 0)
        put(octal(sum, 6) + "\u{0} ", 148)
        bytes += header + content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    mutating func addPax(_ records: [(String, String)], global: Bool = false) {
        var content = ""
        for (key, value) in records {
            let body = " \(key)=\(value)\n"
            var length = body.utf8.count + 1
            while "\(length)".utf8.count + body.utf8.count != length { length += 1 }
            content += "\(length)\(body)"
        }
        add("pax", Array(content.utf8), type: global ? "g" : "x")
    }

    mutating func addLongName(_ name: String) {
        add("././@LongLink", Array(name.utf8) + [0], type: "L", format: .gnu)
    }

    /// The archive with its end.
    func ended(padding: Int = 1024) -> [UInt8] { bytes + [UInt8](repeating: 0, count: padding) }
}
