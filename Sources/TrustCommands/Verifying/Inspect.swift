import ArgumentParser
import CanonicalJSON
import ContentTrust
import OCI
import TUF
import TrustCrypto

/// `trustctl inspect`
struct Inspect: TrustCommand {
    static let title = "inspect"
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show the roles, keys, thresholds and expiries of a repository's trust data.",
        discussion: """
            Without a pin it shows what the root claims, marked as unverified, with the pin line to compare; the exit status \
            then is that of no-pin.
            """
    )

    @Argument(help: ArgumentHelp("Repository, a reference to a tag in it, or oci:PATH[:TAG].", valueName: "repo|ref"))
    var reference: String

    @OptionGroup var verification: VerificationOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments) }

    private enum Answer: Sendable {
        case verified(Inspection)
        case unverified(UnverifiedTrustData, Refusal)
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let reference = try ImageReference(parsing: reference)
        guard reference.digest == nil else {
            throw Refusal(
                .usage,
                checked: "reference \(reference)",
                found: "a digest",
                expected: "REPO or REPO:TAG; trustctl verify says which tags name a digest"
            )
        }
        let store = try store.location(context.environment)
        let answer = try await context.withSession(common, network, for: [reference.subject]) {
            session async throws(Refusal) in
            let options = try verification.verifierOptions(try session.home.configuration())
            let verifier = TrustVerifier(session: session, options: options)
            do throws(Refusal) {
                let data = try await verifier.trustData(of: reference.subject, at: store)
                return Answer.verified(try await Inspection(data, of: reference))
            } catch {
                guard error.reason == .noPin, !options.offline else { throw error }
                return Answer.unverified(try await verifier.inspectUnverified(reference.subject, at: store), error)
            }
        }
        switch answer {
        case .verified(let found): return show(found, reference: reference, on: context.console)
        case .unverified(let data, let refusal):
            return show(data, refusal.completed(by: suggested), reference: reference, on: context.console)
        }
    }

    private func show(_ found: Inspection, reference: ImageReference, on console: Console) -> Reason {
        let data = found.data
        let tag = found.tag
        let roles = RoleSummary.all(data.set)
        if common.json {
            var object: JSONObject = [
                "reason": .string(Reason.trusted.code),
                "exitCode": 0,
                "verified": true,
                "repository": .string(reference.subject.description),
                "tagCount": found.tagCount.map { .integer(Int64($0)) } ?? .null,
                "roles": RoleSummary.json(roles),
                "trustData": EvidenceText.json(data.evidence),
            ]
            object["tag"] = tag?.json
            console.result(JSONValue.object(object).line)
            return .trusted
        }
        var lines = [
            "Repository:  \(SafeText.escaped(reference.subject.description))",
            "Signed name: \(SafeText.escaped(data.evidence.signedRepository ?? "none"))",
            "Store:       \(SafeText.escaped(data.evidence.store))",
            "Pin:         \(PinText.line(data.pin))",
            "Freshness:   \(EvidenceText.freshness(data.evidence))",
            "Signed tags: \(found.tagCount.map(String.init) ?? "in hash bins; to count them: trustctl list")",
        ]
        if let tag {
            lines.append("Tag:         \(SafeText.escaped(tag.tag)) \(tag.digest), \(tag.size) bytes")
            lines.append("Media type:  \(SafeText.escaped(tag.mediaType?.string ?? "not recorded"))")
        }
        console.result(lines: lines + [""] + RoleSummary.table(roles).lines)
        return .trusted
    }

    /// What a root claims: shown, and refused all the same.
    private func show(
        _ data: UnverifiedTrustData,
        _ refusal: Refusal,
        reference: ImageReference,
        on console: Console
    ) -> Reason {
        let roles = RoleSummary.all(data.root)
        if common.json {
            var object = RefusalText.json(refusal)
            object["verified"] = false
            object["repository"] = .string(reference.subject.description)
            object["roles"] = RoleSummary.json(roles)
            console.result(JSONValue.object(object).line)
        } else {
            let lines = [
                "UNVERIFIED: nothing is pinned for this repository; anybody could have written this.",
                "Repository:  \(SafeText.escaped(reference.subject.description))",
                "Signed name: \(SafeText.escaped(data.root.common.repository ?? "none"))",
                "",
            ]
            console.result(lines: lines + RoleSummary.table(roles).lines)
        }
        for line in RefusalText.lines(refusal, subject: reference.description, style: console.style) {
            console.alert(line)
        }
        return refusal.reason
    }
}

/// What there is to show of verified trust data.
private struct Inspection: Sendable {
    let data: VerifiedTrustData
    /// The tag that was asked for.
    let tag: SignedTag?
    /// How many tags are signed; nil for hash bins, of which there are too many to read for a number.
    let tagCount: Int?

    init(_ data: VerifiedTrustData, of reference: ImageReference) async throws(Refusal) {
        self.data = data
        tagCount = data.hasBins ? nil : try await data.signedTags().count
        guard let name = reference.tag else {
            tag = nil
            return
        }
        tag = try await data.signedTag(name.string)
        guard tag != nil else {
            throw Refusal(
                .unsignedTag,
                checked: "signed tags of \(reference.subject)",
                found: "\(name) is not among them",
                next: "trustctl list \(reference.subject.argument)"
            )
        }
    }
}
