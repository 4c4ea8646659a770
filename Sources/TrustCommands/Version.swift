import ContentTrust

/// The version of this program.
enum Version {
    /// `MAJOR.MINOR.PATCH` of semantic versioning.
    static let string = PackageVersion.string
    /// What registries see in `User-Agent`.
    static let userAgent = "trustctl/\(string)"
}
