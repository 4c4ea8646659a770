import CanonicalJSON
import ContentTrust
import TrustCrypto

/// The file in which a build says what it made.
enum DigestFile {
    /// The longest file. buildx puts the whole provenance of a build into it.
    static let maximumLength = 16 << 20

    /// The digest in a file: the bare digest that `skopeo copy --digestfile` and `buildah push --digestfile` write, or
    /// `containerimage.digest` of what `docker buildx build --metadata-file` writes.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - checked: What it is called in messages.
    /// - Returns: The SHA-256 digest.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    static func digest(parsing bytes: [UInt8], checked: String) throws(Refusal) -> Digest {
        let text: String
        if bytes.first(where: { !Self.isSpace($0) }) == UInt8(ascii: "{") {
            let root: JSONNode
            do throws(JSONError) {
                root = try JSONDocument(parsing: bytes).root
            } catch {
                throw wrong(checked, "something that is not JSON: \(Refusal.words(error))")
            }
            guard let value = root["containerimage.digest"]?.string else {
                throw wrong(checked, "JSON without \"containerimage.digest\"; was the image pushed?")
            }
            text = value
        } else {
            let words = bytes.split(whereSeparator: Self.isSpace)
            guard words.count == 1, let word = words.first, word.count <= 256 else {
                throw wrong(checked, words.isEmpty ? "nothing" : "more than one digest")
            }
            text = String(decoding: word, as: UTF8.self)
        }
        return try digest(text, checked: checked)
    }

    /// A digest that can be signed.
    static func digest(_ text: String, checked: String) throws(Refusal) -> Digest {
        guard let digest = try? Digest(parsing: text) else { throw wrong(checked, "\(ReferenceText.shortened(text))") }
        guard digest.algorithm == .sha256 else { throw wrong(checked, "a \(digest.algorithm.rawValue) digest") }
        return digest
    }

    private static func wrong(_ checked: String, _ found: String) -> Refusal {
        Refusal(
            .usage,
            checked: checked,
            found: found,
            expected: "sha256: and 64 lower-case hexadecimal digits, as the build wrote them"
        )
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(byte) }
}
