import ArgumentParser
import ContentTrust
import OCI
import TUF
import TrustCrypto

/// `trustctl sign image`
struct SignImage: TrustCommand {
    static let title = "sign image"
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Sign tags: say which digest each of them means.",
        discussion: """
            The registry must serve the digest for the tag. Give the digest that the build wrote, with --digest-file \
            (docker buildx --metadata-file, skopeo and buildah --digestfile) or --digest: without it the registry is asked, \
            and whatever it answers is signed. All references that are named beside a digest get that one: 1.4, 1 and \
            latest of one build. Publishes once for each repository. Works for images, indexes and any other OCI \
            artifact. Prints REPO:TAG@DIGEST for each tag.
            """
    )

    @Argument(help: ArgumentHelp("References to tags, or oci:PATH:TAG.", valueName: "ref"))
    var references: [String] = []

    @Option(help: ArgumentHelp("The digest that the tags must have.", valueName: "digest"))
    var digest: String?

    @Option(
        help: ArgumentHelp("File in which the build wrote the digest; - for standard input.", valueName: "file"),
        completion: .file()
    )
    var digestFile: String?

    @Option(
        help: ArgumentHelp("List of lines REF or REF DIGEST; - for standard input.", valueName: "list"),
        completion: .file()
    )
    var fromFile: String?

    @Option(
        help: ArgumentHelp(
            "Sign as a signer of the repository, with its key instead of the targets key.",
            valueName: "name"
        )
    )
    var signer: String?

    @Flag(name: .customLong("init"), help: "Make keys and trust data for a repository that has none.")
    var initializes = false

    @OptionGroup(title: "Lifetimes") var lifetimes: LifetimeOptions
    @OptionGroup var keys: KeyOptions
    @OptionGroup var stores: StoreChoices
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, keys: keys.stores) }

    mutating func validate() throws {
        guard !references.isEmpty || fromFile != nil else { throw ValidationError("Nothing to sign was named.") }
        guard digest == nil || digestFile == nil else {
            throw ValidationError("--digest and --digest-file exclude each other.")
        }
        guard digest == nil && digestFile == nil || fromFile == nil else {
            throw ValidationError("--digest and --digest-file exclude --from-file; its lines have their own.")
        }
        guard signer == nil || !initializes else { throw ValidationError("--init and --signer exclude each other.") }
        let inputs = [digestFile == "-", fromFile == "-", network.passwordStdin].count { $0 }
        guard inputs <= 1 else { throw ValidationError("Only one thing can be read from standard input.") }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let list = try signingList()
        let choices = try stores.choices(context.environment)
        if list.asksForDigests {
            context.console.note(
                "the registry is asked for digests; to sign what the build made, give --digest-file or --digest"
            )
        }
        let groups = list.groups
        return try await context.withPublisher(
            common,
            network,
            keys,
            lifetimes: lifetimes.choices(),
            isNotary: choices.allSatisfy { $0.location?.dialect == .notary },
            for: groups.map(\.subject)
        ) { publisher, session async throws(Refusal) in
            let images = try await resolve(groups, session: session, console: context.console)
            var outcomes = PublishOutcomes(
                title: Self.title,
                json: common.json,
                console: context.console,
                suggested: suggested
            )
            for (group, images) in zip(groups, images) {
                for choice in choices {
                    do throws(Refusal) {
                        let report: SignerReport
                        if let signer {
                            let role = try SignerName.parse(signer, at: choice.location)
                            report = try await publisher.sign(images, as: role, of: group.subject, at: choice.location)
                        } else {
                            report = .published(
                                try await publish(images, group.subject, choice, publisher, context.console)
                            )
                        }
                        outcomes.add(
                            report,
                            subject: group.subject,
                            storeArguments: choice.arguments,
                            images: images,
                            results: { _ in
                                images.map {
                                    let signed = "\(group.subject.reference(tag: $0.tag))@\($0.descriptor.digest)"
                                    return choice.result(signed, besides: choices)
                                }
                            }
                        )
                    } catch {
                        guard !Task.isCancelled else { throw error }
                        outcomes.add(error, subject: group.subject, in: choice)
                    }
                }
            }
            return outcomes.reason
        }
    }

    private func signingList() throws(Refusal) -> SigningList {
        var list = SigningList()
        let digest = try writtenDigest()
        for text in references {
            let reference = try ImageReference(parsing: text)
            try list.add(reference, digest: digest, checked: "reference \(reference)")
        }
        if let fromFile {
            let bytes = try InputFile.read(fromFile, limit: SigningList.maximumLength, option: "--from-file")
            try list.add(file: bytes, name: "--from-file \(fromFile)")
        }
        guard list.count > 0 else {
            throw Refusal(.usage, checked: "--from-file \(fromFile ?? "")", found: "no references")
        }
        return list
    }

    private func writtenDigest() throws(Refusal) -> Digest? {
        if let digest { return try DigestFile.digest(digest, checked: "--digest") }
        guard let digestFile else { return nil }
        let bytes = try InputFile.read(digestFile, limit: DigestFile.maximumLength, option: "--digest-file")
        return try DigestFile.digest(parsing: bytes, checked: "--digest-file \(digestFile)")
    }

    /// All images of all repositories are found before anything is published.
    private func resolve(
        _ groups: [SigningList.Group],
        session: TrustSession,
        console: Console
    ) async throws(Refusal) -> [[ImageToSign]] {
        let total = groups.reduce(0) { $0 + $1.entries.count }
        let progress = ProgressBar(console, label: "reading", total: total)
        defer { progress.end() }
        let resolver = ImageResolver(session: session)
        var images: [[ImageToSign]] = []
        var before = 0
        for group in groups {
            let done = before
            let tags = group.entries.map { (tag: $0.tag, digest: $0.digest) }
            images.append(
                try await resolver.resolve(tags, of: group.subject) { progress.update(done + $0) }
            )
            before += group.entries.count
        }
        return images
    }

    private func publish(
        _ images: [ImageToSign],
        _ subject: Subject,
        _ choice: StoreChoices.Choice,
        _ publisher: Publisher,
        _ console: Console
    ) async throws(Refusal) -> PublishReport {
        do throws(Refusal) {
            return try await publisher.sign(images, of: subject, at: choice.location)
        } catch {
            guard initializes else { throw error }
            switch error.reason {
            case .unsignedRepository: break
            // It is pinned: by an `init` of a collection that was interrupted, where nothing was ever seen of it.
            case .trustDataMissing where choice.location?.dialect == .notary:
                guard try !publisher.hasSeen(subject, dialect: .notary) else { throw error }
            default: throw error
            }
        }
        let report = try await publisher.initialize(subject, at: choice.location)
        let text = InitializeText(subject: subject, report: report, storeArguments: choice.arguments)
        for line in text.lines { console.note(line) }
        console.note(SafeText.escaped(report.pin.command))
        return try await publisher.sign(images, of: subject, at: choice.location)
    }
}
