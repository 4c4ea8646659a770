import TrustCrypto

/// Hash bins that share keys and threshold and are told by one short entry (TAP 15): each target belongs to the bin that the
/// first bits of its path's SHA-256 name.
public struct SuccinctRoles: Sendable, Hashable {
    /// Keys and threshold of every bin.
    public let keys: RoleKeys
    /// How many bits of the digest choose the bin, 1 to 32; there are two to that power of bins.
    public let bitLength: Int
    /// What the names of the bins begin with, before `-` and the bin's number.
    public let namePrefix: String

    /// The bit lengths that there can be.
    public static let bitLengths = 1...32

    /// Bins.
    ///
    /// - Parameters:
    ///   - keys: Keys and threshold of every bin.
    ///   - bitLength: How many bits choose the bin, in ``bitLengths``.
    ///   - namePrefix: What their names begin with.
    /// - Throws: ``TUFError/invalidName(_:)`` when the names of the bins would be none.
    public init(keys: RoleKeys, bitLength: Int, namePrefix: String) throws(TUFError) {
        precondition(Self.bitLengths.contains(bitLength), "a bin is chosen by 1 to 32 bits")
        self.keys = keys
        self.bitLength = bitLength
        self.namePrefix = namePrefix
        _ = try RoleName(Self.name(UInt32.max >> (32 - bitLength), bitLength, namePrefix))
    }

    init(decoding reader: ObjectReader) throws(TUFError) {
        let bits = try reader.integer("bit_length", atLeast: 1)
        guard let bitLength = Int(exactly: bits), Self.bitLengths.contains(bitLength) else {
            throw reader.malformed("bit_length")
        }
        let prefix = try reader.string("name_prefix")
        do {
            try self.init(keys: reader.roleKeys(), bitLength: bitLength, namePrefix: prefix)
        } catch .invalidName {
            throw reader.malformed("name_prefix")
        }
    }

    /// How many bins there are.
    public var count: Int { 1 << bitLength }

    /// The bin that a target belongs to, from 0 on.
    ///
    /// - Parameter path: The target.
    /// - Returns: The number of its bin.
    public func bin(of path: TargetPath) -> Int {
        let digest = Digest.compute(.sha256, over: Array(path.string.utf8).span).bytes
        let first = digest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Int(first >> (32 - bitLength))
    }

    /// The name of a bin: the prefix, `-`, and its number in hexadecimal digits, as many for each.
    ///
    /// - Parameter bin: 0 to ``count`` - 1.
    /// - Returns: The name of its role.
    public func roleName(ofBin bin: Int) -> RoleName {
        precondition((0..<count).contains(bin), "a bin that there is")
        do {
            return try RoleName(Self.name(UInt32(bin), bitLength, namePrefix))
        } catch {
            preconditionFailure("the longest name was checked")
        }
    }

    /// Whether a role is one of the bins.
    ///
    /// - Parameter role: The role.
    /// - Returns: Whether it has the name of a bin, written as ``roleName(ofBin:)`` writes it.
    public func contains(_ role: RoleName) -> Bool {
        let name = role.string.utf8
        let width = (bitLength + 3) / 4
        guard name.count == namePrefix.utf8.count + 1 + width, let digits = String(name.suffix(width)),
            let bin = UInt32(digits, radix: 16), bin <= UInt32.max >> (32 - bitLength)
        else { return false }
        return role.string.utf8.elementsEqual(Self.name(bin, bitLength, namePrefix).utf8)
    }

    private static func name(_ bin: UInt32, _ bitLength: Int, _ prefix: String) -> String {
        let digits = String(bin, radix: 16)
        let width = (bitLength + 3) / 4
        return "\(prefix)-\(String(repeating: "0", count: width - digits.utf8.count))\(digits)"
    }
}
