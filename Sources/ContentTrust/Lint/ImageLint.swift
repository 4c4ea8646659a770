public import ImageSignatures
public import OCI
import OCIRegistry
import TUF
import TUFClient
public import TrustCrypto

/// Looks at an image as the tools that know signatures do, so that one that is signed for one of them and invisible to another is
/// noticed.
public struct ImageLint: Sendable {
    private let session: TrustSession
    private let given: GivenSigners
    private let location: StoreLocation?
    private let notary: StoreLocation?

    /// How many children of an index are looked at.
    private static let maximumChildren = 64
    private static let width = 4

    /// A look.
    ///
    /// - Parameters:
    ///   - session: Home, clock and ways to registries.
    ///   - given: Keys and certificates of other tools.
    ///   - location: Where the trust data lies, if not beside the images.
    ///   - notary: The Notary server to ask; nil asks none.
    public init(session: TrustSession, given: GivenSigners, location: StoreLocation?, notary: StoreLocation?) {
        self.session = session
        self.given = given
        self.location = location
        self.notary = notary
    }

    /// Looks at an image.
    ///
    /// - Parameters:
    ///   - repository: Its repository.
    ///   - tag: The tag; nil when a digest alone is asked about.
    ///   - digest: The digest; nil takes what the registry serves for the tag.
    /// - Returns: What was found; what could not be looked at is a finding.
    /// - Throws: ``Refusal`` when the image itself is not to be had: ``Reason/tagMissing``, or the registry's failure.
    public func look(
        at repository: RepositoryName,
        tag: TagName?,
        digest: Digest?
    ) async throws(Refusal) -> LintReport {
        let now = session.clock.now()
        let client: RegistryClient
        let content = try await image(repository, tag: tag, digest: digest)
        do { client = try session.client(for: repository) } catch {
            throw Refusal.registry(error, checked: "the registry of \(repository)")
        }
        let image = content.descriptor
        let search = SignatureSearch(client: client, given: given)

        let (own, signed) = await trustData(.trustctl, at: location, repository, tag: tag, image)
        var findings = [own]
        if let notary {
            findings.append(await trustData(.notary, at: notary, repository, tag: tag, image).finding)
        } else {
            findings.append(
                LintFinding(.notary, .notAsked, of: image.digest, at: "Notary server", why: "--store notary asks it")
            )
        }
        findings += Self.findings(await search.signatures(of: image, now: now.secondsSinceEpoch), of: image.digest)
        var notes: [LintNote] = []
        if let signed, signed != image.digest {
            let others = await elsewhere(signed, client, search, now: now.secondsSinceEpoch)
            notes += Self.moved(findings, others, served: image.digest, signed: signed)
            findings += others.filter { $0.state != .unsigned }
        }
        let children = try await children(of: content, findings, search, now: now.secondsSinceEpoch)
        return LintReport(
            image: image,
            findings: findings + children.findings,
            notes: notes + children.notes,
            refusal: Self.answer(findings + children.findings, image.digest, own: own, repository: repository, tag: tag)
        )
    }

    private func image(
        _ repository: RepositoryName,
        tag: TagName?,
        digest: Digest?
    ) async throws(Refusal) -> VerifiedContent {
        let name = digest.map(ManifestName.digest) ?? .tag(tag ?? .latest)
        let checked = "the image \(repository)\(digest == nil ? ":" : "@")\(name)"
        let content: VerifiedContent?
        do { content = try await session.client(for: repository).manifest(name) } catch {
            throw Refusal.registry(error, checked: checked)
        }
        guard let content else {
            throw Refusal(.tagMissing, checked: checked, found: "the registry has none", expected: "an image")
        }
        return content
    }

    // MARK: Trust data

    private func trustData(
        _ tool: LintFinding.Tool,
        at location: StoreLocation?,
        _ repository: RepositoryName,
        tag: TagName?,
        _ image: Descriptor
    ) async -> (finding: LintFinding, signed: Digest?) {
        let subject = Subject.registry(repository)
        let verifier = TrustVerifier(session: session)
        var place = tool == .notary ? "Notary server" : "trust data"
        var signed: Digest?
        do throws(Refusal) {
            let data = try await verifier.trustData(of: subject, at: location)
            place = data.evidence.store
            let found: SignedTag?
            if let tag {
                found = try await data.signedTag(tag.string)
            } else {
                found = try await data.tags(naming: image.digest).first
            }
            guard let found else {
                throw Refusal(
                    .unsignedTag,
                    checked: "signed tags of \(repository)",
                    found: tag.map { "\($0) is not among them" } ?? "none of them is \(image.digest)",
                    next: "trustctl list \(subject.argument)"
                )
            }
            signed = found.digest
            guard found.digest == image.digest else {
                throw Refusal(
                    .tagMoved,
                    checked: subject.reference(tag: found.tag),
                    found: "the registry serves \(image.digest)",
                    expected: "\(found.digest), as it is signed"
                )
            }
            let keys = data.evidence.signers[found.role]?.map(\.string).sorted() ?? []
            let signer = keys.isEmpty ? found.role.string : "\(found.role) (\(keys.joined(separator: ", ")))"
            return (LintFinding(tool, .valid, of: image.digest, at: place, signer: signer), signed)
        } catch {
            let finding = LintFinding(
                tool,
                Self.state(of: error.reason),
                of: signed ?? image.digest,
                at: place,
                why: error.found,
                refusal: error
            )
            return (finding, signed)
        }
    }

