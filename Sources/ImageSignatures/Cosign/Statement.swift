internal import CanonicalJSON
internal import TrustCrypto

/// An in-toto statement (in-toto/attestation, `spec/v1/statement.md`), as far as signatures of images go.
struct Statement {
    /// The type that a DSSE envelope gives it.
    static let payloadType = "application/vnd.in-toto+json"
    /// The predicate of a plain signature. Others attest something of the image, such as how it was built; that is no
    /// signature of it.
    static let signaturePredicate = "https://sigstore.dev/cosign/sign/v1"

    private static let types = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"]

    /// What it says of its subjects.
    let predicateType: String
    /// The subjects.
    let digests: [Digest]

    init(parsing bytes: [UInt8]) throws(SignatureProblem) {
        let root = try SignatureLimits.parse(bytes, "statement")
        guard let type = root["_type"]?.string else { throw .malformed("_type") }
        guard Self.types.contains(where: { $0.utf8.elementsEqual(type.utf8) }) else {
            throw .payloadType(SignatureProblem.cut(type))
        }
        guard let predicateType = root["predicateType"]?.string else { throw .malformed("predicateType") }
        guard let subjects = root["subject"], subjects.kind == .array,
            (1...SignatureLimits.maximumSubjects).contains(subjects.count)
        else { throw .malformed("subject") }
        var digests: [Digest] = []
        for subject in subjects.elements {
            guard let values = subject["digest"], values.kind == .object, values.count > 0 else {
                throw .malformed("subject.digest")
            }
            for (name, value) in values.members {
                guard let text = value.string else { throw .malformed("subject.digest") }
                // Others name things that are no images, such as commits.
                guard let algorithm = HashAlgorithm(rawValue: name) else { continue }
                guard let digest = try? Digest(algorithm: algorithm, hex: text) else {
                    throw .malformed("subject.digest")
                }
                digests.append(digest)
            }
        }
        self.predicateType = predicateType
        self.digests = digests
    }
}
