import CanonicalJSON
import TrustCrypto

/// The contents of cosign's key files: a JSON object that says how the key is encrypted, and the encrypted key.
enum CosignKeyFile {
    /// What cosign writes, and what it wrote before 2023.
    static let labels = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"]

    static func parse(_ contents: borrowing SecretBytes) throws(KeyFileError) -> SecretBoxKey {
        let text = contents.withBytes { bytes in bytes.indices.map { bytes[$0] } }
        let limits = JSONLimits(maximumBytes: 2 * PrivateKeyFile.maximumLength, maximumDepth: 8, maximumValues: 100)
        guard let json = (try? JSONValue(parsing: text, limits: limits))?.object,
            let derivation = json["kdf"]?.object, let cipher = json["cipher"]?.object
        else { throw .malformed }
        guard derivation["name"]?.string == "scrypt" else { throw .unsupported("key derivation of the cosign key") }
        guard cipher["name"]?.string == "nacl/secretbox" else { throw .unsupported("cipher of the cosign key") }
        guard let parameters = derivation["params"]?.object,
            let cost = parameters["N"]?.integer,
            let blockSize = parameters["r"]?.integer,
            let parallelism = parameters["p"]?.integer,
            let salt = derivation["salt"]?.string.flatMap(Base64.decode),
            let nonce = cipher["nonce"]?.string.flatMap(Base64.decode),
            let ciphertext = json["ciphertext"]?.string.flatMap(Base64.decode)
        else { throw .malformed }
        return try SecretBoxKey(
            salt: salt,
            cost: Int(cost),
            blockSize: Int(blockSize),
            parallelism: Int(parallelism),
            nonce: nonce,
            ciphertext: ciphertext
        )
    }
}
