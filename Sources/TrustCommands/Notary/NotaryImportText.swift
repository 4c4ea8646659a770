import ContentTrust
import TUF
import TrustCrypto

/// What was carried over from a Notary server, or would be, as people and programs read it.
struct NotaryImportText: Sendable {
    let subject: Subject
    let plan: NotaryImportPlan
    /// Nil when nothing was changed.
    let report: NotaryImportReport?
    let storeArguments: String

    /// How it ended: nobody may take a revocation that was left undone for success.
    var reason: Reason { plan.disagrees ? .warning : .trusted }

    /// The lines for standard error.
    func lines(_ style: Style) -> [String] {
        var lines: [String] = []
        lines.append("\(count(plan.tags.count)) of \(SafeText.escaped(plan.gun)): \(counts)")
        if !plan.expired.isEmpty {
            lines.append(
                style.warning("warning") + " expired, and read all the same: "
                    + SafeText.escaped(plan.expired.map(\.string).joined(separator: ", "))
            )
        }
        if plan.hasExpiredCertificates {
            lines.append(
                style.warning("warning")
                    + " the certificates of the collection's root keys are not valid now; carried over all the same"
            )
        }
        lines += disagreements(style)
        for tag in plan.tags {
            guard case .left(let why) = tag.fate else { continue }
            lines.append(
                style.warning("left")
                    + SafeText.escaped(
                        " \(tag.name) \(tag.digest.map { "\($0), " } ?? "")signed by \(tag.role): \(why)"
                    )
            )
        }
        for signer in plan.signers {
            guard let why = signer.leftBecause else { continue }
            lines.append(style.warning("left") + SafeText.escaped(" the signer \(signer.name): \(why)"))
        }
        for signer in plan.signers where signer.leftBecause == nil && !signer.isHere {
            lines.append(style.warning("left") + SafeText.escaped(" the signer \(signer.name): \(invitation(signer))"))
        }
        guard let report else {
            lines += missingKeys(style)
            lines.append("nothing was changed" + (plan.isBegun ? "" : "; the root key would sign once"))
            return lines
        }
        if let made = report.initialized {
            lines += InitializeText(subject: subject, report: made, storeArguments: storeArguments).lines.dropLast()
        }
        for signer in report.signers { lines.append("carried over the signer \(SafeText.escaped(signer))") }
        if plan.signers.contains(where: \.isCarried), plan.carried.contains(where: { $0.signer == nil }) {
            lines.append(
                "what more than one signer or none had signed is the targets key's; to let a signer have a tag of these: "
                    + "trustctl revoke REF\(storeArguments), then trustctl sign image REF --digest DIGEST --signer NAME"
                    + storeArguments
            )
        }
        return lines + followers(style)
    }

    /// Who can follow, and what is left to those who cannot.
    private func followers(_ style: Style) -> [String] {
        let roots = plan.handedOverRoots
        let which =
            roots.count == 1
            ? "root \(roots.upperBound)"
            : "one of its roots \(roots.lowerBound) to \(roots.upperBound)"
        var lines = [
            "whoever has pinned the collection by \(which), and has seen none after \(roots.upperBound), follows with:",
            SafeText.escaped(follow),
        ]
        if plan.newestRoot > roots.upperBound {
            lines.append(
                style.warning("warning")
                    + " the collection has root \(plan.newestRoot) by now, and root \(roots.upperBound) was handed over: whoever has "
                    + "pinned or seen a later one cannot follow, and runs, with the ids from you:"
            )
            if let pin = plan.pin { lines.append(SafeText.escaped(pin.command)) }
        }
        return lines
    }

    private func count(_ tags: Int) -> String { "\(tags) tag\(tags == 1 ? "" : "s")" }

