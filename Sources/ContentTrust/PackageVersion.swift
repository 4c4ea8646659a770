/// The version of all that comes out of this package, as in CHANGELOG.md.
package enum PackageVersion {
    /// `MAJOR.MINOR.PATCH` of semantic versioning.
    package static let string = "0.1.0"
}
