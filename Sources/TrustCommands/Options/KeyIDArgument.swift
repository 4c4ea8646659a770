import ContentTrust
import TrustCrypto

/// The id of a key on the command line.
enum KeyIDArgument {
    /// The id: keys go by the ids that TUF computes, which are SHA-256 digests.
    ///
    /// - Parameters:
    ///   - text: What was written.
    ///   - option: Where.
    /// - Returns: The id, in lower case.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    static func keyID(_ text: String, option: String) throws(Refusal) -> KeyID {
        guard text.utf8.count == 64, Hex.decode(text) != nil, let id = try? KeyID(text.lowercased()) else {
            throw Refusal(
                .usage,
                checked: "\(option) \(ReferenceText.shortened(text))",
                found: "not the id of a key",
                expected: "64 hexadecimal digits, as trustctl key list and trustctl inspect print them"
            )
        }
        return id
    }
}
