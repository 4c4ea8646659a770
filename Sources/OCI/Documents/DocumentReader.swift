public import CanonicalJSON

/// The limits within which manifests and indexes are read.
public enum DocumentLimits {
    /// The largest manifest or index, in bytes: 4 MiB, as registries have it (distribution-spec, "Pushing Manifests").
    public static let maximumBytes = 4 * 1024 * 1024
    /// The JSON limits that go with it.
    public static let json = JSONLimits(maximumBytes: maximumBytes, maximumDepth: 32, maximumValues: 500_000)
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

    static func parse(_ bytes: [UInt8]) throws(OCIError) -> JSONDocument {
        do throws(JSONError) {
            return try JSONDocument(parsing: bytes, limits: DocumentLimits.json)
        } catch {
            throw .json(error)
        }
    }

    func artifactType() throws(OCIError) -> MediaType? {
        guard let string = try optionalString("artifactType"), !string.isEmpty else { return nil }
        return try mediaType("artifactType")
    }
}
