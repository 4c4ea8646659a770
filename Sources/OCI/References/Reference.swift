public import TrustCrypto

/// A reference as users write it: `NAME`, `NAME:TAG`, `NAME@DIGEST` or `NAME:TAG@DIGEST`.
///
/// The grammar and the completion of short names are those of distribution/reference, which docker uses.
public enum Reference: Sendable, Hashable, CustomStringConvertible {
    /// A repository alone.
    case repository(RepositoryName)
    /// A tag.
    case tag(TagReference)
    /// Content by digest.
    case digest(DigestReference)
    /// A tag that must name this very digest.
    case tagAndDigest(TagReference, Digest)

    /// Reads a reference.
    ///
    /// - Parameter text: At most 1024 bytes. Digests are `sha256`, `sha384` or `sha512` in lower-case hexadecimal.
    /// - Throws: ``OCIError/invalidReference(text:problem:)``.
    public init(parsing text: String) throws(OCIError) {
        let (repository, rest) = try RepositoryName.parsePrefix(of: text)
        let at = rest.firstIndex(of: UInt8(ascii: "@"))
        let tagPart = rest[..<(at ?? rest.endIndex)]

        var tag: TagReference?
        if !tagPart.isEmpty {
            let name = tagPart.dropFirst()
            guard ReferenceGrammar.isTag(name) else { throw ReferenceGrammar.invalid(text, .tag) }
            tag = TagReference(repository: repository, tag: try TagName(String(decoding: name, as: UTF8.self)))
        }
        guard let at else {
            self = tag.map(Reference.tag) ?? .repository(repository)
            return
        }
        let digest: Digest
        do {
            digest = try Digest(parsing: String(decoding: rest[(at + 1)...], as: UTF8.self))
        } catch {
            throw ReferenceGrammar.invalid(text, .digest)
        }
        if let tag {
            self = .tagAndDigest(tag, digest)
        } else {
            self = .digest(DigestReference(repository: repository, digest: digest))
        }
    }

    /// The repository that is referred to.
    public var repository: RepositoryName {
        switch self {
        case .repository(let name): name
        case .tag(let reference), .tagAndDigest(let reference, _): reference.repository
        case .digest(let reference): reference.repository
        }
    }

    /// The tag, where one was written.
    public var tag: TagName? {
        switch self {
        case .repository, .digest: nil
        case .tag(let reference), .tagAndDigest(let reference, _): reference.tag
        }
    }

    /// The digest, where one was written.
    public var digest: Digest? {
        switch self {
        case .repository, .tag: nil
        case .digest(let reference): reference.digest
        case .tagAndDigest(_, let digest): digest
        }
    }

    /// The reference in full.
    public var description: String {
        switch self {
        case .repository(let name): name.description
        case .tag(let reference): reference.description
        case .digest(let reference): reference.description
        case .tagAndDigest(let reference, let digest): "\(reference)@\(digest)"
        }
    }
}
