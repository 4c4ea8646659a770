package import TUF
package import TrustCrypto

/// A file of a signer's role that lies in a store and belongs to no set yet.
package struct WaitingFile: Sendable, Hashable {
    /// The role.
    package let role: RoleName
    /// The version in it.
    package let version: Int64
    /// The file, in the form of TUF metadata; nobody has checked it.
    package let bytes: [UInt8]

    /// A file that waits.
    package init(role: RoleName, version: Int64, bytes: [UInt8]) {
        self.role = role
        self.version = version
        self.bytes = bytes
    }

    /// The most bytes of a file that waits.
    static let maximumLength = 4 << 20

    /// SHA-256 of the file.
    var digest: Digest { Digest.compute(.sha256, over: bytes.span) }

    /// The TUF file name under which it lies there.
    var name: String { MetadataFile(role: role, version: version).name }

    /// The role and version that a file name says, if it is one of the roles that are looked for, in a version that none of
    /// the sets has.
    ///
    /// - Parameters:
    ///   - name: The file name.
    ///   - versions: The newest listed version of each role that is looked for; 0 where none is.
    /// - Returns: Role and version, or nil.
    static func parse(_ name: String, after versions: [RoleName: Int64]) -> (role: RoleName, version: Int64)? {
        guard let version = Int64(name.prefix { $0 != "." }) else { return nil }
        return versions.first { role, listed in
            version > listed && MetadataFile(role: role, version: version).name.utf8.elementsEqual(name.utf8)
        }.map { ($0.key, version) }
    }
}

/// A place in a store where files of signers wait.
package protocol WaitingPlace: Sendable {
    /// What lies there.
    ///
    /// - Returns: The files, of which nothing is believed; nil when the place is empty.
    /// - Throws: ``TrustStoreError``.
    func read() async throws(TrustStoreError) -> WaitingContents?

    /// The bytes of a file that lies there.
    ///
    /// - Parameter file: The file.
    /// - Returns: Its bytes, at most ``WaitingFile/maximumLength``; nil when it is gone.
    /// - Throws: ``TrustStoreError``.
    func bytes(of file: TrustDataDocument.File) async throws(TrustStoreError) -> [UInt8]?

    /// Replaces what lies there.
    ///
    /// - Parameters:
    ///   - files: What is to lie there.
    ///   - new: The bytes of those files that do not lie there yet.
    ///   - present: What was read.
    /// - Returns: False when somebody has replaced it meanwhile, as far as the store can tell.
    /// - Throws: ``TrustStoreError``.
    func write(
        _ files: [TrustDataDocument.File],
        new: [[UInt8]],
        after present: WaitingContents?
    ) async throws(TrustStoreError) -> Bool
}

/// What lies in a place.
package struct WaitingContents: Sendable, Hashable {
    /// Names these contents.
    package let identity: Digest
    /// The files.
    package let files: [TrustDataDocument.File]
}
