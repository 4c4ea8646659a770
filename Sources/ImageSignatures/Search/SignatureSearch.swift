public import OCI
public import OCIRegistry
public import TrustCrypto

/// Looks in a registry for the signatures that other tools would see of an image.
///
/// Never throws: what could not be looked at is a finding (``ImageSignature/State/unseen(_:)``), and no absence. So is what is
/// beyond the limits of a search (``SignatureLimits/maximumSignatures``, ``SignatureLimits/maximumSearchBytes``).
public struct SignatureSearch: Sendable {
    private let client: RegistryClient
    private let given: GivenSigners
    private let tools: Set<SignatureTool>

    /// A search.
    ///
    /// - Parameters:
    ///   - client: Asks the image's repository.
    ///   - given: Under what signatures are checked.
    ///   - tools: Whose signatures are looked for.
    public init(client: RegistryClient, given: GivenSigners, tools: Set<SignatureTool> = Set(SignatureTool.allCases)) {
        self.client = client
        self.given = given
        self.tools = tools
    }

    /// The signatures of an image.
    ///
    /// - Parameters:
    ///   - image: The image: its digest, and the media type and size that notation compares.
    ///   - now: The time, in seconds since the epoch.
    /// - Returns: The findings; none when all places were looked at and nothing is there.
    public func signatures(of image: Descriptor, now: Int64) async -> [ImageSignature] {
        var budget = SearchBudget()
        var found: [ImageSignature] = []
        if tools.contains(.cosign) { found += await belowTag(image, &budget) }
        found += await referring(image, now: now, &budget)
        return found
    }

    /// The tag below which cosign keeps signatures of a digest.
    ///
    /// - Parameter digest: The digest of the image.
    /// - Returns: The tag `sha256-HEX.sig`.
    public static func cosignTag(of digest: Digest) -> TagName {
        do throws(OCIError) {
            // A tag has room for 128 bytes: of longer digests cosign's own would be none either.
            return try TagName("\(digest.algorithm.rawValue)-\(digest.hex.prefix(64)).sig")
        } catch {
            preconditionFailure("a digest that makes no tag")
        }
    }

    // MARK: Below the tag

    private func belowTag(_ image: Descriptor, _ budget: inout SearchBudget) async -> [ImageSignature] {
        let tag = Self.cosignTag(of: image.digest)
        let place = SignaturePlace.tag(tag, layer: nil)
        do throws(LookProblem) {
            guard let content = try await document(.tag(tag), &budget) else { return [] }
            try budget.takeSignature()
            guard let manifest = try? Manifest(parsing: content.bytes, as: content.descriptor.mediaType) else {
                return [ImageSignature(.cosign, nil, at: place, .invalid(.malformed("manifest")))]
            }
            return await layers(of: manifest, image, at: place, &budget) { .tag(tag, layer: $0) }
        } catch {
            return [ImageSignature(.cosign, nil, at: place, .unseen(error))]
        }
    }

    /// What makes a layer a signature of its own: the payload, and the signature in the annotations. By its descriptor, so that
    /// what stands there twice is neither fetched twice nor kept.
    private struct LayerIdentity: Hashable {
        let mediaType: MediaType
        let digest: Digest
        /// With a wrong size a blob cannot be fetched, and with the right one it can.
        let size: Int64
        let annotations: Annotations

        init(_ layer: Descriptor) {
            mediaType = layer.mediaType
            digest = layer.digest
            size = layer.size
            annotations = layer.annotations
        }
    }

