import CanonicalJSON
public import OCI
import TUF
public import TrustCrypto

/// What the trust data says of one tag.
public struct SignedTag: Sendable, Hashable {
    /// The tag.
    public let tag: String
    /// The digest of the manifest or index.
    public let digest: Digest
    /// Its media type; nil only in trust data of other tools.
    public let mediaType: MediaType?
    /// Its length in bytes.
    public let size: Int64

    /// The field of a record's `custom` that holds the media type.
    static let mediaTypeField = "mediaType"

    init(_ path: TargetPath, _ record: TargetRecord, allowsUnnamed: Bool) throws(TUFError) {
        func malformed(_ field: String) -> TUFError {
            .malformed(role: .targets, field: "signed.targets.\(path).\(field)")
        }
        tag = path.string
        guard let digest = record.digest(.sha256) else { throw malformed("hashes.sha256") }
        self.digest = digest
        size = record.length
        if let value = record.custom?[Self.mediaTypeField] {
            guard let type = value.string.flatMap({ MediaType($0) }) else { throw malformed("custom.mediaType") }
            mediaType = type
        } else {
            // Our own trust data always says it, so that one document cannot be read as another kind.
            guard allowsUnnamed else { throw malformed("custom.mediaType") }
            mediaType = nil
        }
    }

    /// The record that signs a document.
    static func record(for descriptor: Descriptor) -> TargetRecord {
        TargetRecord(
            length: descriptor.size,
            hashes: [descriptor.digest],
            custom: [mediaTypeField: .string(descriptor.mediaType.string)]
        )
    }
}

extension VerifiedTrustData {
    /// What the trust data says of a tag.
    ///
    /// - Parameter tag: The tag.
    /// - Returns: What is signed, or nil when the tag is not listed.
    /// - Throws: ``Refusal`` when the record is malformed.
    public func signedTag(_ tag: String) throws(Refusal) -> SignedTag? {
        do {
            let path = try TargetPath(tag)
            guard let record = try set.record(for: path) else { return nil }
            return try SignedTag(path, record, allowsUnnamed: pin.allowsUnnamed)
        } catch {
            throw Refusal.metadata(error, checked: "trust data of \(repository)", pin: pin)
        }
    }

    /// The signed tags that name a digest.
    ///
    /// - Parameter digest: The digest of a manifest or index.
    /// - Returns: The tags, in the order of their bytes; none is an answer.
    /// - Throws: ``Refusal`` with ``Reason/badSignature`` when a record is malformed.
    public func tags(naming digest: Digest) throws(Refusal) -> [SignedTag] {
        try signedTags.filter { $0.digest == digest }
    }

    /// All signed tags, in the order of their bytes.
    ///
    /// - Throws: ``Refusal`` when a record is malformed.
    public var signedTags: [SignedTag] {
        get throws(Refusal) {
            var tags: [SignedTag] = []
            do {
                try set.targets.payload.forEach { (path, record) throws(TUFError) in
                    tags.append(try SignedTag(path, record, allowsUnnamed: pin.allowsUnnamed))
                }
            } catch {
                throw Refusal.metadata(error, checked: "trust data of \(repository)", pin: pin)
            }
            return tags.sorted { $0.tag.utf8.lexicographicallyPrecedes($1.tag.utf8) }
        }
    }
}