    /// How many tags have which fate.
    private var counts: String {
        var numbers = [0, 0, 0, 0]
        for tag in plan.tags {
            switch tag.fate {
            case .carried: numbers[0] += 1
            case .present: numbers[1] += 1
            case .differs: numbers[2] += 1
            case .left: numbers[3] += 1
            }
        }
        let words = [
            report == nil ? "would be carried over" : "carried over", "there already", "there with another digest",
            "left",
        ]
        let parts = zip(numbers, words).filter { $0.0 > 0 || plan.tags.isEmpty && $0.1 == words[0] }
        return parts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    /// Tags that the collection has revoked or moved since, which readers of the trust data go on trusting as they were.
    private func disagreements(_ style: Style) -> [String] {
        var lines: [String] = []
        for tag in plan.tags {
            guard case .differs(let present) = tag.fate, let digest = tag.digest else { continue }
            let command =
                "trustctl sign image \(quoted(tag.name)) --digest \(digest)\(signerOption(present))\(storeArguments)"
            lines.append(
                style.warning("warning")
                    + SafeText.escaped(
                        " \(tag.name) is \(digest) in the collection, and the trust data says \(present.digest); it stays so. "
                            + "If the collection is right: \(command)"
                    )
            )
        }
        for tag in plan.unlisted {
            let text =
                if !plan.prunes {
                    "the trust data has it, and the collection does not list it: revoked there, or signed here alone. If it is "
                        + "revoked: trustctl revoke \(quoted(tag.tag))\(signerOption(tag))\(storeArguments)"
                } else if report == nil {
                    "would be taken out: the collection does not list it"
                } else {
                    "taken out: the collection does not list it"
                }
            lines.append(style.warning("warning") + SafeText.escaped(" \(tag.tag) \(tag.digest): \(text)"))
        }
        for signer in plan.unlistedSigners {
            lines.append(
                style.warning("warning")
                    + SafeText.escaped(
                        " the signer \(signer): the collection does not have it, or not with its keys: removed there, or added here "
                            + "alone. If it is removed: trustctl signer remove \(subject.argument) \(ShellWord.quoted(signer))"
                            + storeArguments
                    )
            )
        }
        if !plan.prunes, plan.unlisted.count > 1 {
            lines.append("to take out all tags that the collection does not list: the same command with --prune")
        }
        return lines
    }

    private func quoted(_ tag: String) -> String { ShellWord.quoted(subject.reference(tag: tag)) }

    /// The option that names whose word a tag is; none for the targets and hash bins.
    private func signerOption(_ tag: SignedTag) -> String {
        tag.role == .targets || plan.hasBins ? "" : " --signer \(ShellWord.quoted(tag.role.string))"
    }

    /// What would stop a run.
    private func missingKeys(_ style: Style) -> [String] {
        plan.missingKeys.map { role in
            let ids =
                role == .root
                ? ": \(plan.rootThreshold) of \(plan.rootKeys.map(\.computedID.string).joined(separator: ", "))" : ""
            return style.warning("warning")
                + SafeText.escaped(
                    " the \(role) key is not at hand\(ids); a run would end with \(Reason.keyUnavailable.code). For one "
                        + "on another medium: --key-store DIR, or --key-store docker:DIR for docker's or notary's"
                )
        }
    }

    var follow: String {
        let target = plan.gun == plan.repository ? "" : " --to \(ShellWord.quoted(plan.repository))"
        return "trustctl notary follow \(ShellWord.quoted(plan.gun))\(target)\(storeArguments)"
    }

    /// How a signer comes along whose keys are elsewhere. They are docker's, whose files do not tell the public half.
    private func invitation(_ signer: NotaryImportPlan.Signer) -> String {
        let name = ShellWord.quoted(signer.name)
        let file = ShellWord.quoted("\(signer.name).pub")
        let docker = "--key-store docker:~/.docker/trust"
        let ids = signer.keys.compactMap { $0.publicKey.map { TUFKey(notary: $0).computedID.string } }
        let threshold = signer.threshold == signer.keys.count ? "" : " --threshold \(signer.threshold)"
        return
            "too few of its keys are at hand. Where they are, once that machine has followed: trustctl signer request "
            + "\(subject.argument) \(name) --key \(file) \(docker) --out FILE\(storeArguments); then here: trustctl signer add "
            + "\(subject.argument) \(name) --request FILE \(Self.patterns(signer))\(threshold)\(storeArguments). "
            + "\(file) is the file that docker trust key generate wrote; if it is lost: trustctl key export "
            + "\(ids.first ?? "ID") --public-key --output \(file) \(docker)"
    }

    private static func patterns(_ signer: NotaryImportPlan.Signer) -> String {
        signer.prefixes.map { "--tag \(ShellWord.quoted("\($0)*"))" }.joined(separator: " ")
    }

    static func why(_ fate: NotaryImportPlan.Fate) -> String? {
        switch fate {
        case .carried, .present: nil
        case .differs(let present): "the trust data says \(present.digest) by now"
        case .left(let why): why
        }
    }

    /// The lines for standard output: what was carried, or would be.
    var results: [String] {
        plan.carried.compactMap { tag in
            tag.digest.map { SafeText.escaped("\(subject.reference(tag: tag.name))@\($0)") }
        }
    }
}
