import CanonicalJSON
import TUF
import TrustCrypto

/// A file of the key store: a JSON object that says what the key is, then the key as PEM.
///
/// One file, so that key and record are written in one step and cannot part. PEM readers skip what stands before the
/// block (RFC 7468 §2), so `openssl pkey -in FILE` reads it as it is.
struct StoredKeyFile: ~Copyable {
    static let format = "trustctl-key-1"
    static let nameSuffix = ".key"
    /// The key, and as much again for the record.
    static let maximumLength = 2 * PrivateKeyFile.maximumLength

    let record: KeyRecord
    /// The record as it was read, so that what a later version adds to it is kept.
    let json: JSONObject
    let contents: SecretBytes
    /// Where in the contents the PEM begins.
    let pemStart: Int

    static func name(of keyID: KeyID) -> String { keyID.string + nameSuffix }

    /// Whether a key id can be that of a stored key: 64 lowercase hex digits, as TUF computes them. No other one ever
    /// becomes part of a path.
    static func isName(_ keyID: KeyID) -> Bool {
        (try? Digest(algorithm: .sha256, hex: keyID.string)) != nil
    }

    /// Takes a file apart.
    ///
    /// - Returns: The parts; the record's id is that of its public key, which is also the file's name.
    static func parse(
        _ contents: consuming SecretBytes,
        path: String,
        keyID: KeyID
    ) throws(KeyStorageError) -> StoredKeyFile {
        let (pemStart, json) = try contents.withBytes {
            (bytes) throws(KeyStorageError) -> (Int, JSONObject) in
            guard let start = startOfPEM(in: bytes) else {
                // A file that ends before its key begins, or is no key file at all.
                throw .malformedRecord(path: path)
            }
            let limits = JSONLimits(maximumBytes: PrivateKeyFile.maximumLength, maximumDepth: 8, maximumValues: 1000)
            let text = (0..<start).map { bytes[$0] }
            guard let json = try? JSONValue(parsing: text, limits: limits), let object = json.object else {
                throw .malformedRecord(path: path)
            }
            return (start, object)
        }
        let isEncrypted = try contents.withBytes { (bytes) throws(KeyStorageError) in
            do throws(KeyFileError) {
                return try PrivateKeyFile.isEncrypted(bytes.extracting(pemStart..<bytes.count))
            } catch {
                throw .keyFile(path: path, error)
            }
        }
        let record = try Self.record(json, path: path, isEncrypted: isEncrypted)
        guard record.keyID == keyID else { throw .malformedRecord(path: path) }
        return StoredKeyFile(record: record, json: json, contents: contents, pemStart: pemStart)
    }

    /// Opens the key, and checks that it is the one that the file is named for.
    func open(_ passphrase: Passphrase?) throws(KeyStorageError) -> PrivateKey {
        if record.isEncrypted, passphrase == nil { throw .passphraseRequired(record.keyID) }
        let key = try contents.withBytes { (bytes) throws(KeyStorageError) in
            let pem = bytes.extracting(pemStart..<bytes.count)
            do throws(KeyFileError) {
                guard let passphrase else { return try PrivateKeyFile.decode(pem) }
                return try PrivateKeyFile.decode(pem, passphrase: passphrase.bytes)
            } catch .wrongPassphrase {
                throw .wrongPassphrase(record.keyID, origin: nil)
            } catch {
                throw .keyFile(path: record.location, error)
            }
        }
        guard key.publicKey == record.publicKey else { throw .malformedRecord(path: record.location) }
        return key
    }

    /// Writes the record of a key.
    static func json(_ record: KeyRecord, _ key: PublicKey, _ scheme: SignatureScheme) -> JSONObject {
        [
            "format": .string(format),
            "keyID": .string(record.keyID.string),
            "role": .string(record.role.string),
            "repository": record.repository.map { .string($0) } ?? .null,
            "label": record.label.map { .string($0) } ?? .null,
            "created": .string(record.created.description),
            "scheme": .string(scheme.rawValue),
            "publicKey": .string(Base64.encode(key.spkiDER.span)),
        ]
    }

    /// Puts record and key together.
    static func contents(_ json: JSONObject, pem: borrowing SecretBytes) -> SecretBytes {
        let head = JSONValue.object(json).jsonBytes(pretty: true)
        return pem.withBytes { pem in
            SecretBytes(count: head.count + pem.count) { buffer in
                for index in head.indices { buffer[index] = head[index] }
                for index in pem.indices { buffer[head.count + index] = pem[index] }
            }
        }
    }

    private static func record(
        _ json: JSONObject,
        path: String,
        isEncrypted: Bool
    ) throws(KeyStorageError) -> KeyRecord {
        guard json["format"]?.string == format,
            let role = json["role"]?.string.flatMap({ try? RoleName($0) }),
            let created = json["created"]?.string.flatMap({ Instant(rfc3339: $0) }),
            let scheme = json["scheme"]?.string.flatMap({ SignatureScheme(rawValue: $0) }),
            let spki = json["publicKey"]?.string.flatMap({ Base64.decode($0) }),
            let publicKey = try? PublicKey(spkiDER: spki), publicKey.algorithm.supports(scheme),
            let attributes = try? KeyAttributes(
                role: role,
                repository: json["repository"]?.string,
                label: json["label"]?.string
            )
        else { throw .malformedRecord(path: path) }
        let keyID = TUFKey(publicKey: publicKey, scheme: scheme).computedID
        guard json["keyID"]?.string == keyID.string else { throw .malformedRecord(path: path) }
        return KeyRecord(
            keyID: keyID,
            attributes: attributes,
            publicKey: publicKey,
            scheme: scheme,
            created: created,
            location: path,
            isEncrypted: isEncrypted,
            kind: .own
        )
    }

    /// The start of the first line that begins a PEM block.
    private static func startOfPEM(in bytes: Span<UInt8>) -> Int? {
        let marker: StaticString = "-----BEGIN "
        var isLineStart = true
        for start in bytes.indices {
            defer { isLineStart = bytes[start] == UInt8(ascii: "\n") }
            guard isLineStart, bytes.count - start >= marker.utf8CodeUnitCount else { continue }
            var isMarker = true
            for index in 0..<marker.utf8CodeUnitCount where bytes[start + index] != marker.utf8Start[index] {
                isMarker = false
                break
            }
            if isMarker { return start }
        }
        return nil
    }
}
