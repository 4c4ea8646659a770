/// The PEM form of public keys (RFC 7468 §13).
enum PublicKeyPEM {
    static let maximumLength = 16384

    private static let begin = Array("-----BEGIN PUBLIC KEY-----".utf8)
    private static let end = Array("-----END PUBLIC KEY-----".utf8)

    static func encode(_ der: [UInt8]) -> String { PEM.text(label: "PUBLIC KEY", der.span) }

    static func decode(_ pem: String) throws(CryptoError) -> [UInt8] {
        guard pem.utf8.count <= maximumLength else { throw .malformedPublicKey }
        let text = Array(pem.utf8)
        var body = text[...]
        while let first = body.first, isSpace(first) { body.removeFirst() }
        while let last = body.last, isSpace(last) { body.removeLast() }
        guard body.starts(with: begin) else { throw .malformedPublicKey }
        body.removeFirst(begin.count)
        guard body.suffix(end.count).elementsEqual(end) else { throw .malformedPublicKey }
        body.removeLast(end.count)
        guard let first = body.first, isSpace(first), let last = body.last, last == UInt8(ascii: "\n") else {
            throw .malformedPublicKey
        }
        var valid = false
        let der = [UInt8](unsafeUninitializedCapacity: body.count) { buffer, count in
            let written = Base64.decode(Array(body).span, ignoring: " \t\r\n", into: buffer)
            valid = written != nil
            count = written ?? 0
        }
        guard valid else { throw .malformedPublicKey }
        return der
    }

    private static func isSpace(_ character: UInt8) -> Bool {
        character == UInt8(ascii: " ") || (9...13).contains(character)
    }
}
