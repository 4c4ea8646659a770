import ArgumentParser
import ContentTrust
import OCI

/// `trustctl verify`
struct Verify: TrustCommand {
    static let title = "verify"
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that the registry serves what was signed, and print it by digest.",
        discussion: """
            Checks the trust data from the pin upwards, then that the registry serves the signed digest for the tag. \
            Prints REPO@sha256:... to pull by. REPO:TAG@DIGEST demands that very digest; REPO@DIGEST says which signed \
            tags name it. With several references nothing is printed unless all are trusted.
            """
    )

    @Argument(help: ArgumentHelp("References as docker writes them, or oci:PATH[:TAG].", valueName: "ref"))
    var references: [String]

    @Option(help: ArgumentHelp("Follow the signed index to this platform: OS/ARCH[/VARIANT].", valueName: "platform"))
    var platform: String?

    @Option(
        help: ArgumentHelp(
            "Check this image, all its blobs, instead of the registry's: oci:PATH[:TAG] or oci-archive:FILE[:TAG].",
            valueName: "image"
        )
    )
    var image: String?

    @OptionGroup var policy: PolicyOption
    @OptionGroup var verification: VerificationOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments) }

    mutating func validate() throws {
        guard image == nil || references.count == 1 else {
            throw ValidationError("--image can be compared with one reference only.")
        }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let references = try VerdictRequest.references(parsing: references)
        if image != nil, references.contains(where: { $0.withTag.tag == nil }) {
            throw Refusal(.usage, checked: "--image", found: "a reference without a tag", expected: "REPO:TAG")
        }
        let request = VerdictRequest(
            references: references,
            platform: try platform.map(PlatformArgument.platform),
            image: try imageToCompare(),
            location: try store.location(context.environment),
            verification: verification,
            policy: try policy.policy(besides: store, verification)
        )
        return try await request.run(context, network: network, common: common, suggested: suggested)
    }

    private func imageToCompare() throws(Refusal) -> Query.Image {
        try image.map { (text) throws(Refusal) in try ImageToCompare.parsing(text) } ?? .asServed
    }
}

/// The value of `--image`.
enum ImageToCompare {
    /// The image at hand that it names.
    ///
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    static func parsing(_ image: String) throws(Refusal) -> Query.Image {
        let location: ImageLocation
        do throws(OCIError) {
            location = try ImageLocation(parsing: image)
        } catch {
            throw ReferenceText.refusal(error, text: image, option: "--image")
        }
        switch location {
        case .layout, .archive:
            return .atHand(location)
        case .registry, .directory:
            throw Refusal(
                .usage,
                checked: "--image \(ReferenceText.shortened(image))",
                found: "neither oci: nor oci-archive:",
                expected: "oci:PATH[:TAG] or oci-archive:FILE[:TAG]"
            )
        }
    }
}
