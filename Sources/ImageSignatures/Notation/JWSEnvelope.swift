internal import CanonicalJSON
internal import TrustCrypto

/// notation's JWS envelope, in flattened JSON (RFC 7515 §7.2.2; Notary Project, `signature-envelope-jws.md`).
enum JWSEnvelope {
    static func read(_ bytes: [UInt8]) throws(SignatureProblem) -> NotationEnvelope {
        let root = try SignatureLimits.parse(bytes, "envelope")
        try require(root, "envelope", ["payload", "protected", "header", "signature"])
        guard let payload = root["payload"]?.string, let protected = root["protected"]?.string,
            let signature = root["signature"]?.string, let header = root["header"], header.kind == .object
        else { throw .malformed("envelope") }
        guard let payloadBytes = Base64.decodeURLSafe(payload), let signatureBytes = Base64.decodeURLSafe(signature),
            let protectedBytes = Base64.decodeURLSafe(protected)
        else { throw .malformed("base64url") }
        guard let chain = header["x5c"], chain.kind == .array, chain.count <= CodeSigningChain.maximumCount else {
            throw .malformed("x5c")
        }
        var certificates: [[UInt8]] = []
        for element in chain.elements {
            guard let der = element.string.flatMap(Base64.decode) else { throw .malformed("x5c") }
            certificates.append(der)
        }
        let node = try SignatureLimits.parse(protectedBytes, "protected")
        let (algorithm, attributes) = try self.protected(node)
        return try NotationEnvelope(
            attributes: attributes,
            algorithm: algorithm,
            payload: payloadBytes,
            signedBytes: Array("\(protected).\(payload)".utf8),
            signature: signatureBytes,
            certificates: certificates
        )
    }

    private static func require(_ node: JSONNode, _ part: String, _ names: [String]) throws(SignatureProblem) {
        guard node.kind == .object,
            node.memberNodes.allSatisfy({ member in names.contains(where: member.key.isString) })
        else { throw .malformed(part) }
    }

    private static func protected(
        _ node: JSONNode
    ) throws(SignatureProblem) -> (NotationAlgorithm, NotationAttributes) {
        guard node.kind == .object else { throw .malformed("protected") }
        guard let name = node["alg"]?.string else { throw .malformed("alg") }
        guard let algorithm = NotationAlgorithm(rawValue: name) else { throw .algorithm(SignatureProblem.cut(name)) }
        guard let type = node["cty"]?.string else { throw .malformed("cty") }
        guard type.utf8.elementsEqual(NotationEnvelope.payloadType.utf8) else {
            throw .payloadType(SignatureProblem.cut(type))
        }
        // The payload is what the signature is over as it stands (RFC 7797 would have it otherwise).
        guard node["b64"] == nil else { throw .critical("b64") }
        guard let list = node["crit"], list.kind == .array, list.count > 0 else { throw .malformed("crit") }
        var critical: [String] = []
        for element in list.elements {
            guard let name = element.string else { throw .malformed("crit") }
            critical.append(name)
        }
        var times: [String: Int64] = [:]
        for name in [
            NotationAttributes.Name.signingTime, NotationAttributes.Name.authenticSigningTime,
            NotationAttributes.Name.expiry,
        ] {
            guard let value = node[name] else { continue }
            guard let time = value.string.flatMap(SignatureTime.seconds(rfc3339:)) else { throw .malformed(name) }
            times[name] = time
        }
        let attributes = try NotationAttributes(
            scheme: node[NotationAttributes.Name.scheme]?.string,
            times: times,
            critical: critical,
            hasPlugin: node[NotationAttributes.Name.plugin] != nil
        )
        return (algorithm, attributes)
    }
}
