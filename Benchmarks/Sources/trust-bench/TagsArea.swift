import ContentTrust
import KeyStorage
import OCI
import OCIRegistry
import TUF
import TrustCrypto

/// A repository with very many tags, which all name one image, for measurements with the program.
enum TagsArea {
    /// Makes trust data in an OCI layout.
    ///
    /// - Parameters:
    ///   - home: Where pins and, unencrypted, keys go.
    ///   - layout: The folder of the layout.
    ///   - name: The repository that the trust data is for.
    ///   - count: How many tags: `tag-0` and on.
    ///   - bins: Over how many bins they are spread.
    /// - Throws: `Refusal`.
    static func make(home: String, layout: String, name: String, count: Int, bins: BinChoice) async throws {
        let home = TrustHome(path: home)
        let store = FileKeyStore(directory: home.keys)
        let signers = KeyStoreSigners(
            stores: KeyStoreSet(primary: store),
            passphrases: PassphraseChain([]),
            unencryptedUnsafe: store
        )
        let session = TrustSession(home: home) { (_) throws(RegistryError) in throw .cancelled }
        let publisher = Publisher(session: session, signers: signers)
        _ = try ImageLayout(creatingIfAbsent: layout)
        let subject = Subject.layout(path: layout)
        var options = InitializeOptions()
        options.name = name
        options.bins = bins
        _ = try await publisher.initialize(subject, options: options)
        let manifest = VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociManifest).descriptor
        let images = (0..<count).map { ImageToSign(tag: "tag-\($0)", descriptor: manifest) }
        let report = try await publisher.sign(images, of: subject)
        print("\(report.bins) bins")
    }
}
