/// Why bytes are not a JSON document that this module takes, or a value has no canonical form.
///
/// Offsets count bytes from the beginning of the document.
public enum JSONError: Error, Sendable, Equatable {
    /// The document is longer than `limit` bytes.
    case tooLarge(limit: Int)
    /// Arrays and objects are nested deeper than `limit`.
    case tooDeep(limit: Int)
    /// There are more than `limit` values.
    case tooManyValues(limit: Int)
    /// The byte at `offset` is not allowed there, or the document ends there too early (RFC 8259).
    case syntax(offset: Int)
    /// The bytes at `offset`, within a string, are not UTF-8 (RFC 3629: no overlong forms, no surrogates).
    case invalidUTF8(offset: Int)
    /// The escape at `offset` is half of a surrogate pair without the other half, which no UTF-8 can express.
    case loneSurrogate(offset: Int)
    /// An object has this key twice.
    case duplicateKey(String)
    /// The canonical form has only integers, and this number is none that fits 64 bits (or is `-0`).
    case notCanonicalizable(number: String)
}
