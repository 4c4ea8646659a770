public import TUF
public import TrustCrypto

/// What is known of a stored key without its passphrase.
///
/// It stands in the key's file, where whoever may write there can change it: it is an index, and nothing is trusted
/// because of it. That the private key is the one with this id is checked when it is opened.
public struct KeyRecord: Sendable, Hashable {
    /// The id that TUF computes for the key (TUF 1.0.34 §4.2).
    public let keyID: KeyID
    /// What the key is for.
    public let attributes: KeyAttributes
    /// The public half.
    public let publicKey: PublicKey
    /// The scheme that the key signs with.
    public let scheme: SignatureScheme
    /// When the key was put into the store.
    public let created: Instant
    /// The path of the key's file.
    public let location: String
    /// Whether a passphrase is needed to use it.
    public let isEncrypted: Bool

    /// The role that the key signs for.
    public var role: RoleName { attributes.role }
    /// The repository that the key belongs to; nil where it may serve many.
    public var repository: String? { attributes.repository }
    /// A note for people.
    public var label: String? { attributes.label }

    /// The key as metadata writes it.
    public var tufKey: TUFKey { TUFKey(publicKey: publicKey, scheme: scheme) }
}
