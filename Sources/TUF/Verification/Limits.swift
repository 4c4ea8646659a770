/// Upper bounds for everything that comes from a repository (TUF 1.0.34 §5.1 to §5.6: W, X, Y, Z).
public struct TUFLimits: Sendable, Hashable {
    /// Bytes of a root file. Default 512,000.
    public var rootLength = 512_000
    /// Bytes of `timestamp.json`. Default 16,384.
    public var timestampLength = 16_384
    /// Bytes of a snapshot whose length the timestamp does not list. Default 2,000,000.
    public var snapshotLength = 2_000_000
    /// Bytes of targets metadata whose length the snapshot does not list. Default 5,000,000.
    public var targetsLength = 5_000_000
    /// Bytes of any file, also where a verified parent lists more. Default 64 MiB.
    public var listedLength = 64 << 20
    /// New roots that one update walks. Default 256.
    public var rootRotations = 256
    /// Delegated roles that one search for a target looks at. Default 32.
    public var delegatedRoles = 32
    /// Delegated roles that are read to tell all targets. Default 16,384.
    public var allRoles = 16_384
    /// Signatures in one file that are read at all. Default 1,024.
    public var signatures = 1024

    /// The defaults.
    public init() {}

    /// The most bytes that a file may have: what its parent lists, else the limit of its role.
    func maximumLength(listed: Int64?, else limit: Int) -> Int {
        guard let listed else { return limit }
        return Int(min(listed, Int64(listedLength)))
    }
}
