import ContentTrust
import OCI

/// A platform on the command line.
enum PlatformArgument {
    /// The platform.
    static func platform(_ text: String) throws(Refusal) -> Platform {
        do throws(OCIError) {
            return try Platform(parsing: text)
        } catch {
            throw Refusal(
                .usage,
                checked: "--platform \(ReferenceText.shortened(text))",
                found: "not a platform",
                expected: "OS/ARCH[/VARIANT], such as linux/arm64",
                cause: error
            )
        }
    }
}
