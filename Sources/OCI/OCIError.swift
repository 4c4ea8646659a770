public import CanonicalJSON
public import TrustCrypto

/// What can be wrong with references, documents and images.
///
/// Cases name facts; they carry what was found, unescaped, so whoever prints one escapes foreign text first.
public enum OCIError: Error, Sendable, Equatable {
    // MARK: References

    /// `text` is not a reference, tag, name or location; `problem` says what is wrong with it. Long texts are cut.
    case invalidReference(text: String, problem: ReferenceProblem)

    // MARK: Documents

    /// A document is not acceptable JSON.
    case json(JSONError)
    /// A document lacks a member it must have; the path is written `layers[3].digest`.
    case missingField(String)
    /// A member has the wrong type or a value outside its range.
    case invalidField(String)
    /// A document could be read as two kinds of document, or spells a known member in another case, which some
    /// readers take for the member itself. The string names the member.
    case ambiguousField(String)
    /// The body says it is another kind of document than its descriptor or header claimed.
    case mediaTypeMismatch(claimed: String, found: String)
    /// The document is of a kind that is not read here.
    case unsupportedMediaType(String)
    /// A platform is not of the form `OS/ARCHITECTURE[/VARIANT]`.
    case invalidPlatform(String)

    // MARK: Content

    /// The content has another length than its descriptor says, in bytes.
    case sizeMismatch(Digest, expected: Int64, found: Int64)
    /// The content hashes to another digest than its descriptor says.
    case digestMismatch(expected: Digest, found: Digest)
    /// Content is larger than the reader allows, in bytes.
    case tooLarge(limit: Int64)
    /// Something occurs more often than the reader allows.
    case limitExceeded(OCILimit, limit: Int)
    /// A blob that must be there is not.
    case blobMissing(Digest)

    // MARK: Images at hand

    /// There is no OCI image layout at this path: the marker `oci-layout` or `index.json` is missing, or of another version.
    case notALayout(path: String)
    /// No image of that name is in the layout or archive; nil when no name was given and there is no image at all.
    case imageNotFound(name: String?)
    /// Several different images answer to that name, or no name was given and there are several.
    case imageAmbiguous(name: String?)
    /// A name in a layout leads to another image than the writer expected: another writer was first. `found` is nil when
    /// the name is not there.
    case imageChanged(name: String, found: Digest?)
    /// There is no file at this path.
    case fileMissing(path: String)
    /// An archive is not one, or could be read differently by another program.
    case archive(path: String, problem: ArchiveProblem)
    /// The file system refused, or a file is of the wrong kind: links inside a layout are not followed.
    case file(FileError)
    /// The task was cancelled.
    case cancelled
}

/// What a reader counts, for ``OCIError/limitExceeded(_:limit:)``.
public enum OCILimit: String, Sendable, Hashable {
    /// Entries of a tar archive.
    case archiveEntries
    /// Manifests and indexes of one image.
    case documents
    /// Blobs of one image.
    case blobs
    /// Indexes inside indexes.
    case nesting
}

/// What is wrong with a text that should be a reference.
public enum ReferenceProblem: Sendable, Hashable {
    /// There is nothing.
    case empty
    /// A part is longer than allowed, in bytes.
    case tooLong(limit: Int)
    /// It begins with a scheme such as `docker://` or `https://`.
    case scheme
    /// It is 64 hexadecimal digits, which docker takes for an image ID.
    case imageID
    /// The repository has capital letters.
    case upperCase
    /// The part before the first slash is not a `HOST[:PORT]`.
    case registry
    /// The repository path breaks the grammar.
    case path
    /// The tag breaks the grammar `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`.
    case tag
    /// What follows `@` is not a digest that is understood.
    case digest
    /// The image name in a layout breaks the grammar of `org.opencontainers.image.ref.name`.
    case imageName
    /// No path follows `oci:`, `oci-archive:` or `dir:`, or the path contains a NUL byte.
    case filePath
}
