public import TrustCrypto

/// Content in a repository by its digest: `registry.example.com/team/app@sha256:…`. It always names the same bytes.
public struct DigestReference: Sendable, Hashable, CustomStringConvertible {
    /// The repository.
    public let repository: RepositoryName
    /// The digest of the content.
    public let digest: Digest

    /// `REPOSITORY@ALGORITHM:HEX`
    public var description: String { "\(repository)@\(digest)" }

    /// Joins a repository and a digest.
    public init(repository: RepositoryName, digest: Digest) {
        self.repository = repository
        self.digest = digest
    }
}
