package import TrustCrypto

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
    /// - Returns: Its bytes, at most ``WaitingContents/maximumLength``; nil when it is gone.
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

    /// The most bytes of a file that waits.
    static let maximumLength = 4 << 20
}
