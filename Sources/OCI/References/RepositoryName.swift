/// The name of an OCI repository, in full: registry and path, as in `registry.example.com:5000/team/app`.
///
/// Short names are completed as docker does it (distribution/reference): `alpine` is `docker.io/library/alpine`,
/// `team/app` is `docker.io/team/app`, `index.docker.io` is `docker.io`. The first part is a registry when it contains a
/// dot, a colon or a capital letter, or is `localhost`. Every value is ASCII, so comparing strings compares bytes.
public struct RepositoryName: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The registry docker completes short names with.
    public static let defaultRegistry = "docker.io"

    /// `HOST[:PORT]` as it was written, at most 255 bytes. Its case is kept, as docker does.
    public let registry: String
    /// What follows the registry: lower-case components separated by slashes, at most 255 bytes.
    public let path: String

    /// The full name, `registry/path`.
    public var description: String { "\(registry)/\(path)" }

    /// Reads a name, completing it as docker does.
    ///
    /// - Parameter text: A name without tag and digest.
    /// - Throws: ``OCIError/invalidReference(text:problem:)``.
    public init(parsing text: String) throws(OCIError) {
        let (name, rest) = try Self.parsePrefix(of: text)
        guard rest.isEmpty else {
            throw ReferenceGrammar.invalid(text, rest.first == UInt8(ascii: ":") ? .path : .digest)
        }
        self = name
    }

    init(unchecked registry: String, path: String) {
        self.registry = registry
        self.path = path
    }

    /// Orders by the bytes of the full name.
    public static func < (a: RepositoryName, b: RepositoryName) -> Bool {
        a.description.utf8.lexicographicallyPrecedes(b.description.utf8)
    }
}

extension RepositoryName {
    /// Reads the name at the start of a reference and returns it with what follows (`:tag`, `@digest` or nothing).
    static func parsePrefix(of text: String) throws(OCIError) -> (RepositoryName, ArraySlice<UInt8>) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { throw ReferenceGrammar.invalid(text, .empty) }
        guard bytes.count <= ReferenceGrammar.maximumReferenceLength else {
            throw ReferenceGrammar.invalid(text, .tooLong(limit: ReferenceGrammar.maximumReferenceLength))
        }
        if let scheme = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[scheme...].starts(with: Array("://".utf8)) {
            throw ReferenceGrammar.invalid(text, .scheme)
        }
        let isLowerHex = bytes.allSatisfy { ReferenceGrammar.isHexDigit($0) && !ReferenceGrammar.isUpper($0) }
        if bytes.count == 64, isLowerHex { throw ReferenceGrammar.invalid(text, .imageID) }

        let (registry, remainder, implied) = splitRegistry(bytes)
        let end = remainder.firstIndex { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "@") } ?? remainder.endIndex
        let path = implied + Array(remainder[..<end])
        guard registry.count <= ReferenceGrammar.maximumNameLength, path.count <= ReferenceGrammar.maximumNameLength
        else { throw ReferenceGrammar.invalid(text, .tooLong(limit: ReferenceGrammar.maximumNameLength)) }
        guard ReferenceGrammar.isRegistry(registry) else { throw ReferenceGrammar.invalid(text, .registry) }
        guard !path.contains(where: ReferenceGrammar.isUpper) else { throw ReferenceGrammar.invalid(text, .upperCase) }
        guard ReferenceGrammar.isPath(path) else { throw ReferenceGrammar.invalid(text, .path) }
        let name = RepositoryName(
            unchecked: String(decoding: registry, as: UTF8.self),
            path: String(decoding: path, as: UTF8.self)
        )
        return (name, remainder[end...])
    }

    /// docker's rule for what stands before the first slash. `implied` is `library/` where docker adds it.
    private static func splitRegistry(
        _ bytes: [UInt8]
    ) -> (registry: [UInt8], remainder: ArraySlice<UInt8>, implied: [UInt8]) {
        let hub = Array(defaultRegistry.utf8)
        let library = Array("library/".utf8)
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else { return (hub, bytes[...], library) }
        let first = Array(bytes[..<slash])
        var registry = hub
        var remainder = bytes[...]
        if first == Array("index.docker.io".utf8) {
            remainder = bytes[(slash + 1)...]
        } else if first == Array("localhost".utf8)
            || first.contains(where: {
                $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") || ReferenceGrammar.isUpper($0)
            })
        {
            registry = first
            remainder = bytes[(slash + 1)...]
        }
        let isFamiliar = registry == hub && !remainder.contains(UInt8(ascii: "/"))
        return (registry, remainder, isFamiliar ? library : [])
    }
}