    /// The signatures in a manifest with layers of simple signing.
    private func layers(
        of manifest: Manifest,
        _ image: Descriptor,
        at place: SignaturePlace,
        _ budget: inout SearchBudget,
        _ layerPlace: (Int) -> SignaturePlace
    ) async -> [ImageSignature] {
        var found: [ImageSignature] = []
        var seen: Set<LayerIdentity> = []
        for (number, layer) in manifest.layers.enumerated() where seen.insert(LayerIdentity(layer)).inserted {
            do throws(LookProblem) {
                // The first one was taken with the manifest.
                if seen.count > 1 { try budget.takeSignature() }
                guard layer.mediaType.string == SimpleSigning.mediaType else {
                    let problem = SignatureProblem.mediaType(layer.mediaType.string)
                    found.append(ImageSignature(.cosign, nil, at: layerPlace(number), .invalid(problem)))
                    continue
                }
                let payload = try await blob(layer, limit: SignatureLimits.maximumPayloadBytes, &budget)
                let signature = CosignLayer(payload: payload, annotations: layer.annotations)
                let (state, reference) = signature.state(of: image.digest, under: given)
                found.append(
                    ImageSignature(
                        .cosign,
                        .simpleSigning,
                        at: layerPlace(number),
                        state,
                        claimedReference: reference
                    )
                )
            } catch {
                // Once the budget is spent this is said of all the layers that are left.
                let place = budget.isSpent ? place : layerPlace(number)
                found.append(ImageSignature(.cosign, .simpleSigning, at: place, .unseen(error)))
                if budget.isSpent { return found }
            }
        }
        return found
    }

    // MARK: Referrers

    private func referring(
        _ image: Descriptor,
        now: Int64,
        _ budget: inout SearchBudget
    ) async -> [ImageSignature] {
        let place = SignaturePlace.referrers(of: image.digest)
        let referrers: Referrers
        do throws(RegistryError) {
            referrers = try await client.referrers(of: image.digest)
        } catch {
            return SignatureTool.allCases.filter(tools.contains).map {
                ImageSignature($0, nil, at: place, .unseen(.registry(error)))
            }
        }
        var found: [ImageSignature] = []
        var unread: Set<SignatureTool> = []
        var seen: Set<Digest> = []
        for descriptor in referrers.descriptors where seen.insert(descriptor.digest).inserted {
            guard let tool = Self.tool(descriptor), tools.contains(tool) else { continue }
            do throws(LookProblem) {
                try budget.takeSignature()
            } catch {
                // Said once of each tool, of whom nothing more is read.
                if unread.insert(tool).inserted {
                    found.append(ImageSignature(tool, nil, at: place, .unseen(error)))
                }
                continue
            }
            found += await signatures(in: descriptor, of: image, tool, now: now, &budget)
        }
        return found
    }

    /// The kinds of manifest that are signatures.
    private enum ReferrerKind: String {
        case simpleSigning = "application/vnd.dev.cosign.artifact.sig.v1+json"
        case bundle = "application/vnd.dev.sigstore.bundle.v0.3+json"
        case notation = "application/vnd.cncf.notary.signature"

        var tool: SignatureTool { self == .notation ? .notation : .cosign }
    }

    /// The tool that would fetch what the list describes so; nil for none. What attests something else of the image is no
    /// signature, and the annotation is what tools go by.
    private static func tool(_ descriptor: Descriptor) -> SignatureTool? {
        guard let kind = descriptor.artifactType.flatMap({ ReferrerKind(rawValue: $0.string) }) else { return nil }
        if kind == .bundle, let predicate = descriptor.annotations[SigstoreBundle.predicateAnnotation],
            !predicate.utf8.elementsEqual(Statement.signaturePredicate.utf8)
        {
            return nil
        }
        return kind.tool
    }

