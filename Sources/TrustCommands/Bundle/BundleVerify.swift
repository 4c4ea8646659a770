import ArgumentParser
import ContentTrust
import OCI
import OCIRegistry
import TUF

/// `trustctl bundle verify`
struct BundleVerify: TrustCommand {
    static let title = "bundle verify"
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify a bundle for the time at which it was made, and print what it proves.",
        discussion: """
            Nobody is asked, and what this machine has seen does not count. Prints REPO@sha256:... for a tag, and all tags \
            of a bundle for a whole repository. The pin is this machine's, or given here. The time is that of a time stamp \
            with --tsa-ca, else of the signed timestamp role; what is said on standard error, and by --json, tells which.
            """
    )

    @Argument(help: "The bundle; - for standard input.", completion: .file())
    var file: String

    @Argument(help: ArgumentHelp("What it must be about: REPO or REPO:TAG.", valueName: "repo|ref"))
    var reference: String?

    @Option(help: ArgumentHelp("Follow the signed index to this platform: OS/ARCH[/VARIANT].", valueName: "platform"))
    var platform: String?

    @Option(
        help: ArgumentHelp(
            "Check this image, all its blobs, by it: oci:PATH[:TAG] or oci-archive:FILE[:TAG].",
            valueName: "image"
        )
    )
    var image: String?

    @Option(
        help: ArgumentHelp("Demand that it holds for this time, such as 2026-11-28T12:00:00Z.", valueName: "time")
    )
    var at: String?

    @OptionGroup var stamps: TimeStampOptions
    @OptionGroup var pinned: AnchorOptions
    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let reference = try reference.map { (text) throws(Refusal) in try ImageReference(parsing: text).requireImage() }
        let platform = try platform.map(PlatformArgument.platform)
        let compared = try image.map { (text) throws(Refusal) in try ImageToCompare.parsing(text) }
        let bytes = try InputFile.read(file, limit: TrustBundle.maximumLength, option: "the bundle", isRegular: true)
        let bundle = try TrustBundle(parsing: bytes, name: file)
        let question = try question(bundle, reference)
        let session = TrustSession(home: try common.trustHome(context.environment)) { (_) throws(RegistryError) in
            throw .cancelled
        }
        let verifier = TrustVerifier(session: session)
        let opened = try await verifier.open(bundle, question)
        let report = BundleReport(bundle: bundle, file: file, opened: opened)
        guard let tag = reference?.tag?.string ?? (reference?.digest == nil ? bundle.tag : nil) else {
            guard reference?.digest == nil, platform == nil, compared == nil else {
                throw Refusal(
                    .usage,
                    checked: "the bundle \(file)",
                    found: "no tag to look at",
                    expected: "REPO:TAG, with a digest, --platform or --image"
                )
            }
            return try await tags(report, context)
        }
        let query = Query(
            subject: reference?.subject ?? bundle.subject,
            tag: tag,
            digest: reference?.digest,
            platform: platform,
            image: compared ?? .notCompared
        )
        let answer = VerdictReport(
            reference: query.subject.reference(tag: tag),
            answer: .image(try await verifier.verify(query, with: opened.data).get())
        )
        report.say(of: answer.reference, to: context.console)
        context.console.result(common.json ? report.json(answer).line : answer.digestReference ?? "")
        return .trusted
    }

    private func question(_ bundle: TrustBundle, _ reference: ImageReference?) throws(Refusal) -> BundleQuestion {
        var question = BundleQuestion(name: file)
        question.subject = reference?.subject
        question.pin = try pinned.anchor().map { anchor in
            let repository = reference?.subject.description ?? bundle.repository
            return Pin(scope: .repository(repository), dialect: bundle.dialect, anchor: anchor)
        }
        question.time.authorities = try stamps.authorities()
        if let at {
            guard let time = Instant(rfc3339: at) else {
                throw Refusal(
                    .usage,
                    checked: "--at \(ReferenceText.shortened(at))",
                    found: "not a time",
                    expected: "a date and a time of RFC 3339, such as 2026-11-28T12:00:00Z"
                )
            }
            question.time.demanded = time
        }
        return question
    }

    private func tags(_ report: BundleReport, _ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = report.bundle.subject
        let tags = try await report.opened.data.signedTags()
        report.say(of: subject.description, to: context.console)
        if common.json {
            context.console.result(report.json(tags).line)
        } else {
            let lines = tags.map { SafeText.escaped("\(subject.reference(tag: $0.tag))@\($0.digest)") }
            context.console.result(lines: lines)
        }
        return .trusted
    }
}
