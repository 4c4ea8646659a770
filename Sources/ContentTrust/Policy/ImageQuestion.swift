public import OCI
public import TrustCrypto

/// What somebody is about to pull.
public struct ImageQuestion: Sendable, Hashable {
    /// The repository or layout.
    public let subject: Subject
    /// The tag; nil when a digest alone is asked for.
    public let tag: String?
    /// The digest that is about to be pulled, if it is known: it must be the signed one.
    public let digest: Digest?
    /// The platform whose manifest is asked for.
    public var platform: Platform?
    /// Which image is compared with what is signed. A host that pulls by the digest of the verdict need not compare any.
    public var image: Query.Image = .notCompared
    /// What the host holds about the image, if it holds that: media type and length must be the signed ones too.
    public var descriptor: Descriptor?
    /// Who asks, for the record.
    public var requester: String?

    /// A question.
    ///
    /// - Parameters:
    ///   - reference: As docker writes it, or `oci:PATH[:TAG]`. Without tag and digest, `latest` is meant.
    ///   - platform: The platform whose manifest is asked for.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    public init(_ reference: String, platform: Platform? = nil) throws(Refusal) {
        let location: ImageLocation
        do {
            location = try ImageLocation(parsing: reference)
        } catch {
            throw Refusal.image(error, checked: "the reference \(reference.prefix(200))")
        }
        switch location {
        case .registry(let reference):
            let digest = reference.digest
            let tag = reference.tag?.string ?? (digest == nil ? TagName.latest.string : nil)
            self.init(subject: .registry(reference.repository), tag: tag, digest: digest, platform: platform)
        case .layout(let path, let name):
            self.init(subject: .layout(path: path), tag: name?.string ?? TagName.latest.string, platform: platform)
        case .archive, .directory:
            throw Refusal(
                .usage,
                checked: "the reference \(reference.prefix(200))",
                found: "a form that holds no trust data",
                expected: "REPO[:TAG][@DIGEST] or oci:PATH[:TAG]"
            )
        }
    }

    /// A question whose parts are known.
    ///
    /// - Parameters:
    ///   - subject: The repository or layout.
    ///   - tag: The tag; nil when a digest alone is asked for.
    ///   - digest: The digest that is about to be pulled.
    ///   - platform: The platform whose manifest is asked for.
    public init(subject: Subject, tag: String?, digest: Digest? = nil, platform: Platform? = nil) {
        self.subject = subject
        self.tag = tag
        self.digest = digest
        self.platform = platform
    }

    /// The same, whoever asks: the answer does not depend on it.
    var anonymous: ImageQuestion {
        guard requester != nil else { return self }
        var question = self
        question.requester = nil
        return question
    }

    /// As references are written.
    public var reference: String {
        var text = tag.map(subject.reference(tag:)) ?? subject.description
        if let digest { text += "@\(digest)" }
        return text
    }
}