    private static func state(of reason: Reason) -> LintFinding.State {
        switch reason {
        case .unsignedRepository, .unsignedTag: .unsigned
        case .noPin: .unchecked
        case .unreachable, .unauthorized, .badResponse, .storage, .internalDefect, .usage: .unseen
        default: .invalid
        }
    }

    // MARK: Other tools

    /// Findings for each of the other tools, at least one.
    private static func findings(_ signatures: [ImageSignature], of digest: Digest) -> [LintFinding] {
        SignatureTool.allCases.flatMap { tool in
            let own = signatures.filter { $0.tool == tool }
            guard own.isEmpty else { return own.map { finding($0, of: digest) } }
            let place = tool == .cosign ? "tag and referrers of \(digest)" : "referrers of \(digest)"
            return [LintFinding(LintFinding.Tool(tool), .unsigned, of: digest, at: place)]
        }
    }

    private static func finding(_ signature: ImageSignature, of digest: Digest) -> LintFinding {
        let tool = LintFinding.Tool(signature.tool)
        let place = SignatureWords.place(signature.place)
        let claimed = signature.claimedReference
        switch signature.state {
        case .valid(let signer):
            let signer = SignatureWords.signer(signer)
            return LintFinding(tool, .valid, of: digest, at: place, signer: signer, claimedReference: claimed)
        case .unchecked(let why):
            let why = SignatureWords.unchecked(why, signature.tool)
            return LintFinding(tool, .unchecked, of: digest, at: place, claimedReference: claimed, why: why)
        case .invalid(let problem):
            return LintFinding(
                tool,
                .invalid,
                of: digest,
                at: place,
                claimedReference: claimed,
                why: SignatureWords.problem(problem),
                isForeign: problem == .noGivenKey || problem == .certificate(.untrusted)
            )
        case .unseen(let problem):
            let refusal = Refusal.look(problem, checked: "signatures of \(tool.rawValue) at \(place)")
            return LintFinding(tool, .unseen, of: digest, at: place, why: refusal.found, refusal: refusal)
        }
    }

    // MARK: Another digest

    /// What other tools see of the digest that the trust data has, where the registry serves another.
    private func elsewhere(
        _ digest: Digest,
        _ client: RegistryClient,
        _ search: SignatureSearch,
        now: Int64
    ) async -> [LintFinding] {
        let image: Descriptor?
        do { image = try await client.headManifest(.digest(digest)) } catch {
            let refusal = Refusal.registry(error, checked: "the signed image \(digest)")
            return [
                LintFinding(.cosign, .unseen, of: digest, at: "the signed image", why: refusal.found, refusal: refusal)
            ]
        }
        // What is gone has no size that a signature could be compared with; nobody can pull it either.
        guard let image else { return [] }
        return Self.findings(await search.signatures(of: image, now: now), of: digest)
    }

    private static func moved(
        _ served: [LintFinding],
        _ others: [LintFinding],
        served digest: Digest,
        signed: Digest
    ) -> [LintNote] {
        var notes = [
            LintNote(
                code: .tagMoved,
                tool: nil,
                digests: [signed, digest],
                text: "the trust data has \(signed) for the tag, and the registry serves \(digest)"
            )
        ]
        for tool in [LintFinding.Tool.cosign, .notation] {
            let now = served.contains { $0.tool == tool && $0.isSeen }
            let before = others.contains { $0.tool == tool && $0.isSeen }
            guard now || before else { continue }
            let which = now && before ? "both digests" : now ? "the served digest alone" : "the signed digest alone"
            notes.append(
                LintNote(
                    code: .otherDigestSigned,
                    tool: tool,
                    digests: (now ? [digest] : []) + (before ? [signed] : []),
                    text: "\(tool.rawValue) has signatures of \(which)"
                )
            )
        }
        return notes
    }

    // MARK: Children

