import ContentTrust
import OCI
import TrustCrypto

/// What a user names on the command line: a repository or an OCI layout, perhaps a tag, perhaps a digest.
struct ImageReference: Sendable, Hashable, CustomStringConvertible {
    /// The repository or the layout.
    let subject: Subject
    /// The tag that was written.
    let tag: TagName?
    /// The digest that was written.
    let digest: Digest?

    /// The reference in full.
    var description: String {
        var text = subject.description
        if let tag { text += ":\(tag)" }
        if let digest { text += "@\(digest)" }
        return text
    }

    /// The tag that is meant: docker reads `latest` where neither tag nor digest was written.
    var tagOrLatest: TagName { tag ?? .latest }

    /// The reference with the tag that is meant.
    var withTag: ImageReference {
        tag == nil && digest == nil ? ImageReference(subject: subject, tag: .latest, digest: nil) : self
    }

    private init(subject: Subject, tag: TagName?, digest: Digest?) {
        self.subject = subject
        self.tag = tag
        self.digest = digest
    }

    /// Reads a reference.
    ///
    /// - Parameter text: `REPO[:TAG][@DIGEST]` as docker writes it, or `oci:PATH[:TAG]`.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    init(parsing text: String) throws(Refusal) {
        let location: ImageLocation
        do throws(OCIError) {
            location = try ImageLocation(parsing: text)
        } catch {
            throw ReferenceText.refusal(error, text: text)
        }
        switch location {
        case .registry(let reference):
            self.init(subject: .registry(reference.repository), tag: reference.tag, digest: reference.digest)
        case .layout(let path, let name):
            let tag: TagName?
            do throws(OCIError) {
                tag = try name.map { (name) throws(OCIError) in try TagName(name.string) }
            } catch {
                throw ReferenceText.refusal(error, text: text)
            }
            self.init(subject: .layout(path: path), tag: tag, digest: nil)
        case .archive, .directory:
            throw Refusal(
                .usage,
                checked: "reference \(ReferenceText.shortened(text))",
                found: "a form that holds no trust data",
                expected: "REPO[:TAG][@DIGEST] or oci:PATH[:TAG]"
            )
        }
    }

    /// The same, if it can be an image: the tags of the trust data are none, in a registry and in a layout.
    ///
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    func requireImage() throws(Refusal) -> ImageReference {
        guard let tag, RegistryTrustStore.isReserved(tag.string) else { return self }
        throw Refusal(
            .usage,
            checked: "reference \(self)",
            found: "a tag that holds trust data",
            expected: "the tag of an image"
        )
    }

    /// A repository or layout alone.
    ///
    /// - Parameter text: `REPO` or `oci:PATH`, without tag and digest.
    /// - Returns: The repository or layout.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    static func subject(parsing text: String) throws(Refusal) -> Subject {
        let reference = try ImageReference(parsing: text)
        guard reference.tag == nil, reference.digest == nil else {
            throw Refusal(
                .usage,
                checked: "repository \(ReferenceText.shortened(text))",
                found: reference.tag == nil ? "a digest" : "a tag",
                expected: "the repository alone: \(reference.subject)"
            )
        }
        return reference.subject
    }
}
