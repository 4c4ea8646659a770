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
        for path in key {
            let bytes = try InputFile.read(path, limit: Certificate.maximumTextLength, option: "--key")
            do throws(KeyFileError) {
                given.keys.append(GivenSigners.Key(name: path, key: try ArtifactKey(file: bytes)))
            } catch {
                throw Refusal(
                    .usage,
                    checked: "--key \(path)",
                    found: "no public key that cosign has",
                    expected: "one PEM block PUBLIC KEY",
                    cause: error
                )
            }
        }
        for path in cert { given.authorities += try certificates(path, option: "--cert") }
        for path in signingAuthority {
            given.signingAuthorities += try certificates(path, option: "--signing-authority")
        }
        return given
    }

    private func certificates(_ path: String, option: String) throws(Refusal) -> [Certificate] {
        let bytes = try InputFile.read(path, limit: Certificate.maximumTextLength, option: option)
        do throws(CertificateError) {
            return try Certificate.all(inPEM: bytes)
        } catch {
            throw Refusal(
                .usage,
                checked: "\(option) \(path)",
                found: "no PEM that can be read",
                expected: "PEM certificates",
                cause: error
            )
        }
    }
}
