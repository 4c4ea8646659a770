/// The version of this program, as in CHANGELOG.md.
enum Version {
    /// `MAJOR.MINOR.PATCH` of semantic versioning.
    static let string = "0.1.0"
    /// What registries see in `User-Agent`.
    static let userAgent = "trustctl/\(string)"
}