    /// What tools that see the index as signed see of its children.
    private func children(
        of content: VerifiedContent,
        _ findings: [LintFinding],
        _ search: SignatureSearch,
        now: Int64
    ) async throws(Refusal) -> (findings: [LintFinding], notes: [LintNote]) {
        let digest = content.descriptor.digest
        let tools = [LintFinding.Tool.cosign, .notation].filter { tool in
            findings.contains { $0.tool == tool && $0.digest == digest && $0.isSeen }
        }
        guard !tools.isEmpty, content.descriptor.mediaType.isIndex else { return ([], []) }
        let index: Index
        do { index = try Index(parsing: content.bytes, as: content.descriptor.mediaType) } catch {
            throw Refusal.image(error, checked: "the index \(digest)")
        }
        // What builders attest beside the images is pulled by no platform.
        let images = index.manifests.filter { $0.platform?.os != "unknown" }
        guard images.count <= Self.maximumChildren else {
            let refusal = Refusal(
                .badResponse,
                checked: "the children of \(digest)",
                found: "\(images.count) images",
                expected: "at most \(Self.maximumChildren)"
            )
            let unseen = tools.map { tool in
                LintFinding(tool, .unseen, of: digest, at: "children", why: refusal.found, refusal: refusal)
            }
            return (unseen, [])
        }
        let seen = await Concurrently.map(images, width: Self.width) { child in
            Self.findings(await search.signatures(of: child, now: now), of: child.digest)
        }
        var kept: [LintFinding] = []
        var notes: [LintNote] = []
        for tool in tools {
            let own = seen.map { $0.filter { $0.tool == tool } }
            kept += own.joined().filter { $0.state == .unseen || $0.state == .invalid }
            let unsigned = zip(images, own).filter { _, found in found.allSatisfy { $0.state == .unsigned } }
            guard !unsigned.isEmpty else { continue }
            let names = unsigned.map { image, _ in image.platform.map { "\($0)" } ?? "\(image.digest)" }
            notes.append(
                LintNote(
                    code: .childrenUnsigned,
                    tool: tool,
                    digests: unsigned.map(\.0.digest),
                    text:
                        "\(tool.rawValue) sees the index as signed, and \(unsigned.count) of its \(images.count) images not: "
                        + names.joined(separator: ", ")
                )
            )
        }
        return (kept, notes)
    }

    // MARK: The answer

    private static func answer(
        _ findings: [LintFinding],
        _ digest: Digest,
        own: LintFinding,
        repository: RepositoryName,
        tag: TagName?
    ) -> Refusal? {
        let checked = "who signed \(repository)\(tag.map { ":\($0)" } ?? "@\(digest)")"
        if let unseen = findings.first(where: { $0.state == .unseen }) {
            // No refusal would be the answer that all is well. What does not come as it was announced was not seen.
            return unseen.refusal.map { $0.reason == .badSignature ? $0.with(.badResponse) : $0 }
                ?? Refusal(
                    .unreachable,
                    checked: checked,
                    found: "\(unseen.tool.rawValue), \(unseen.place): \(unseen.why ?? "could not be looked at")"
                )
        }
        let valid = findings.filter { $0.state == .valid && $0.digest == digest }
        let invalid = findings.first { finding in
            guard finding.state == .invalid else { return false }
            return !finding.isForeign || !valid.contains { $0.tool == finding.tool }
        }
        if let invalid {
            return invalid.refusal
                ?? Refusal(
                    .badSignature,
                    checked: checked,
                    found: "\(invalid.tool.rawValue), \(invalid.place): \(invalid.why ?? "invalid")",
                    expected: "a signature of \(invalid.digest) under the given keys and certificates"
                )
        }
        guard valid.isEmpty else { return nil }
        if let unchecked = findings.first(where: { $0.state == .unchecked && $0.digest == digest }) {
            return Refusal(
                .noPin,
                checked: checked,
                found: "signatures that nothing is known to check with, such as that of \(unchecked.tool.rawValue)",
                expected: "a pin, a public key or a certificate",
                next: unchecked.refusal?.next ?? "the same command with --key FILE or --cert FILE"
            )
        }
        let isRepository = own.refusal?.reason == .unsignedRepository
        return Refusal(
            isRepository ? .unsignedRepository : .unsignedTag,
            checked: checked,
            found: "no tool that was asked sees a signature of \(digest)"
        )
    }
}

extension LintFinding {
    /// Whether the tool sees something that it may take for a signature.
    fileprivate var isSeen: Bool { state == .valid || state == .unchecked }
}

extension LintFinding.Tool {
    fileprivate init(_ tool: SignatureTool) {
        switch tool {
        case .cosign: self = .cosign
        case .notation: self = .notation
        }
    }
}
