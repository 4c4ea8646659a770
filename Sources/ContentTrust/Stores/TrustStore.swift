package import NotaryAPI
package import OCI
package import OCIRegistry
package import TUF
import TUFClient
package import TrustCrypto

/// Where the trust data of one repository lives.
package protocol TrustStore: Sendable {
    /// The store as messages name it.
    var name: String { get }

    /// The form of the metadata that it holds.
    var dialect: Dialect { get }

    /// The trust data that readers see now.
    ///
    /// - Returns: The set, or nil only when the store looked and there is none.
    /// - Throws: ``TrustStoreError`` whenever it could not look.
    func current() async throws(TrustStoreError) -> (any TrustData)?

    /// Publishes a change. Readers see the old set or the new one, never a mixture.
    ///
    /// - Parameter publication: Makes the new set from the one that is there. It is called again, with what another
    ///   publisher published, when this one was not alone.
    /// - Returns: What is there now.
    /// - Throws: ``PublishError``.
    func publish(_ publication: Publication) async throws(PublishError) -> PublishedSet

    /// Where files of signers wait that they could not publish themselves.
    var waitingPlaces: [any WaitingPlace] { get }

    /// Whether it holds what was copied at some time, and nobody signs anything anew there.
    var isCopy: Bool { get }
}

extension TrustStore {
    /// TUF 1.0.
    package var dialect: Dialect { .tuf1 }

    /// It is none.
    package var isCopy: Bool { false }

    /// The option that leads to it, as it is written in a command that is suggested; empty where its name does not say that.
    var arguments: String { dialect == .notary ? " --store \(ShellWord.quoted(name))" : "" }
}

/// One published set of trust data: an immutable list of files. Nothing in it is believed.
package protocol TrustData: Sendable {
    /// The digest that names the set in its store: of its manifest, or of its timestamp in a directory.
    var identity: Digest { get }

    /// The names of its root files.
    ///
    /// - Returns: The names, in no order.
    /// - Throws: ``TrustStoreError``.
    func rootFileNames() async throws(TrustStoreError) -> [String]

    /// A file of the set, without reading it.
    ///
    /// - Parameter fileName: The TUF file name.
    /// - Returns: The file, or nil when the set has no such file.
    /// - Throws: ``TrustStoreError``.
    func file(named fileName: String) async throws(TrustStoreError) -> StoredFile?

    /// The bytes of a file.
    ///
    /// - Parameters:
    ///   - fileName: The TUF file name, such as `7.snapshot.json`.
    ///   - maximumLength: The most bytes to read.
    /// - Returns: The bytes, or nil when the set has no such file.
    /// - Throws: ``TrustStoreError``; ``TrustStoreError/vanished(_:)`` when the set was replaced while it was read.
    func bytes(ofFile fileName: String, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]?

    /// Whether a file that the set lists is there too: a store of blobs can lose one that its manifests name.
    ///
    /// - Parameter file: A file of the set.
    /// - Returns: False when the store looked and has lost it.
    /// - Throws: ``TrustStoreError``.
    func holds(_ file: StoredFile) async throws(TrustStoreError) -> Bool
}

extension TrustData {
    /// Stores that keep files by name list no other than those that are there.
    package func holds(_ file: StoredFile) async throws(TrustStoreError) -> Bool { true }

    /// How many former roots are taken along at most.
    private static var formerRoots: Int64 { 1024 }

    /// The roots before one, without a gap, as far back as they are known or there.
    ///
    /// - Parameters:
    ///   - version: The version of the root that they lead to.
    ///   - known: Roots at hand, by version.
    /// - Returns: The roots, by rising version.
    /// - Throws: ``TrustStoreError``.
    func roots(
        before version: Int64,
        known: [Int64: [UInt8]] = [:]
    ) async throws(TrustStoreError) -> [(version: Int64, bytes: [UInt8])] {
        var roots: [(version: Int64, bytes: [UInt8])] = []
        var earlier = version - 1
        while earlier >= 1, version - earlier <= Self.formerRoots {
            var found = known[earlier]
            if found == nil {
                do throws(TrustStoreError) {
                    let name = MetadataFile.root(earlier).name
                    found = try await bytes(ofFile: name, maximumLength: TUFLimits().rootLength)
                } catch .rootNotCopied {
                    // A copy that begins later.
                    break
                }
            }
            guard let found else { break }
            roots.append((earlier, found))
            earlier -= 1
        }
        return roots.reversed()
    }
}

/// A file that a store has.
package struct StoredFile: Sendable, Hashable {
    /// Its TUF name.
    package let name: String
    /// The blob that holds it; nil in stores that keep files by name alone.
    package let blob: TrustDataDocument.File?
}

/// A set as the source of an update.
struct TrustDataSource: MetadataSource {
    let data: any TrustData

    func bytes(of file: MetadataFile, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? {
        try await data.bytes(ofFile: file.name, maximumLength: maximumLength)
    }
}

/// Why a trust store could not be read or written.
package enum TrustStoreError: Error, Sendable, Equatable {
    /// The registry could not be asked, or answered what it may not.
    case registry(RegistryError)
    /// The Notary server could not be asked, or answered what it may not.
    case notary(NotaryError)
    /// A file of a local store could not be read or written.
    case file(FileError)
    /// An OCI document of a local store is not one.
    case layout(OCIError)
    /// What the store holds is not trust data. `problem` says what is wrong with it.
    case notTrustData(store: String, problem: String)
    /// A file is longer than it may be.
    case tooLarge(file: String, limit: Int)
    /// A file of the set is gone: the set was replaced while it was read.
    case vanished(String)
    /// A root that has to be walked through is not among the files that were copied, though a newer one is.
    case rootNotCopied(version: Int64, newest: Int64)
}

/// Why a change could not be published.
package enum PublishError: Error, Sendable {
    /// The store could not be read or written. Readers see the old set.
    case store(TrustStoreError)
    /// Another publisher's change cannot be merged with this one.
    case conflict(String)
    /// What other publishers announced cannot be merged without a key of a role that is not at hand; a registry's publisher
    /// goes on without.
    case cannotMerge(needing: RoleName)
    /// The change itself is refused.
    case refused(Refusal)
}
