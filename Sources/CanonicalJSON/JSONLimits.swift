/// How much a document may ask of its reader.
///
/// Every limit is checked before memory is taken for what it bounds.
public struct JSONLimits: Sendable, Hashable {
    /// The longest document that any limits allow, in bytes: 1 GiB less one, since positions are kept in 30 bits.
    public static let hardMaximumBytes = (1 << 30) - 1

    /// The deepest nesting that any limits allow: what is built from a document is freed recursively.
    public static let hardMaximumDepth = 512

    /// The longest document, in bytes.
    public var maximumBytes: Int

    /// The deepest nesting of arrays and objects; a document of one scalar has depth 0.
    public var maximumDepth: Int

    /// The largest number of values (scalars, arrays and objects; keys not counted).
    ///
    /// A value takes 8 bytes of index, an array or object 16, a key 8.
    public var maximumValues: Int

    /// Makes limits; each one above its hard maximum counts as that maximum.
    ///
    /// - Parameters:
    ///   - maximumBytes: the longest document, in bytes.
    ///   - maximumDepth: the deepest nesting of arrays and objects.
    ///   - maximumValues: the largest number of values.
    public init(
        maximumBytes: Int = 64 * 1024 * 1024,
        maximumDepth: Int = 64,
        maximumValues: Int = 16_000_000
    ) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = maximumDepth
        self.maximumValues = maximumValues
    }
}
