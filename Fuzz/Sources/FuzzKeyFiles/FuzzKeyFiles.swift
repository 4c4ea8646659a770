import Harness
import TrustCrypto

/// Key files, public keys and signatures. The first byte says what the rest is, because the fuzzer cannot see through
/// base64: most kinds get the DER itself, and the PEM around it is made here.
@c(LLVMFuzzerTestOneInput)
public func fuzzKeyFiles(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var bytes = fuzzInput(start, count)
    guard let kind = bytes.first else { return 0 }
    bytes.removeFirst()
    switch kind {
    case UInt8(ascii: "t"): checkFile(bytes)
    case UInt8(ascii: "8"): checkFile(pem("PRIVATE KEY", bytes))
    case UInt8(ascii: "e"): checkFile(pem("ENCRYPTED PRIVATE KEY", bytes))
    case UInt8(ascii: "s"): checkFile(pem("EC PRIVATE KEY", bytes))
    case UInt8(ascii: "1"): checkFile(pem("RSA PRIVATE KEY", bytes))
    case UInt8(ascii: "5"): checkFile(pem("ED25519 PRIVATE KEY", bytes))
    case UInt8(ascii: "n"): checkExport(bytes)
    case UInt8(ascii: "p"): checkPublicKey(try? PublicKey(spkiDER: bytes))
    case UInt8(ascii: "P"): checkPublicKey(try? PublicKey(pem: String(decoding: bytes, as: UTF8.self)))
    case UInt8(ascii: "v"): checkSignature(bytes)
    default: break
    }
    return 0
}

private let passphrase: [UInt8] = Array("passphrase".utf8)

private func pem(_ label: String, _ der: [UInt8]) -> [UInt8] {
    Array("-----BEGIN \(label)-----\n\(Base64.encode(der.span))\n-----END \(label)-----\n".utf8)
}

/// Reads a file with and without a passphrase; what is read can be written and read again.
private func checkFile(_ file: [UInt8]) {
    let isEncrypted = try? PrivateKeyFile.isEncrypted(file.span)
    let plain = try? PrivateKeyFile.decode(file.span)
    require(plain == nil || isEncrypted == false, "opened without its passphrase")
    let opened = try? PrivateKeyFile.decode(file.span, passphrase: SecretBytes(copying: passphrase.span))
    require(plain == nil || opened?.publicKey == plain?.publicKey, "a passphrase changes a key that needs none")
    guard let key = opened else { return }
    require(isEncrypted != nil, "opened, and not known to be a key")
    checkPublicKey(key.publicKey)
    let again: PrivateKey?
    do {
        let written = try PrivateKeyFile.encodeUnencryptedUnsafe(key)
        again = written.withBytes { try? PrivateKeyFile.decode($0) }
    } catch {
        fatalError("a key cannot be written: \(error)")
    }
    require(again?.publicKey == key.publicKey, "another key comes back")
    let signature = try? key.signature(over: passphrase.span, scheme: key.scheme)
    require(
        signature.map { key.publicKey.isValidSignature($0.span, over: passphrase.span, scheme: key.scheme) } == true,
        "a key does not sign"
    )
}

/// Takes apart a file of many keys: each is as readable alone, and what its headers say can be written again.
private func checkExport(_ file: [UInt8]) {
    guard let entries = try? PrivateKeyFile.entries(in: file.span) else { return }
    require(!entries.isEmpty, "no keys, and no error")
    var end = 0
    for entry in entries.prefix(8) {
        require(entry.extent.lowerBound >= end && entry.extent.upperBound <= file.count, "keys overlap")
        end = entry.extent.upperBound
        let part = Array(file[entry.extent])
        let alone = try? PrivateKeyFile.entries(in: part.span)
        require(alone?.count == 1 && alone?.first?.isEncrypted == entry.isEncrypted, "another key alone")
        checkFile(part)
        guard let key = try? PrivateKeyFile.decode(part.span) else { continue }
        let headers = NotaryKeyFile.Headers(role: entry.role, gun: entry.gun, path: entry.path)
        guard let written = try? NotaryKeyFile.encodeUnencryptedUnsafe(key, headers) else {
            fatalError("headers that were read cannot be written")
        }
        let again = written.withBytes { bytes in try? PrivateKeyFile.entries(in: bytes).first }
        require(again?.role == entry.role && again?.gun == entry.gun, "other headers come back")
        let copy = written.withBytes { bytes in try? PrivateKeyFile.decode(bytes) }
        require(copy?.publicKey == key.publicKey, "another key comes back from notary's form")
    }
}

/// A key has one canonical form, and takes no signature of another scheme.
private func checkPublicKey(_ key: PublicKey?) {
    guard let key else { return }
    require((try? PublicKey(spkiDER: key.spkiDER)) == key, "the canonical form is another key")
    require((try? PublicKey(pem: key.pem)) == key, "the PEM is another key")
    require((try? PublicKey(pem: key.pem))?.pem == key.pem, "two canonical forms")
    for scheme in SignatureScheme.allCases {
        require(!key.isValidSignature(passphrase.span, over: passphrase.span, scheme: scheme), "takes nonsense")
    }
}

/// Fixed keys that take one signature each: everything else has to be refused.
private func checkSignature(_ bytes: [UInt8]) {
    guard let kind = bytes.first, !fixedKeys.isEmpty else { return }
    let (key, scheme) = fixedKeys[Int(kind) % fixedKeys.count]
    let signature = Array(bytes.dropFirst())
    // ECDSA has many signatures of a message, and none that anybody finds without the key.
    require(
        !key.isValidSignature(signature.span, over: passphrase.span, scheme: scheme),
        "a signature was forged"
    )
}

private let fixedKeys: [(PublicKey, SignatureScheme)] = [
    (.ecdsaP256, .ecdsaSHA2NISTP256), (.ecdsaP384, .ecdsaSHA2NISTP384), (.ed25519, .ed25519),
    (.rsa(bits: 2048), .rsassaPSSSHA256), (.rsa(bits: 2048), .rsaPKCS1v15SHA256),
].compactMap { (algorithm: KeyAlgorithm, scheme: SignatureScheme) in
    // A fresh key each run: no input can know it.
    (try? PrivateKey.generate(algorithm)).map { ($0.publicKey, scheme) }
}
