public import CanonicalJSON
public import TUF

/// A map file: which repositories must agree on which targets (TAP 4). The user writes it, or gets it in a trustworthy way;
/// no repository can change it.
///
/// Mappings are in the order of their priority. What ``find(_:asking:)`` makes of them is TAP 4, "Searching for Files on
/// Multiple Repositories".
public struct RepositoryMap: Sendable, Hashable {
    /// Where one copy of a repository is: URLs, or what else the program that reads the map takes for a place.
    public struct Mirror: Sendable, Hashable {
        /// Where its metadata is.
        public let metadata: String
        /// Where its target files are.
        public let targets: String

        /// A copy of a repository.
        ///
        /// - Parameters:
        ///   - metadata: Where its metadata is.
        ///   - targets: Where its target files are.
        public init(metadata: String, targets: String) {
            self.metadata = metadata
            self.targets = targets
        }

        /// A copy that has its metadata in a place, and its target files in `targets` below that.
        ///
        /// - Parameter place: The place.
        public init(_ place: String) {
            self.init(metadata: place, targets: place.hasSuffix("/") ? "\(place)targets" : "\(place)/targets")
        }
    }

    /// Who decides about targets whose paths match.
    public struct Mapping: Sendable, Hashable {
        /// One of them must match a path.
        public let paths: [PathPattern]
        /// In the order in which they are asked; each once.
        public let repositories: [RepositoryLabel]
        /// How many of them must say the same of a target: 1 or more, and not more than there are.
        public let threshold: Int
        /// Whether no later mapping is looked at when this one does not come to a target.
        public let isTerminating: Bool

        /// Whether the mapping is for a target.
        ///
        /// - Parameter path: The target.
        /// - Returns: Whether one of ``paths`` matches, segment by segment: `*` is for paths without a slash.
        public func matches(_ path: TargetPath) -> Bool { paths.contains { $0.matches(path) } }
    }

    /// The repositories, in the order of the file.
    public let repositories: [RepositoryLabel]
    /// The copies of each repository, in the order in which they are tried; at least one.
    public let mirrors: [RepositoryLabel: [Mirror]]
    /// The mappings, the most important one first.
    public let mappings: [Mapping]

    /// Reads a map file: `repositories` is an object of arrays of places (a string, or an object with `metadata` and
    /// `targets`), `mapping` an array of objects with `paths`, `repositories`, `threshold` and `terminating`, all of them
    /// required. Other members are left alone.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - limits: Bounds for what is in it.
    /// - Throws: ``RepositoryMapError``, also for mappings that could never come to a target or count a repository twice.
    public init(
        parsing bytes: [UInt8],
        limits: RepositoryMapLimits = RepositoryMapLimits()
    ) throws(RepositoryMapError) {
        let reader = RepositoryMapReader(limits: limits)
        let root: JSONNode
        do {
            root = try JSONDocument(parsing: bytes, limits: limits.json).root
        } catch {
            throw .notJSON(error)
        }
        (repositories, mirrors) = try reader.repositories(root)
        mappings = try reader.mappings(root, of: Set(repositories))
    }
}

/// What a map file calls a repository: also the name of the directory with its metadata.
public struct RepositoryLabel: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The name.
    public let string: String

    /// A name.
    ///
    /// - Parameter string: 1 to 64 ASCII letters, digits and `._-`, a letter or digit first: it can be no other directory
    ///   than its own, on any file system.
    /// - Throws: ``RepositoryMapError/unsafeName(_:)``.
    public init(_ string: String) throws(RepositoryMapError) {
        let bytes = string.utf8
        guard (1...64).contains(bytes.count), let first = bytes.first, Self.isLetterOrDigit(first),
            bytes.allSatisfy({ Self.isLetterOrDigit($0) || "._-".utf8.contains($0) })
        else { throw .unsafeName(string) }
        self.string = string
    }

    /// The name.
    public var description: String { string }

    /// Whether the bytes of `lhs` come first.
    public static func < (lhs: RepositoryLabel, rhs: RepositoryLabel) -> Bool {
        lhs.string.utf8.lexicographicallyPrecedes(rhs.string.utf8)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
}

/// Upper bounds for a map file.
public struct RepositoryMapLimits: Sendable, Hashable {
    /// Bytes of the file. Default 1 MiB.
    public var length = 1 << 20
    /// Repositories. Default 64.
    public var repositories = 64
    /// Copies of one repository. Default 16.
    public var mirrors = 16
    /// Mappings. Default 1,024.
    public var mappings = 1024
    /// Patterns of one mapping. Default 1,024.
    public var paths = 1024
    /// Bytes of a pattern or a place. Default 4,096, as long as a target's path may be.
    public var textLength = 4096

    /// The defaults.
    public init() {}

    var json: JSONLimits { JSONLimits(maximumBytes: length, maximumDepth: 8, maximumValues: 65_536) }
}

/// Why a map file cannot be used. Fields are written as `mapping[2].threshold`.
public enum RepositoryMapError: Error, Sendable, Equatable {
    /// The file is no JSON, or more than its limits allow.
    case notJSON(JSONError)
    /// A field is missing or of the wrong form.
    case malformed(field: String)
    /// There are more of something than the limit.
    case tooMany(field: String, limit: Int)
    /// A repository's name is not safe as the name of a directory.
    case unsafeName(String)
    /// Two names differ in upper and lower case only, and are one directory on some file systems.
    case clashingNames(String, String)
    /// A mapping has a repository that the file does not define.
    case unknownRepository(String, field: String)
    /// A mapping has a repository twice, which would count twice.
    case repeatedRepository(String, field: String)
    /// A threshold is more than the mapping has repositories.
    case thresholdTooHigh(field: String, repositories: Int)
}
