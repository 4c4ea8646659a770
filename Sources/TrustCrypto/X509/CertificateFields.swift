/// What a certificate says (RFC 5280 §4.1), taken from its DER without belief in any of it.
struct CertificateFields {
    let commonName: String?
    let notBefore: Int64
    let notAfter: Int64
    let spkiDER: [UInt8]
    let isSelfIssued: Bool

    init(_ der: Span<UInt8>) throws(DERError) {
        var whole = DERReader(der)
        var certificate = try whole.enter(DERReader.Tag.sequence, in: der)
        try whole.finish()
        var contents = try certificate.enter(DERReader.Tag.sequence, in: der)
        let outerAlgorithm = try certificate.readWhole(DERReader.Tag.sequence, in: der)
        _ = try certificate.readBitString(in: der)
        try certificate.finish()

        let version = try Self.version(&contents, in: der)
        // Old certificates have negative serial numbers, and nothing depends on them.
        guard try !contents.read(DERReader.Tag.integer, in: der).isEmpty else { throw DERError() }
        let algorithm = try contents.readWhole(DERReader.Tag.sequence, in: der)
        guard Self.isSame(algorithm, outerAlgorithm, in: der) else { throw DERError() }
        var names = contents
        let issuer = try names.readWhole(DERReader.Tag.sequence, in: der)
        _ = try contents.read(DERReader.Tag.sequence, in: der)
        var validity = try contents.enter(DERReader.Tag.sequence, in: der)
        notBefore = try CertificateTime.read(&validity, in: der)
        notAfter = try CertificateTime.read(&validity, in: der)
        try validity.finish()
        names = contents
        isSelfIssued = Self.isSame(issuer, try names.readWhole(DERReader.Tag.sequence, in: der), in: der)
        var subject = try contents.enter(DERReader.Tag.sequence, in: der)
        commonName = try Self.commonName(&subject, in: der)
        spkiDER = try contents.readWhole(DERReader.Tag.sequence, in: der).map { der[$0] }
        // Unique identifiers, then extensions: libcrypto reads what of them matters.
        while !contents.isAtEnd {
            let (tag, _) = try contents.readAny(in: der)
            // Go does not look at extensions of older versions, libcrypto does.
            guard tag != Self.extensionsTag || version == 3 else { throw DERError() }
        }
    }

    private static let extensionsTag = DERReader.Tag.context(3, constructed: true)

    private static func version(_ contents: inout DERReader, in der: Span<UInt8>) throws(DERError) -> Int {
        let tag = DERReader.Tag.context(0, constructed: true)
        guard contents.nextTag(in: der) == tag else { return 1 }
        var field = try contents.enter(tag, in: der)
        let version = try field.readSmallInteger(in: der) + 1
        try field.finish()
        // The default is never written.
        guard (2...3).contains(version) else { throw DERError() }
        return version
    }

    /// The signature covers one of the two places where its algorithm stands, so the other must agree.
    private static func isSame(_ left: Range<Int>, _ right: Range<Int>, in der: Span<UInt8>) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { der[$0] == der[$1] }
    }

    /// The last common name, as Go's `pkix.Name.FillFromRDNSequence` has it: each one overwrites those before, whether
    /// in the same relative name or in an earlier one.
    ///
    /// - Returns: Nil without one, and when the last is not a string of a type in use: Go would fall back to an earlier
    ///   one or refuse the certificate, and no name is the answer that trusts nobody.
    private static func commonName(_ names: inout DERReader, in der: Span<UInt8>) throws(DERError) -> String? {
        var name: String?
        while !names.isAtEnd {
            var relative = try names.enter(DERReader.Tag.set, in: der)
            while !relative.isAtEnd {
                var attribute = try relative.enter(DERReader.Tag.sequence, in: der)
                let type = try attribute.readObjectIdentifier(in: der)
                let (tag, contents) = try attribute.readAny(in: der)
                try attribute.finish()
                if type == ObjectIdentifiers.commonName { name = text(tag, contents.map { der[$0] }) }
            }
        }
        return name
    }

    private static func text(_ tag: UInt8, _ bytes: [UInt8]) -> String? {
        switch tag {
        case DERReader.Tag.utf8String: String(validating: bytes, as: UTF8.self)
        case DERReader.Tag.printableString, DERReader.Tag.ia5String:
            bytes.allSatisfy { $0 < 0x80 } ? String(decoding: bytes, as: UTF8.self) : nil
        default: nil
        }
    }
}
