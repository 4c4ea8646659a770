import CanonicalJSON
import TrustCrypto

/// Reads members of one JSON object of an OCI document, naming the path of whatever is wrong.
///
/// Known members must be spelled exactly. A member that differs from a known one only in case is refused: programs in Go
/// match member names without regard to case, so they would read another document than we do.
struct FieldReader {
    let node: JSONNode
    let path: String

    init(_ node: JSONNode, at path: String, known: [String]) throws(OCIError) {
        self.node = node
        self.path = path
        guard node.kind == .object else { throw .invalidField(path.isEmpty ? "document" : path) }
        for (key, _) in node.members where !known.contains(where: { $0.utf8.elementsEqual(key.utf8) }) {
            let folded = Self.fold(key)
            if known.contains(where: { Self.fold($0) == folded }) { throw .ambiguousField(name(key)) }
        }
    }

    func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func optional(_ key: String) -> JSONNode? { node[key] }

    func required(_ key: String) throws(OCIError) -> JSONNode {
        guard let value = node[key] else { throw .missingField(name(key)) }
        return value
    }

    func optionalString(_ key: String) throws(OCIError) -> String? {
        guard let value = node[key] else { return nil }
        guard let string = value.string else { throw .invalidField(name(key)) }
        return string
    }

    func requiredString(_ key: String) throws(OCIError) -> String {
        guard let string = try required(key).string else { throw .invalidField(name(key)) }
        return string
    }

    func strings(_ key: String) throws(OCIError) -> [String] {
        guard let value = node[key] else { return [] }
        guard value.kind == .array else { throw .invalidField(name(key)) }
        var result: [String] = []
        for element in value.elements {
            guard let string = element.string else { throw .invalidField("\(name(key))[\(result.count)]") }
            result.append(string)
        }
        return result
    }

    /// As ``strings(_:)``; null stands for none, as writers in Go have it.
    func nullableStrings(_ key: String) throws(OCIError) -> [String] {
        if let value = node[key], value.kind == .null { return [] }
        return try strings(key)
    }

    func mediaType(_ key: String) throws(OCIError) -> MediaType? {
        guard let string = try optionalString(key) else { return nil }
        guard let type = MediaType(string) else { throw .invalidField(name(key)) }
        return type
    }

    func annotations(_ key: String = "annotations") throws(OCIError) -> Annotations {
        // Some writers of Go encode a missing map as null.
        guard let value = node[key], value.kind != .null else { return Annotations() }
        return try Annotations(value, at: name(key))
    }

    func descriptors(_ key: String) throws(OCIError) -> [Descriptor] {
        let value = try required(key)
        guard value.kind == .array else { throw .invalidField(name(key)) }
        var result: [Descriptor] = []
        result.reserveCapacity(value.count)
        for element in value.elements { result.append(try Descriptor(element, at: "\(name(key))[\(result.count)]")) }
        return result
    }

    func optionalDescriptor(_ key: String) throws(OCIError) -> Descriptor? {
        guard let value = node[key], value.kind != .null else { return nil }
        return try Descriptor(value, at: name(key))
    }

    /// A key as Go's JSON decoder folds it: ASCII letters, and the two other characters that fold to ASCII ones.
    private static func fold(_ key: String) -> String {
        var result = ""
        for scalar in key.unicodeScalars {
            switch scalar.value {
            case 0x41...0x5A: result.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value + 0x20)))
            case 0x17F: result.append("s")
            case 0x212A: result.append("k")
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension FieldReader {
    /// Reads the root of a manifest or index and checks what both have in common.
    ///
    /// - Parameters:
    ///   - document: The document.
    ///   - claimed: The media type its descriptor or header gave.
    ///   - known: Names of the members of this kind of document.
    ///   - foreign: Members that make a document another kind; a document with both would be read differently by
    ///     different programs (CVE-2021-41190).
    /// - Returns: A reader of the root object.
    /// - Throws: ``OCIError``.
    static func root(
        of document: JSONDocument,
        claimed: MediaType,
        known: [String],
        foreign: [String]
    ) throws(OCIError) -> FieldReader {
        let reader = try FieldReader(document.root, at: "", known: known + foreign)
        if let body = try reader.optionalString("mediaType"), !body.utf8.elementsEqual(claimed.string.utf8) {
            throw .mediaTypeMismatch(claimed: claimed.string, found: body)
        }
        for key in foreign where reader.optional(key) != nil { throw .ambiguousField(key) }
        guard let version = try reader.required("schemaVersion").integer, version == 2 else {
            throw .invalidField("schemaVersion")
        }
        return reader
    }

    /// Parses a manifest or index.
    static func parse(_ bytes: [UInt8]) throws(OCIError) -> JSONDocument {
        do throws(JSONError) {
            return try JSONDocument(parsing: bytes, limits: DocumentLimits.json)
        } catch {
            throw .json(error)
        }
    }

    /// The type of an artifact. An empty one is what some writers leave where there is none.
    func artifactType() throws(OCIError) -> MediaType? {
        guard let string = try optionalString("artifactType"), !string.isEmpty else { return nil }
        return try mediaType("artifactType")
    }
}
