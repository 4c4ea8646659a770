import CanonicalJSON
import TrustCrypto

/// What lies under `signed` of a file that several people sign one after the other, and the signatures that it has.
struct SignableFile: Sendable {
    let role: RoleName
    let signed: JSONValue
    private(set) var signatures: [KeyID: [UInt8]]

    init(role: RoleName, signed: JSONValue, signatures: [KeyID: [UInt8]] = [:]) {
        self.role = role
        self.signed = signed
        self.signatures = signatures
    }

    init(_ envelope: Envelope, role: RoleName) {
        self.init(
            role: role,
            signed: envelope.signedValue,
            signatures: Dictionary(envelope.signatures.map { ($0.keyID, $0.bytes) }) { first, _ in first }
        )
    }

    /// The file, with the signatures that it has.
    var bytes: [UInt8] {
        let list = signatures.sorted { $0.key < $1.key }.map { id, bytes in
            JSONValue.object(["keyid": .string(id.string), "sig": .string(Hex.encode(bytes.span))])
        }
        return JSONValue.object(["signatures": .array(list), "signed": signed]).jsonBytes(pretty: false)
    }

    /// Adds a signature, under each of the ids that the key goes by.
    mutating func sign(with signer: some Signer, as ids: [KeyID]) async throws(TUFError) {
        let message: [UInt8]
        do { message = try signed.canonicalBytes() } catch { throw .notJSON(role: role, error) }
        let signature: [UInt8]
        do { signature = try await signer.sign(message) } catch { throw .signingFailed(role: role, error) }
        for id in ids { signatures[id] = signature }
    }
}
