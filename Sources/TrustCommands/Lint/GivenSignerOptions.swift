import ArgumentParser
import ContentTrust
import ImageSignatures
import TrustCrypto

/// Keys and certificates under which signatures of other tools are checked.
struct GivenSignerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Public key of cosign, in PEM; may be repeated, and any of them may have signed.",
            valueName: "file"
        ),
        completion: .file(extensions: ["pub", "pem"])
    )
    var key: [String] = []

    @Option(
        help: ArgumentHelp(
            "Certificates of authorities, or of signers themselves, for signatures of notation; in PEM; may be repeated.",
            valueName: "file"
        ),
        completion: .file(extensions: ["pem", "crt"])
    )
    var cert: [String] = []

    @Option(
        help: ArgumentHelp(
            "Certificates of authorities whose word on the time of signing counts (notation's signingAuthority); may be repeated.",
            valueName: "file"
        ),
        completion: .file(extensions: ["pem", "crt"])
    )
    var signingAuthority: [String] = []

    /// What the files hold.
    ///
    /// - Returns: Keys and certificates.
    /// - Throws: ``Refusal`` with ``Reason/usage`` for a file that has none, and ``Reason/storage`` for one that cannot be read.
    func signers() throws(Refusal) -> GivenSigners {
        var given = GivenSigners()
        let files: [(option: String, kind: GivenSigners.FileKind, paths: [String])] = [
            ("--key", .key, key), ("--cert", .authorities, cert),
            ("--signing-authority", .signingAuthorities, signingAuthority),
        ]
        for (option, kind, paths) in files {
            for path in paths {
                let bytes = try InputFile.read(path, limit: Certificate.maximumTextLength, option: option)
                do throws(GivenSigners.FileProblem) {
                    try given.add(bytes, name: path, as: kind)
                } catch {
                    throw Refusal(
                        .usage,
                        checked: "\(option) \(path)",
                        found: error.found,
                        expected: error.expected,
                        cause: error.cause
                    )
                }
            }
        }
        return given
    }
}
