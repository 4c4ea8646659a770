import Harness
import ImageSignatures
import OCI
import TrustCrypto

/// Signatures of cosign and notation. The first byte says what the rest is.
@c(LLVMFuzzerTestOneInput)
public func fuzzImageSignatures(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var bytes = fuzzInput(start, count)
    guard let kind = bytes.first else { return 0 }
    bytes.removeFirst()
    switch kind {
    case UInt8(ascii: "p"): checkPayload(bytes)
    case UInt8(ascii: "b"): checkBundle(bytes)
    case UInt8(ascii: "j"): checkEnvelope(bytes, .jws)
    case UInt8(ascii: "c"): checkEnvelope(bytes, .cose)
    default: break
    }
    return 0
}

private func checkPayload(_ bytes: [UInt8]) {
    guard let signing = try? SimpleSigning(parsing: bytes) else { return }
    let layer = CosignLayer(payload: bytes, annotations: [SimpleSigning.signatureAnnotation: "AAAA"])
    check(layer.state(of: signing.digest, under: freshKeys).0)
    check(layer.state(of: image.digest, under: freshKeys).0)
}

private func checkBundle(_ bytes: [UInt8]) {
    guard let bundle = try? SigstoreBundle(parsing: bytes) else { return }
    check(bundle.state(of: image.digest, under: freshKeys))
}

private func checkEnvelope(_ bytes: [UInt8], _ format: SignatureFormat) {
    guard let envelope = try? NotationEnvelope(parsing: bytes, as: format) else { return }
    check(envelope.state(of: image, under: freshKeys, now: now))
    // Under nothing at all nothing is valid.
    check(envelope.state(of: image, under: GivenSigners(), now: now))
}

/// Nobody has signed with keys that are made anew in each run.
private func check(_ state: ImageSignature.State) {
    if case .valid = state { fatalError("a signature was forged") }
}

private let now: Int64 = 1_796_083_200

/// That of the fixtures.
private let image = Descriptor(
    mediaType: .ociManifest,
    digest: Digest.compute(over: [UInt8]("an image".utf8).span),
    size: 528
)

private let freshKeys: GivenSigners = {
    var given = GivenSigners()
    for algorithm in [KeyAlgorithm.ecdsaP256, .ecdsaP384, .ed25519, .rsa(bits: 2048)] {
        guard let key = try? PrivateKey.generate(algorithm) else { continue }
        given.keys.append(GivenSigners.Key(name: "fresh", key: ArtifactKey(key.publicKey)))
        let certificate = try? RootCertificate.make(key: key, commonName: "fresh", notBefore: 0, notAfter: now * 2)
        if let certificate {
            given.authorities.append(certificate)
            given.signingAuthorities.append(certificate)
        }
    }
    return given
}()
