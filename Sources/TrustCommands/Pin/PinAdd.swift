import ArgumentParser
import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto

/// `trustctl pin add`
struct PinAdd: TrustCommand {
    static let title = "pin add"
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Trust the root of a repository, or of all repositories below a prefix.",
        discussion: """
            Compare the ids with what the publisher told you in some other way; what the registry says proves nothing. \
            The most specific pin counts: one for the repository, else the longest prefix.
            """
    )

    @Argument(help: ArgumentHelp("Repository, or PREFIX/* for all below it.", valueName: "repo|prefix/*"))
    var scope: String

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

    @Flag(help: "For trust data on Notary servers. --cert and --ca are always.")
    var notary = false

    @Option(help: ArgumentHelp("The name that the trust data carries, for a mirror.", valueName: "repo"))
    var signedAs: String?

    @Flag(help: "Accept trust data of other tools, which carries no name. It could be any repository's with that root.")
    var allowUnnamed = false

    @Flag(help: "Take the place of another pin for the same scope.")
    var replace = false

    @OptionGroup var common: CommonOptions

    mutating func validate() throws {
        guard [!rootKey.isEmpty, root != nil, cert != nil, ca != nil].count(where: { $0 }) == 1 else {
            throw ValidationError("One of --root-key, --root, --cert and --ca must be given.")
        }
        guard !isNotary || !allowUnnamed else {
            throw ValidationError("--allow-unnamed is not for Notary servers: there the certificates carry the name.")
        }
        guard threshold == nil || !rootKey.isEmpty else { throw ValidationError("--threshold belongs to --root-key.") }
    }

    private var isNotary: Bool { notary || cert != nil || ca != nil }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let home = try common.trustHome(context.environment)
        let scope = try PinScopeArgument.scope(parsing: scope)
        let signedName = try signedName(scope)
        let pin = Pin(
            scope: scope,
            dialect: isNotary ? .notary : .tuf1,
            anchor: try anchor(),
            signedName: signedName,
            allowsUnnamed: allowUnnamed
        )
        try checkRoot(of: pin)
        let isNew: Bool
        do throws(PinStoreError) {
            isNew = try await home.pins.add(pin, replacing: replace)
        } catch {
            throw Refusal.pins(error)
        }
        context.console.note(isNew ? "pinned \(PinText.line(pin))" : "already pinned: \(PinText.line(pin))")
        if common.json {
            var object = PinText.json(pin)
            object["changed"] = .boolean(isNew)
            context.console.result(JSONValue.object(object).line)
        }
        return .trusted
    }

    private func signedName(_ scope: PinScope) throws(Refusal) -> String? {
        guard let signedAs else { return nil }
        guard case .repository = scope else {
            throw Refusal(
                .usage,
                checked: "--signed-as \(signedAs)",
                found: "a prefix to pin",
                expected: "one repository that mirrors one other"
            )
        }
        return try SignedName.name(parsing: signedAs)
    }

    private func anchor() throws(Refusal) -> RootAnchor {
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
        return try keyAnchor()
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

    /// Refuses a root file that no trust data in the scope could come from.
    private func checkRoot(of pin: Pin) throws(Refusal) {
        guard case .root(let bytes) = pin.anchor else { return }
        let checked = "--root \(root ?? "")"
        let binding: RepositoryBinding
        switch pin.scope {
        case .repository(let repository):
            binding = pin.binding(for: repository)
        case .prefix:
            guard pin.allowsUnnamed else {
                throw Refusal(
                    .usage,
                    checked: "\(checked) for \(pin.scope)",
                    found: "a root file, which carries the name of one repository",
                    expected: "--root-key for a prefix"
                )
            }
            binding = .unbound
        }
        do throws(TUFError) {
            _ = try RootStage(anchor: pin.anchor, firstRoot: bytes, binding: binding)
        } catch {
            throw Refusal.metadata(error, checked: checked, pin: nil)
        }
    }
}
