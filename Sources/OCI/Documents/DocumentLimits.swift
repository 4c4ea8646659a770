public import CanonicalJSON

/// The limits within which manifests and indexes are read.
public enum DocumentLimits {
    /// The largest manifest or index, in bytes: 4 MiB, as registries have it (distribution-spec, "Pushing Manifests").
    public static let maximumBytes = 4 * 1024 * 1024
    /// The JSON limits that go with it.
    public static let json = JSONLimits(maximumBytes: maximumBytes, maximumDepth: 32, maximumValues: 500_000)
}
