import ContentTrust
import OCI

extension ImageQuestion {
    /// A question as C asks it.
    ///
    /// - Parameters:
    ///   - reference: The image.
    ///   - platform: The platform, or NULL.
    ///   - requester: Who asks, or NULL.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    init(
        _ reference: UnsafePointer<CChar>?,
        _ platform: UnsafePointer<CChar>?,
        _ requester: UnsafePointer<CChar>?
    ) throws(Refusal) {
        let reference = try CArguments.required(reference, "reference", limit: 4096)
        let platform = try CArguments.text(platform, "platform", limit: 128)
        let requester = try CArguments.text(requester, "requester", limit: 1024)
        try self.init(reference, platform: try platform.map(Self.platform))
        self.requester = requester
    }

    private static func platform(_ text: String) throws(Refusal) -> Platform {
        do throws(OCIError) {
            return try Platform(parsing: text)
        } catch {
            throw CArguments.wrong("platform", "not a platform", expected: "OS/ARCH[/VARIANT], such as linux/arm64")
        }
    }
}
