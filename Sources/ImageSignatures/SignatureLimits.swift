internal import CanonicalJSON

/// How much of foreign signatures is read.
public enum SignatureLimits {
    /// The longest bundle or envelope, in bytes.
    public static let maximumBytes = 4 << 20
    /// The longest payload of simple signing, in bytes. cosign's have some 250, and what its users write into `optional`.
    public static let maximumPayloadBytes = 64 << 10
    /// The most signatures that one search reads, in all places together. As many as notation has it by default
    /// (`--max-signatures`).
    public static let maximumSignatures = 100
    /// The most bytes that one search reads, manifests included.
    public static let maximumSearchBytes = 16 << 20
    /// The most subjects of an in-toto statement.
    static let maximumSubjects = 1000

    static let json = JSONLimits(maximumBytes: maximumBytes, maximumDepth: 32, maximumValues: 200_000)

    /// Parses JSON of a signature.
    static func parse(_ bytes: [UInt8], _ part: String) throws(SignatureProblem) -> JSONNode {
        do throws(JSONError) {
            return try JSONDocument(parsing: bytes, limits: json).root
        } catch {
            throw .malformed(part)
        }
    }
}
