public import TrustCrypto

/// The name of one metadata file in a repository (TUF 1.0.34 §3.1.2, §6.2).
public struct MetadataFile: Sendable, Hashable, CustomStringConvertible {
    /// The role whose metadata the file holds.
    public let role: RoleName
    /// The version that the file name begins with; nil for `timestamp.json` and for repositories without consistent
    /// snapshots.
    public let version: Int64?
    /// The SHA-256 that the file name has, as Notary's dialect asks for files; nil in TUF 1.0.
    public let digest: Digest?

    /// The file of a role.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - version: The version in the file name, or nil for a file name without one.
    ///   - digest: The digest in the file name; not beside a version.
    public init(role: RoleName, version: Int64?, digest: Digest? = nil) {
        self.role = role
        self.version = version
        self.digest = digest
    }

    /// The file `timestamp.json`, which never has a version in its name.
    public static let timestamp = MetadataFile(role: .timestamp, version: nil)

    /// The file `root.json`: the newest root, where a repository has one under that name.
    package static let newestRoot = MetadataFile(role: .root, version: nil)

    /// The file `VERSION.root.json`.
    ///
    /// - Parameter version: The version of the root.
    /// - Returns: The file.
    public static func root(_ version: Int64) -> MetadataFile {
        MetadataFile(role: .root, version: version)
    }

    /// The file name, for example `7.snapshot.json`. Everything in a role's name but ASCII letters, digits and `_.-~` is
    /// percent-encoded, so a role's name can neither name a folder nor leave one.
    public var name: String {
        let encoded = Self.percentEncoded(role.string)
        if let digest { return "\(encoded).\(digest.hex).json" }
        guard let version else { return "\(encoded).json" }
        return "\(version).\(encoded).json"
    }

    /// The file name.
    public var description: String { name }

    /// The file with a name that ``name`` gave.
    ///
    /// - Parameter name: The file name; nil is returned for one that no file has.
    package init?(name: String) {
        guard name.hasSuffix(".json") else { return nil }
        let stem = name.dropLast(".json".count)
        let first = stem.prefix { $0 != "." }
        let last = stem.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
        var encoded = stem
        var version: Int64?
        var digest: Digest?
        if first.count < stem.count, let number = Int64(first), number > 0, !first.hasPrefix("+"), !first.hasPrefix("0")
        {
            version = number
            encoded = stem.dropFirst(first.count + 1)
        } else if last.count < stem.count, last.utf8.count == 64,
            let found = try? Digest(parsing: "sha256:\(last)")
        {
            digest = found
            encoded = stem.dropLast(last.count + 1)
        }
        guard let decoded = Self.percentDecoded(encoded), let role = try? RoleName(decoded) else { return nil }
        self.init(role: role, version: version, digest: digest)
        guard self.name.hasSameBytes(as: name) else { return nil }
    }

    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Percent-encodes all bytes but ASCII letters, digits and `_.-~`, with capital hexadecimal digits.
    ///
    /// - Parameter string: Any string.
    /// - Returns: A string that is safe as a path segment of a URL. It may still be `.` or `..`: add a suffix.
    public static func percentEncoded(_ string: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(string.utf8.count)
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in string.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f, 0x2e, 0x2d, 0x7e: bytes.append(byte)
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
