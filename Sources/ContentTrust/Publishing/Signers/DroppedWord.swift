public import TUF
public import TrustCrypto

/// What a signer had said of a tag, in a set that went into the new one, and that nobody could take in: two machines of the
/// signer had changed the same tag, or the signer's key was not there to merge their files, or the signer has other keys now.
public struct DroppedWord: Sendable, Hashable {
    /// The signer's role.
    public let role: RoleName
    /// The tag.
    public let tag: String
    /// What it was to mean; nil when it was to be taken out, or has no sha256 digest.
    public let digest: Digest?

    /// What a table says and another one does not.
    ///
    /// - Parameters:
    ///   - role: The signer's role.
    ///   - theirs: The table of a file that does not go on.
    ///   - fork: The version at which it parted from the one that does; nil when none is known, so that all of it is told.
    ///   - ours: The table of the file that goes on.
    /// - Returns: The words that are missing, by tag.
    static func words(
        of role: RoleName,
        _ theirs: TagTable,
        since fork: Int64?,
        missingIn ours: TagTable
    ) -> [DroppedWord] {
        let fork = fork ?? -1
        var words: [DroppedWord] = []
        for (path, record) in theirs.records where theirs.touched(path) > fork {
            guard ours.records[path].map({ !$0.means(record) }) ?? true else { continue }
            words.append(DroppedWord(role: role, tag: path.string, digest: record.digest(.sha256)))
        }
        for (path, version) in theirs.revoked where version > fork && theirs.records[path] == nil {
            guard ours.records[path] != nil else { continue }
            words.append(DroppedWord(role: role, tag: path.string, digest: nil))
        }
        return words.sorted { $0.tag.utf8.lexicographicallyPrecedes($1.tag.utf8) }
    }
}
