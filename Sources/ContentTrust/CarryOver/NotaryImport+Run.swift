import OCI
import TUF
import TrustCrypto

/// Publishing what was planned.
extension NotaryImport {
    /// Publishes what the plan says: the trust data with the tags of the targets in one step, then the signers whose keys are at
    /// hand, then the tags of each. A run that was interrupted is simply run again.
    ///
    /// - Returns: What was carried over.
    /// - Throws: ``Refusal``, as ``plan()``; ``Reason/keyUnavailable`` when too few root keys are at hand.
    public func run() async throws(Refusal) -> NotaryImportReport {
        let prepared = try await prepare()
        let plan = prepared.plan
        var initialized: InitializeReport?
        var published: PublishReport
        if plan.isBegun {
            let images = plan.images(of: nil)
            published =
                images.isEmpty
                ? try await publisher.refresh(subject, at: target)
                : try await publisher.sign(images, of: subject, at: target)
        } else {
            var tags = TagTable()
            for image in plan.images(of: nil) {
                let record = SignedTag.record(for: image.descriptor)
                tags.set(record, for: try publisher.path(image.tag, subject), version: 1)
            }
            let report = try await publisher.begin(
                subject,
                at: target,
                rootKeys: plan.rootKeys,
                threshold: plan.rootThreshold,
                targetsKeys: prepared.targetsKeys,
                tags: tags,
                handOver: prepared.handOver
            )
            initialized = report
            published = report.published
        }
        if plan.prunes, !plan.unlisted.isEmpty { published = try await prune(plan) }
        var carried: [String] = []
        let present = Set(try await publisher.signerOverview(of: subject, at: target).signers.map(\.role.name.string))
        for signer in plan.signers where signer.isCarried && !present.contains(signer.name) {
            guard let name = try? RoleName(signer.name) else { continue }
            published = try await publisher.putSigner(
                try NewSigner(
                    name: name,
                    keys: signer.keys,
                    threshold: signer.threshold,
                    scope: .paths(signer.prefixes.map { PathPattern("\($0)*") })
                ),
                of: subject,
                at: target
            )
            carried.append(signer.name)
        }
        for signer in plan.signers {
            let images = plan.images(of: signer.name)
            guard !images.isEmpty, let name = try? RoleName(signer.name) else { continue }
            switch try await publisher.sign(images, as: name, of: subject, at: target) {
            case .published(let report): published = report
            case .waiting:
                throw Refusal(
                    .keyUnavailable,
                    checked: "the tags of the signer \(name)",
                    found: "signed, and waiting for the keys of the snapshot and the timestamp",
                    next: "trustctl signer list \(subject.argument)"
                )
            }
        }
        return NotaryImportReport(plan: plan, initialized: initialized, published: published, signers: carried)
    }

    /// Takes out what the collection does not list: of the signers' roles first, for what one of them has to say comes to count
    /// when it is taken out of another.
    private func prune(_ plan: NotaryImportPlan) async throws(Refusal) -> PublishReport {
        var waiting: [String] = []
        var last: PublishReport?
        let signers = try await publisher.signerOverview(of: subject, at: target).signers
        for signer in signers {
            let own = plan.unlisted.map(\.tag).filter { tag in
                (try? TargetPath(tag)).map(signer.role.scope.contains) ?? false
            }
            guard !own.isEmpty else { continue }
            switch try await publisher.revoke(own, as: signer.role.name, of: subject, at: target) {
            case .published(let report): last = report
            case .waiting: waiting.append(signer.role.name.string)
            }
        }
        guard waiting.isEmpty else {
            throw Refusal(
                .keyUnavailable,
                checked: "the tags that \(gun) does not list",
                found: "those of \(waiting.joined(separator: ", ")) wait for further keys",
                next: "trustctl signer list \(subject.argument)"
            )
        }
        let roles = Set(signers.map(\.role.name))
        let tags = plan.unlisted.filter { !roles.contains($0.role) }.map(\.tag)
        guard let last, tags.isEmpty else { return try await publisher.revoke(tags, of: subject, at: target) }
        return last
    }
}

extension NotaryImportPlan {
    /// What a signer is to sign, or the targets.
    fileprivate func images(of signer: String?) -> [ImageToSign] {
        carried.filter { $0.signer == signer }.compactMap { tag in
            tag.descriptor.map { ImageToSign(tag: tag.name, descriptor: $0) }
        }
    }
}
