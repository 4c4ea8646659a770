import ArgumentParser
import ContentTrust
import TrustCrypto

/// Who may say when a bundle was made.
struct TimeStampOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Authorities that certify time stamping services (RFC 3161); in PEM. With it a time stamp is demanded.",
            valueName: "file"
        ),
        completion: .file(extensions: ["pem", "crt"])
    )
    var tsaCa: String?

    /// The authorities; empty when none are given.
    ///
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    func authorities() throws(Refusal) -> [Certificate] {
        guard let tsaCa else { return [] }
        let pem = try InputFile.read(tsaCa, limit: Certificate.maximumTextLength, option: "--tsa-ca")
        do throws(CertificateError) {
            return try Certificate.all(inPEM: pem)
        } catch {
            throw Refusal(
                .usage,
                checked: "--tsa-ca \(tsaCa)",
                found: "no PEM that can be read",
                expected: "PEM certificates",
                cause: error
            )
        }
    }
}
