import CanonicalJSON
import OCI
import TUF
import TrustCrypto

extension TrustBundle {
    /// Reads a bundle. That it can be read says nothing yet.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - name: The file's name, for messages.
    /// - Throws: ``Refusal`` with ``Reason/badSignature`` for something that is no bundle, or a damaged one.
    public init(parsing bytes: [UInt8], name: String) throws(Refusal) {
        func wrong(_ found: String, expected: String? = nil) -> Refusal {
            Refusal(.badSignature, checked: "the bundle \(name)", found: found, expected: expected)
        }
        func malformed(_ field: String) -> Refusal { wrong("\(field) is missing or not of its form") }

        let limits = JSONLimits(maximumBytes: Self.maximumLength, maximumDepth: 8, maximumValues: 200_000)
        let object: JSONObject?
        do {
            object = try JSONValue(parsing: bytes, limits: limits).object
        } catch {
            throw wrong("not JSON: \(Refusal.words(error))", expected: "a file that trustctl bundle create wrote")
        }
        guard let object, object[Field.mediaType]?.string == Self.mediaType,
            object[Field.version]?.integer == Self.version
        else {
            throw wrong(
                "a document of another kind: \(object?[Field.mediaType]?.string ?? "no media type")",
                expected: "\(Self.mediaType), version \(Self.version)"
            )
        }
        // Before anything is made of it: damage has a plainer name than what it leads to.
        let digest = Self.digest(of: object)
        guard object[Field.digest]?.string == digest.description else {
            throw wrong("contents that hash to \(digest)", expected: object[Field.digest]?.string)
        }
        guard let dialect = object[Field.dialect]?.string.flatMap(Dialect.init(name:)) else {
            throw malformed(Field.dialect)
        }
        guard let repository = object[Field.repository]?.string, !repository.isEmpty else {
            throw malformed(Field.repository)
        }
        guard let created = object[Field.created]?.string.flatMap(Instant.init(rfc3339:)) else {
            throw malformed(Field.created)
        }
        guard let tag = object[Field.tag], tag.isNull || tag.string != nil else { throw malformed(Field.tag) }
        guard let files = object[Field.metadata]?.object else { throw malformed(Field.metadata) }
        var metadata: [MetadataFile: [UInt8]] = [:]
        for (key, value) in files {
            guard let file = MetadataFile(name: key), let bytes = value.string.flatMap(Base64.decode) else {
                throw malformed("\(Field.metadata).\(key)")
            }
            metadata[file] = bytes
        }
        var contents: [Digest: VerifiedContent] = [:]
        for (key, value) in object[Field.documents]?.object ?? JSONObject() {
            guard let digest = try? Digest(parsing: key),
                let mediaType = value[Field.mediaType]?.string.flatMap({ MediaType($0) }),
                let bytes = value[Field.content]?.string.flatMap(Base64.decode),
                let content = try? VerifiedContent(bytes, mediaType: mediaType, digest: digest)
            else { throw malformed("\(Field.documents).\(key)") }
            contents[digest] = content
        }
        var timeStamp: TimeStampToken?
        if let value = object[Field.timeStamp] {
            guard let der = value.string.flatMap(Base64.decode), let token = try? TimeStampToken(der: der) else {
                throw malformed(Field.timeStamp)
            }
            timeStamp = token
        }
        self.init(
            dialect: dialect,
            repository: repository,
            created: created,
            tag: tag.string,
            metadata: metadata,
            documents: BundledDocuments(contents: contents),
            timeStamp: timeStamp
        )
        // The same, unless there is a member of a later version: then what is stamped would be something else.
        guard contentDigest == digest else { throw wrong("members that this version does not know") }
    }

    /// Whose tags it is about: a repository, or a layout by the name that was made for its trust data.
    public var subject: Subject {
        guard let name = try? RepositoryName(parsing: repository), name.description == repository else {
            return .layout(path: repository)
        }
        return .registry(name)
    }
}
