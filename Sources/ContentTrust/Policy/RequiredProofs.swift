public import ImageSignatures
import OCI
import OCIRegistry
import TUF
import TrustCrypto

extension TrustPolicy {
    /// A signature of another tool that an image must have beside the trust data, never in its place.
    public struct RequiredProof: Sendable, Hashable {
        /// The tool.
        public let tool: SignatureTool
        /// Under what its signature must be valid; one is enough.
        public let given: GivenSigners
        /// The files that these were read from, for messages.
        public let files: [String]
    }
}

extension TrustSession {
    /// Refuses a trusted image that lacks a proof: of the digest that is about to be pulled, or of the signed index around it.
    ///
    /// - Parameters:
    ///   - proofs: The proofs, every one of which must be met.
    ///   - image: The image.
    ///   - subject: Where it is pulled from.
    ///   - offline: Whether nobody may be asked.
    ///   - now: The time.
    /// - Throws: ``Refusal`` with ``Reason/policy`` when a proof was looked for and is missing; with the reason of the failure,
    ///   mostly ``Reason/unreachable``, when it could not be looked for.
    func require(
        _ proofs: [TrustPolicy.RequiredProof],
        of image: TrustedImage,
        in subject: Subject,
        offline: Bool,
        now: Instant
    ) async throws(Refusal) {
        guard !proofs.isEmpty else { return }
        let checked = "signatures of other tools of \(image.reference)"
        guard case .registry(let repository) = subject else {
            throw Refusal(
                .policy,
                checked: checked,
                found: "a layout, in which none are looked for",
                expected: "a registry"
            )
        }
        guard !offline else {
            throw Refusal(.unreachable, checked: checked, found: "off line, they cannot be looked for")
        }
        let client: RegistryClient
        do { client = try self.client(for: repository) } catch { throw Refusal.registry(error, checked: checked) }
        var candidates: [Descriptor] = []
        // What is signed says more of the image than the registry; of an index around it, and where trust data has no media
        // types, only the digest is signed.
        if let type = MediaType(image.mediaType), type != .octetStream {
            candidates.append(Descriptor(mediaType: type, digest: image.digest, size: image.size))
        }
        let others = (candidates.isEmpty ? [image.digest] : []) + (image.coveringIndex.map { [$0] } ?? [])
        for digest in others {
            let found: Descriptor?
            do { found = try await client.headManifest(.digest(digest)) } catch {
                throw Refusal.registry(error, checked: checked)
            }
            // An index need not be there for its child to be.
            if let found { candidates.append(found) }
        }
        for proof in proofs { try await require(proof, of: candidates, client, checked: checked, now: now) }
    }

    private func require(
        _ proof: TrustPolicy.RequiredProof,
        of candidates: [Descriptor],
        _ client: RegistryClient,
        checked: String,
        now: Instant
    ) async throws(Refusal) {
        let search = SignatureSearch(client: client, given: proof.given, tools: [proof.tool])
        var found: [ImageSignature] = []
        for candidate in candidates {
            let signatures = await search.signatures(of: candidate, now: now.secondsSinceEpoch)
            if signatures.contains(where: \.isValid) { return }
            found += signatures
        }
        var problems: [String] = []
        for signature in found {
            switch signature.state {
            case .unseen(let problem): throw Refusal.look(problem, checked: checked)
            case .invalid(let problem): problems.append(SignatureWords.problem(problem))
            case .unchecked(let why): problems.append(SignatureWords.unchecked(why, proof.tool))
            case .valid: break
            }
        }
        throw Refusal(
            .policy,
            checked: checked,
            found: problems.isEmpty
                ? "none of \(proof.tool.rawValue)" : "none of \(proof.tool.rawValue) that counts: \(problems[0])",
            expected: "one under \(proof.files.joined(separator: ", "))"
        )
    }
}
