public import CanonicalJSON
import TUF
public import TrustCrypto

/// A key of a simulated repository, in the form that a metadata file gives it. Every part of that form can be changed.
public struct SimulatedKey: Sendable {
    /// The object under `keys`.
    public var json: JSONValue { didSet { formID = Self.computedID(of: json) } }
    /// The id under which files name the key; nil takes the one that TUF computes.
    public var customID: String?
    /// The scheme that its signatures really follow.
    public var scheme: SignatureScheme
    /// What signs.
    public let privateKey: PrivateKey
    /// The public half, as memory of signatures knows it.
    let spki: [UInt8]
    // Made once: whole repositories are made of the same keys, over and over.
    private var formID: String

    /// A key in the form that this project writes.
    ///
    /// - Parameters:
    ///   - privateKey: What signs.
    ///   - scheme: The scheme of its signatures; nil takes the key's usual one.
    public init(_ privateKey: PrivateKey, scheme: SignatureScheme? = nil) {
        self.privateKey = privateKey
        self.scheme = scheme ?? privateKey.scheme
        json = TUFKey(publicKey: privateKey.publicKey, scheme: self.scheme).json
        spki = privateKey.publicKey.spkiDER
        formID = Self.computedID(of: json)
    }

    /// The id under which files name the key.
    public var id: String { customID ?? formID }

    /// The id that TUF computes from the form (TUF 1.0.34 §4.2).
    public var computedID: KeyID {
        do {
            return try KeyID(formID)
        } catch {
            preconditionFailure("hexadecimal digits are a key id")
        }
    }

    /// The key under another id.
    ///
    /// - Parameter id: The id, which need not be one.
    /// - Returns: The key.
    public func named(_ id: String) -> SimulatedKey {
        var key = self
        key.customID = id
        return key
    }

    /// The key with another member of its form.
    ///
    /// - Parameters:
    ///   - member: `keytype`, `scheme`, `keyval` or another name.
    ///   - value: The value; nil takes it out.
    /// - Returns: The key.
    public func with(_ member: String, _ value: JSONValue?) -> SimulatedKey {
        var key = self
        var object = json.object ?? [:]
        object[member] = value
        key.json = .object(object)
        return key
    }

    /// One entry of `signatures`.
    ///
    /// - Parameter message: What is signed.
    /// - Returns: The entry.
    public func signatureEntry(over message: [UInt8]) -> JSONValue {
        .object(["keyid": .string(id), "sig": .string(Hex.encode(signature(over: message).span))])
    }

    /// A signature.
    ///
    /// - Parameter message: What is signed.
    /// - Returns: Its bytes.
    public func signature(over message: [UInt8]) -> [UInt8] {
        do {
            return try privateKey.signature(over: message.span, scheme: scheme)
        } catch {
            preconditionFailure("a test key signs: \(error)")
        }
    }

    private static func computedID(of json: JSONValue) -> String {
        do {
            let canonical = try json.canonicalBytes()
            return Digest.compute(.sha256, over: canonical.span).hex
        } catch {
            preconditionFailure("a test key has a canonical form: \(error)")
        }
    }
}
