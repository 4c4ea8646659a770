import ArgumentParser
import ContentTrust
import TUF
import TrustCrypto

/// What is known of a root beforehand.
struct AnchorOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Ids of root keys: 64 hexadecimal digits each.", valueName: "id")
    )
    var rootKey: [String] = []

    @Option(help: ArgumentHelp("How many of these keys must have signed; all when not given.", valueName: "n"))
    var threshold: Int?

    @Option(
        help: ArgumentHelp("A root.json that was obtained in a trustworthy way.", valueName: "file"),
        completion: .file(extensions: ["json"])
    )
    var root: String?

    @Option(
        help: ArgumentHelp("Certificate of a root key on a Notary server; in PEM.", valueName: "file"),
        completion: .file(extensions: ["pem", "crt"])
    )
    var cert: String?

    @Option(
        help: ArgumentHelp(
            "Certificate authorities that must have certified the root keys on a Notary server; in PEM.",
            valueName: "file"
        ),
        completion: .file(extensions: ["pem", "crt"])
    )
    var ca: String?

    /// Whether one of them is given.
    var isGiven: Bool { !rootKey.isEmpty || root != nil || cert != nil || ca != nil }

    /// Whether it is one that only Notary's roots can meet.
    var isForNotary: Bool { cert != nil || ca != nil }

    mutating func validate() throws {
        guard [!rootKey.isEmpty, root != nil, cert != nil, ca != nil].count(where: { $0 }) <= 1 else {
            throw ValidationError("--root-key, --root, --cert and --ca exclude each other.")
        }
        guard threshold == nil || !rootKey.isEmpty else { throw ValidationError("--threshold belongs to --root-key.") }
    }

    /// What they name; nil when none is given.
    ///
    /// - Throws: ``Refusal`` with ``Reason/usage``, and ``Reason/storage`` for a file that cannot be read.
    func anchor() throws(Refusal) -> RootAnchor? {
        if let root {
            return .root(try file(root, option: "--root", limit: TUFLimits().rootLength, expected: "a root.json"))
        }
        if let cert { return try certificateAnchor(cert) }
        if let ca {
            let pem = try file(ca, option: "--ca", limit: Certificate.maximumTextLength, expected: Self.certificates)
            let all: [Certificate]
            do throws(CertificateError) { all = try Certificate.all(inPEM: pem) } catch {
                throw Self.notCertificates("--ca \(ca)", error)
            }
            guard all.contains(where: \.isCA) else {
                throw Refusal(.usage, checked: "--ca \(ca)", found: "no certificate of an authority")
            }
            return .authorities(pem: pem)
        }
        return rootKey.isEmpty ? nil : try keyAnchor()
    }

    private static let certificates = "PEM certificates"

    private static func notCertificates(_ checked: String, _ error: any Error) -> Refusal {
        Refusal(.usage, checked: checked, found: "no PEM that can be read", expected: certificates, cause: error)
    }

    /// The id that Notary gives the key with its certificate.
    private func certificateAnchor(_ path: String) throws(Refusal) -> RootAnchor {
        let checked = "--cert \(path)"
        let pem = try file(path, option: "--cert", limit: Certificate.maximumTextLength, expected: Self.certificates)
        let bundle: CertificateBundle
        do throws(CertificateError) {
            bundle = try CertificateBundle(pem: pem)
        } catch {
            throw Self.notCertificates(checked, error)
        }
        guard let key = TUFKey(notaryCertificate: bundle) else {
            throw Refusal(
                .usage,
                checked: checked,
                found: "a key of a kind that signs no root",
                expected: "ECDSA or RSA"
            )
        }
        return .keys([key.computedID], threshold: 1)
    }

    private func keyAnchor() throws(Refusal) -> RootAnchor {
        var ids: Set<KeyID> = []
        for text in rootKey { ids.insert(try KeyIDArgument.keyID(text, option: "--root-key")) }
        let threshold = threshold ?? ids.count
        guard (1...ids.count).contains(threshold) else {
            throw Refusal(
                .usage,
                checked: "--threshold \(threshold)",
                found: "\(ids.count) different keys",
                expected: "a number from 1 to \(ids.count)"
            )
        }
        return .keys(ids, threshold: threshold)
    }

    private func file(
        _ path: String,
        option: String,
        limit: Int,
        expected: String
    ) throws(Refusal) -> [UInt8] {
        let bytes: [UInt8]?
        do throws(FileError) {
            bytes = try DurableFile.read(path, limit: limit)
        } catch {
            throw Refusal.file(error, checked: "\(option) \(path)")
        }
        guard let bytes else {
            throw Refusal(.usage, checked: "\(option) \(path)", found: "no such file", expected: expected)
        }
        return bytes
    }
}
