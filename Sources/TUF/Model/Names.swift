/// The name of a role: one of the four top-level roles, or a delegated targets role (TUF 1.0.34 §2.1).
///
/// Names compare by their UTF-8 bytes, so two spellings of "é" are two roles.
public struct RoleName: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The name as metadata writes it.
    public let string: String

    /// The role that delegates to the other three; its keys are kept off line.
    public static let root = RoleName(unchecked: "root")
    /// The role that names the current snapshot and proves freshness.
    public static let timestamp = RoleName(unchecked: "timestamp")
    /// The role that lists the versions of all targets metadata.
    public static let snapshot = RoleName(unchecked: "snapshot")
    /// The top-level targets role.
    public static let targets = RoleName(unchecked: "targets")

    /// The four roles that every root must define, in the order of the client workflow.
    public static let topLevel: [RoleName] = [.root, .timestamp, .snapshot, .targets]

    /// A role name.
    ///
    /// - Parameter string: 1 to 512 bytes of UTF-8 without control characters.
    /// - Throws: ``TUFError/invalidName(_:)``.
    public init(_ string: String) throws(TUFError) {
        guard (1...512).contains(string.utf8.count), !string.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
            throw .invalidName(string)
        }
        self.string = string
    }

    private init(unchecked string: String) {
        self.string = string
    }

    /// The name as metadata writes it.
    public var description: String { string }

    /// Whether the bytes are the same.
    public static func == (lhs: RoleName, rhs: RoleName) -> Bool { lhs.string.hasSameBytes(as: rhs.string) }

    /// Whether the bytes of `lhs` come first.
    public static func < (lhs: RoleName, rhs: RoleName) -> Bool { lhs.string.bytesPrecede(rhs.string) }

    /// Feeds the bytes of the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(bytesOf: string) }
}

/// The path of a target (TUF 1.0.34 §4.5): in trust data, a tag.
///
/// Paths compare by their UTF-8 bytes.
public struct TargetPath: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The path as metadata writes it.
    public let string: String

    /// How many bytes a path may have.
    static let lengths = 1...4096

    /// A target path.
    ///
    /// - Parameter string: 1 to 4,096 bytes of UTF-8. It is a name, not a location: whoever makes a file name of it must
    ///   encode it.
    /// - Throws: ``TUFError/invalidName(_:)``.
    public init(_ string: String) throws(TUFError) {
        guard Self.lengths.contains(string.utf8.count) else { throw .invalidName(string) }
        self.string = string
    }

    /// The path as metadata writes it.
    public var description: String { string }

    /// Whether the bytes are the same.
    public static func == (lhs: TargetPath, rhs: TargetPath) -> Bool { lhs.string.hasSameBytes(as: rhs.string) }

    /// Whether the bytes of `lhs` come first.
    public static func < (lhs: TargetPath, rhs: TargetPath) -> Bool { lhs.string.bytesPrecede(rhs.string) }

    /// Feeds the bytes of the path.
    public func hash(into hasher: inout Hasher) { hasher.combine(bytesOf: string) }
}

extension String {
    /// Equality of the UTF-8 bytes; `==` would call canonically equivalent spellings the same.
    func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Order of the UTF-8 bytes, which is the order of the code points.
    func bytesPrecede(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}

extension Hasher {
    mutating func combine(bytesOf string: String) {
        var string = string
        string.withUTF8 { combine(bytes: UnsafeRawBufferPointer($0)) }
        combine(0xff as UInt8)
    }
}
