import OCI
import OCIRegistry
import TUF
import TrustCrypto

/// Whether the registry still serves what was signed.
extension Examination {
    /// What a tag leads to.
    private enum Served: Sendable {
        case asSigned
        case another(Digest, signedIsThere: Bool)
        case nothing(signedIsThere: Bool)
    }

    /// How many tags are asked for at once.
    private static let width = 8

    mutating func checkTags(_ roles: DelegatedRoles, isComplete: Bool, _ pin: Pin) async {
        var signed: [SignedTag] = []
        do {
            let allowsUnnamed = pin.allowsUnnamed
            if isComplete {
                try roles.forEach { (path, found) throws(TUFError) in
                    signed.append(try SignedTag(path, found, .tuf1, allowsUnnamed: allowsUnnamed))
                }
            } else {
                // What delegated roles say of a tag is not known: those that the targets list themselves are.
                try roles.set.targets.payload.forEach { (path, _) throws(TUFError) in
                    var walk = try DelegationWalk(for: path, in: roles.set)
                    guard case .found(let found) = try walk.next() else { return }
                    signed.append(try SignedTag(path, found, .tuf1, allowsUnnamed: allowsUnnamed))
                }
            }
        } catch {
            note(Refusal.metadata(error, checked: "signed tags of \(subject)", pin: pin, subject: subject))
            return
        }
        signed.sort { $0.tag.utf8.lexicographicallyPrecedes($1.tag.utf8) }
        let compared = Array(signed.prefix(TrustDoctor.maximumTags))
        do throws(Refusal) {
            let (session, subject, progress) = (session, subject, progress)
            let served = try await Concurrently.map(
                compared,
                width: Self.width,
                progress: { progress(.tags, $0, compared.count) },
                { (tag) async throws(Refusal) in try await Self.served(tag, subject, session) }
            )
            tags = Diagnosis.Extent(checked: compared.count, all: signed.count)
            for (tag, served) in zip(compared, served) { note(served, tag) }
        } catch {
            tags = Diagnosis.Extent(checked: 0, all: signed.count)
            note(error)
        }
        guard signed.count > compared.count else { return }
        findings.append(
            Finding(
                .tagsUnchecked,
                .note,
                checked: "signed tags of \(subject)",
                found: "the first \(compared.count) of \(signed.count) were compared with what the registry serves"
            )
        )
    }

    private static func served(
        _ tag: SignedTag,
        _ subject: Subject,
        _ session: TrustSession
    ) async throws(Refusal) -> Served {
        let checked = "the tag \(subject.reference(tag: tag.tag))"
        do {
            switch subject {
            case .registry(let repository):
                let client = try session.client(for: repository)
                let head = try await client.headManifest(.tag(TagName(tag.tag)))
                if let head, head.digest == tag.digest { return .asSigned }
                let isThere = try await client.headManifest(.digest(tag.digest)) != nil
                return head.map { .another($0.digest, signedIsThere: isThere) } ?? .nothing(signedIsThere: isThere)
            case .layout(let path):
                return try local(tag, path)
            }
        } catch let error as RegistryError {
            throw Refusal.registry(error, checked: checked)
        } catch let error as OCIError {
            throw Refusal.image(error, checked: checked)
        } catch {
            throw Refusal(.internalDefect, checked: checked, found: "\(error)", cause: error)
        }
    }

    private static func local(_ tag: SignedTag, _ path: String) throws(OCIError) -> Served {
        let layout = try ImageLayout(opening: path)
        let found: Digest
        do {
            found = try layout.image(named: ImageName(tag.tag)).digest
        } catch .imageNotFound {
            return .nothing(signedIsThere: true)
        }
        return found == tag.digest ? .asSigned : .another(found, signedIsThere: true)
    }

    private mutating func note(_ served: Served, _ tag: SignedTag) {
        let expected = "\(tag.digest), which is signed"
        func gone(_ isThere: Bool) -> String { isThere ? "" : "; nor does it have the signed digest any more" }
        let checked = "what is served for \(subject.reference(tag: tag.tag))"
        switch served {
        case .asSigned: return
        case .another(let digest, let isThere):
            findings.append(
                Finding(
                    .tagMoved,
                    .warning,
                    reason: .tagMoved,
                    checked: checked,
                    found: "\(digest)\(isThere ? "" : "; the signed digest is gone")",
                    expected: expected,
                    tag: tag.tag,
                    remedy: Remedy(commands.sign(tag.tag, digest), advice: "if the new image is meant")
                )
            )
        case .nothing(let isThere):
            findings.append(
                Finding(
                    .tagMissing,
                    .warning,
                    reason: .tagMissing,
                    checked: checked,
                    found: "there is no such tag\(gone(isThere))",
                    expected: expected,
                    tag: tag.tag,
                    remedy: Remedy(commands.revoke(tag.tag), advice: "push the image again, or if it is gone for good")
                )
            )
        }
    }
}
