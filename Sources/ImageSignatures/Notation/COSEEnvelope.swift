internal import TrustCrypto

/// notation's COSE envelope, a tagged COSE_Sign1 (RFC 9052 §4.2; Notary Project, `signature-envelope-cose.md`).
enum COSEEnvelope {
    private static let tag: UInt64 = 18
    private static let algorithmLabel = CBORValue.unsigned(1)
    private static let criticalLabel = CBORValue.unsigned(2)
    private static let contentTypeLabel = CBORValue.unsigned(3)
    private static let chainLabel = CBORValue.unsigned(33)
    /// A date as seconds since the epoch (RFC 8949 §3.4.2).
    private static let epochTag: UInt64 = 1

    static func read(_ bytes: [UInt8]) throws(SignatureProblem) -> NotationEnvelope {
        guard case .tag(tag, .array(let parts)) = try value(bytes, "envelope"), parts.count == 4,
            let protectedBytes = parts[0].bytes, case .map = parts[1], let payload = parts[2].bytes,
            let signature = parts[3].bytes
        else { throw .malformed("COSE_Sign1") }
        let protected = try value(protectedBytes, "protected")
        let (algorithm, attributes) = try attributes(protected)
        // What must be protected is not looked for elsewhere, and may not be said there otherwise.
        guard parts[1][algorithmLabel] == nil, parts[1][criticalLabel] == nil, parts[1][contentTypeLabel] == nil else {
            throw .malformed("unprotected")
        }
        guard let chain = parts[1][chainLabel]?.elements, chain.count <= CodeSigningChain.maximumCount else {
            throw .malformed("x5chain")
        }
        var certificates: [[UInt8]] = []
        for element in chain {
            guard let der = element.bytes else { throw .malformed("x5chain") }
            certificates.append(der)
        }
        return try NotationEnvelope(
            attributes: attributes,
            algorithm: algorithm,
            payload: payload,
            signedBytes: signedBytes(protected: protectedBytes, payload: payload),
            signature: signature,
            certificates: certificates
        )
    }

    /// The Sig_structure of COSE_Sign1 without external data (RFC 9052 §4.4).
    static func signedBytes(protected: [UInt8], payload: [UInt8]) -> [UInt8] {
        CBORWriter.head(4, 4) + CBORWriter.text("Signature1") + CBORWriter.bytes(protected) + CBORWriter.bytes([])
            + CBORWriter.bytes(payload)
    }

    private static func value(_ bytes: [UInt8], _ part: String) throws(SignatureProblem) -> CBORValue {
        do {
            return try CBORReader.value(in: bytes)
        } catch {
            throw .malformed(part)
        }
    }

    private static func attributes(
        _ header: CBORValue
    ) throws(SignatureProblem) -> (NotationAlgorithm, NotationAttributes) {
        guard case .map = header else { throw .malformed("protected") }
        guard let number = header[algorithmLabel]?.integer else { throw .malformed("alg") }
        guard let algorithm = NotationAlgorithm(cose: number) else { throw .algorithm("\(number)") }
        guard let type = header[contentTypeLabel]?.text else { throw .malformed("content type") }
        guard type.utf8.elementsEqual(NotationEnvelope.payloadType.utf8) else {
            throw .payloadType(SignatureProblem.cut(type))
        }
        guard let list = header[criticalLabel]?.elements, !list.isEmpty else { throw .malformed("crit") }
        var critical: [String] = []
        for element in list {
            // Numbers up to 8 are not to be listed (RFC 9052 §3.1), and of others none is understood.
            guard let name = element.text else { throw .critical(element.integer.map { "\($0)" } ?? "crit") }
            critical.append(name)
        }
        var times: [String: Int64] = [:]
        for name in [
            NotationAttributes.Name.signingTime, NotationAttributes.Name.authenticSigningTime,
            NotationAttributes.Name.expiry,
        ] {
            guard let value = header[.text(name)] else { continue }
            guard let time = seconds(value) else { throw .malformed(name) }
            times[name] = time
        }
        let attributes = try NotationAttributes(
            scheme: header[.text(NotationAttributes.Name.scheme)]?.text,
            times: times,
            critical: critical,
            hasPlugin: header[.text(NotationAttributes.Name.plugin)] != nil
        )
        return (algorithm, attributes)
    }

    /// A time, to the second; a fraction, which should not be there, is dropped.
    private static func seconds(_ value: CBORValue) -> Int64? {
        guard case .tag(epochTag, let time) = value else { return nil }
        if let whole = time.integer { return SignatureTime.range.contains(whole) ? whole : nil }
        guard case .float(let number) = time, number.isFinite else { return nil }
        guard let whole = Int64(exactly: number.rounded(.down)), SignatureTime.range.contains(whole) else { return nil }
        return whole
    }
}
