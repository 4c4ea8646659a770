public import TrustCrypto

/// Why something that should be a signature of an image is none.
///
/// Texts come from the other side, bounded but not escaped.
public enum SignatureProblem: Error, Sendable, Equatable {
    /// A part of it is not what its format says; the string names the part.
    case malformed(String)
    /// It is longer than is read, in bytes.
    case tooLarge(limit: Int)
    /// A manifest, a layer or a bundle has a media type that signatures of this kind do not have.
    case mediaType(String)
    /// A manifest has another number of layers than one.
    case layerCount(Int)
    /// What is signed is of another type than signatures of images have.
    case payloadType(String)
    /// It is a signature of another digest; nil when it names none that is understood.
    case otherDigest(Digest?)
    /// It names another media type or size than the image has.
    case otherDescriptor
    /// Its manifest says to be about something else.
    case otherSubject(Digest?)
    /// None of the given keys made it.
    case noGivenKey
    /// The key of its own certificate did not make it.
    case wrongSignature
    /// It is said to be made in a way that does not belong to its key, or is not known.
    case algorithm(String)
    /// Its certificates do not count.
    case certificate(CertificateError)
    /// It demands that something be understood that is not, or does not demand what it must.
    case critical(String)
    /// It has expired, at that time in seconds since the epoch.
    case expired(at: Int64)

    /// Where foreign text is kept, no more than this many bytes of it are.
    static let longestText = 200

    /// Foreign text, cut.
    static func cut(_ text: String) -> String {
        text.utf8.count <= longestText
            ? text : String(decoding: text.utf8.prefix(longestText - 3), as: UTF8.self) + "..."
    }
}
