public import TUF
public import TrustCrypto

/// Whose key store a key is in.
public enum KeyStoreKind: String, Sendable, Hashable {
    /// This program's own.
    case own
    /// A key directory of docker or notary.
    case notary
}

/// What is known of a stored key without its passphrase.
///
/// It stands in the key's file, where whoever may write there can change it: it is an index, and nothing is trusted
/// because of it. That the private key is the one with this id is checked when it is opened.
public struct KeyRecord: Sendable, Hashable {
    /// The id by which its store knows the key: the one that TUF computes (TUF 1.0.34 §4.2), in key directories of docker
    /// and notary the one that Notary v1 computes.
    public let keyID: KeyID
    /// What the key is for.
    public let attributes: KeyAttributes
    /// The public half; nil for an encrypted key of docker or notary, whose file does not tell it.
    public let publicKey: PublicKey?
    /// The scheme that the key signs with; nil where the public half is not known.
    public let scheme: SignatureScheme?
    /// When the key was put into the store; in key directories of docker and notary, when its file was last written.
    public let created: Instant
    /// The path of the key's file.
    public let location: String
    /// Whether a passphrase is needed to use it.
    public let isEncrypted: Bool
    /// Whose key store it is in.
    public let kind: KeyStoreKind

    /// The role that the key signs for.
    public var role: RoleName { attributes.role }
    /// The repository that the key belongs to; nil where it may serve many.
    public var repository: String? { attributes.repository }
    /// A note for people.
    public var label: String? { attributes.label }

    /// The key as metadata writes it; nil where the public half is not known.
    public var tufKey: TUFKey? {
        guard let publicKey, let scheme else { return nil }
        return TUFKey(publicKey: publicKey, scheme: scheme)
    }

    /// Whether this is the key with that public half. Where the record does not have it, the id tells.
    ///
    /// - Parameter candidate: The public half.
    /// - Returns: True for the same key.
    public func isKey(_ candidate: PublicKey) -> Bool {
        guard let publicKey else { return kind == .notary && keyID == NotaryKeyID.id(of: candidate) }
        return publicKey == candidate
    }
}