    private func signatures(
        in descriptor: Descriptor,
        of image: Descriptor,
        _ tool: SignatureTool,
        now: Int64,
        _ budget: inout SearchBudget
    ) async -> [ImageSignature] {
        let place = SignaturePlace.referrer(descriptor.digest, layer: nil)
        func one(_ format: SignatureFormat?, _ state: ImageSignature.State) -> [ImageSignature] {
            [ImageSignature(tool, format, at: place, state)]
        }
        do throws(LookProblem) {
            let manifest = try await self.manifest(descriptor, &budget)
            guard let manifest, let subject = manifest.subject else {
                return one(nil, .invalid(.malformed("manifest")))
            }
            guard subject.digest == image.digest else { return one(nil, .invalid(.otherSubject(subject.digest))) }
            let type = manifest.artifactType ?? manifest.config.mediaType
            guard let kind = ReferrerKind(rawValue: type.string), kind.tool == tool else {
                return one(nil, .invalid(.mediaType(type.string)))
            }
            if kind == .simpleSigning {
                return await layers(of: manifest, image, at: place, &budget) {
                    .referrer(descriptor.digest, layer: $0)
                }
            }
            guard manifest.layers.count == 1, let layer = manifest.layers.first else {
                return one(nil, .invalid(.layerCount(manifest.layers.count)))
            }
            if kind == .bundle { return try await bundle(layer, of: manifest, image, &budget) { one(.bundle, $0) } }
            guard let format = NotationEnvelope.format(of: layer.mediaType) else {
                return one(nil, .invalid(.mediaType(layer.mediaType.string)))
            }
            let bytes = try await blob(layer, limit: SignatureLimits.maximumBytes, &budget)
            do throws(SignatureProblem) {
                let envelope = try NotationEnvelope(parsing: bytes, as: format)
                return one(format, envelope.state(of: image, under: given, now: now))
            } catch {
                return one(format, .invalid(error))
            }
        } catch {
            return one(nil, .unseen(error))
        }
    }

    private func bundle(
        _ layer: Descriptor,
        of manifest: Manifest,
        _ image: Descriptor,
        _ budget: inout SearchBudget,
        _ one: (ImageSignature.State) -> [ImageSignature]
    ) async throws(LookProblem) -> [ImageSignature] {
        // A list that was kept by hand need not repeat the annotation.
        let predicate = manifest.annotations[SigstoreBundle.predicateAnnotation]
        guard predicate.map({ $0.utf8.elementsEqual(Statement.signaturePredicate.utf8) }) ?? true else { return [] }
        guard layer.mediaType.string == SigstoreBundle.mediaType else {
            return one(.invalid(.mediaType(layer.mediaType.string)))
        }
        let state: ImageSignature.State
        let bytes = try await blob(layer, limit: SignatureLimits.maximumBytes, &budget)
        do throws(SignatureProblem) {
            state = try SigstoreBundle(parsing: bytes).state(of: image.digest, under: given)
        } catch {
            state = .invalid(error)
        }
        // Without the annotation nothing says that this is to be a signature, so what attests something else is none.
        if case .invalid(.payloadType) = state, predicate == nil { return [] }
        return one(state)
    }

    // MARK: Content

    /// A document; nil for none. How long it is is known when it is there, so that the budget may be exceeded by one of them.
    private func document(
        _ name: ManifestName,
        _ budget: inout SearchBudget
    ) async throws(LookProblem) -> VerifiedContent? {
        let content: VerifiedContent?
        do throws(RegistryError) {
            content = try await client.manifest(name)
        } catch {
            throw .registry(error)
        }
        if let content { try budget.take(bytes: Int64(content.bytes.count)) }
        return content
    }

    /// A manifest by its digest; nil for what is none.
    private func manifest(
        _ descriptor: Descriptor,
        _ budget: inout SearchBudget
    ) async throws(LookProblem) -> Manifest? {
        guard let content = try await document(.digest(descriptor.digest), &budget) else {
            throw .missing(descriptor.digest)
        }
        return try? Manifest(parsing: content.bytes, as: content.descriptor.mediaType)
    }

    private func blob(
        _ layer: Descriptor,
        limit: Int,
        _ budget: inout SearchBudget
    ) async throws(LookProblem) -> [UInt8] {
        // What is too long by itself is never fetched.
        if layer.size <= Int64(limit) { try budget.take(bytes: layer.size) }
        let content: VerifiedContent?
        do throws(RegistryError) {
            content = try await client.blob(layer, limit: limit)
        } catch {
            throw .registry(error)
        }
        guard let content else { throw .missing(layer.digest) }
        return content.bytes
    }
}
