import Harness
import TrustCrypto

/// Certificates, texts of them, and signatures of Notary v1. The first byte says what the rest is, because the fuzzer
/// cannot see through base64: a certificate is mostly its DER.
@c(LLVMFuzzerTestOneInput)
public func fuzzCertificates(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var bytes = fuzzInput(start, count)
    guard let kind = bytes.first else { return 0 }
    bytes.removeFirst()
    switch kind {
    case UInt8(ascii: "d"): checkCertificate(bytes)
    case UInt8(ascii: "c"): checkChain(bytes)
    case UInt8(ascii: "t"): checkText(bytes)
    case UInt8(ascii: "s"): checkSignature(bytes)
    default: break
    }
    return 0
}

private func checkCertificate(_ der: [UInt8]) {
    guard let certificate = try? Certificate(der: der) else { return }
    require(certificate.der == der, "other bytes")
    let pem = Array(certificate.pem.utf8)
    require((try? Certificate.all(inPEM: pem)) == [certificate], "the PEM is another certificate")
    require(Certificate.first(inPEM: pem) == certificate, "the PEM has another first")
    if let key = certificate.publicKey {
        require((try? PublicKey(spkiDER: certificate.spkiDER)) == key, "another key")
    }
    if let name = certificate.commonName { require(certificate.covers(name) == !name.isEmpty, "not its own name") }
    guard let bundle = try? CertificateBundle([certificate]) else {
        require(certificate.isCA, "a leaf that is none")
        return
    }
    // It would be trusted for being on the list, if it were a CA.
    require((try? bundle.requireChain(to: [certificate], at: certificate.notBefore)) == nil, "vouches for itself")
}

/// Certificates one after another: a leaf, what comes along, and what is trusted.
private func checkChain(_ bytes: [UInt8]) {
    var certificates: [Certificate] = []
    var rest = bytes[...]
    while certificates.count < 17, let length = length(of: rest), length <= rest.count {
        guard let certificate = try? Certificate(der: Array(rest.prefix(length))) else { break }
        certificates.append(certificate)
        rest = rest.dropFirst(length)
    }
    guard let anchor = certificates.popLast(), let bundle = try? CertificateBundle(certificates) else { return }
    let time = bundle.leaf.notBefore
    require((try? bundle.requireChain(to: [], at: time)) == nil, "trusts nobody, and trusts")
    guard (try? bundle.requireChain(to: [anchor], at: time)) != nil else { return }
    require(anchor.isCA && anchor.isSound && anchor.isValid(at: time), "trusts who is not to be trusted")
    require(bundle.leaf.isSound && bundle.leaf.isValid(at: time), "takes a leaf that is not to be taken")
    let kept = bundle.keepingValidIntermediates(at: time)
    require((try? kept.requireChain(to: [anchor], at: time)) != nil, "goes by a certificate that is not valid")
}

/// The length of a SEQUENCE with a length of two bytes, as certificates have.
private func length(of bytes: ArraySlice<UInt8>) -> Int? {
    let head = Array(bytes.prefix(4))
    guard head.count == 4, head[0] == 0x30, head[1] == 0x82 else { return nil }
    return 4 + (Int(head[2]) << 8 | Int(head[3]))
}

private func checkText(_ text: [UInt8]) {
    guard let bundle = try? CertificateBundle(pem: text) else { return }
    require((try? CertificateBundle(pem: Array(bundle.pem.utf8))) == bundle, "another bundle comes back")
    require(Certificate.first(inPEM: text) == bundle.leaf, "another leaf is first")
}

/// Fixed keys, whose signatures nobody finds without the key.
private func checkSignature(_ signature: [UInt8]) {
    for key in fixedKeys {
        for method in NotarySignatureMethod.allCases {
            require(
                !key.isValidSignature(signature.span, over: message.span, method: method),
                "a signature was forged"
            )
        }
    }
}

private let message: [UInt8] = Array("message".utf8)

private let algorithms: [KeyAlgorithm] = [.ecdsaP256, .ecdsaP384, .ed25519, .rsa(bits: 2048)]

// Fresh keys each run: no input can know them.
private let fixedKeys: [PublicKey] = algorithms.compactMap { (try? PrivateKey.generate($0))?.publicKey }
