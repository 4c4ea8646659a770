import CanonicalJSON
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

    /// The lines for standard error.
    func lines(_ style: Style) -> [String] {
        var lines: [String] = []
        let will = report == nil ? "would be" : "were"
        lines.append(
            "\(plan.tags.count) tags of \(SafeText.escaped(plan.gun)), of which \(plan.carried.count) \(will) carried over"
        )
        if !plan.expired.isEmpty {
            lines.append(
                style.warning("warning") + " expired, and read all the same: "
                    + SafeText.escaped(plan.expired.map(\.string).joined(separator: ", "))
            )
        }
        for tag in plan.tags {
            guard let why = Self.why(tag.fate) else { continue }
            lines.append(
                style.warning("left") + SafeText.escaped(" \(tag.name) \(tag.digest), signed by \(tag.role): \(why)")
            )
        }
        for signer in plan.signers {
            guard let why = signer.leftBecause else { continue }
            lines.append(style.warning("left") + SafeText.escaped(" the signer \(signer.name): \(why)"))
        }
        for signer in plan.signers where signer.leftBecause == nil && !signer.isHere {
            let name = ShellWord.quoted(signer.name)
            lines.append(
                style.warning("left")
                    + SafeText.escaped(
                        " the signer \(signer.name): too few of its keys are at hand. Where they are: trustctl signer request "
                            + "\(subject.argument) \(name) --out FILE\(storeArguments); then here: trustctl signer add "
                            + "\(subject.argument) \(name) --request FILE \(Self.patterns(signer))\(storeArguments)"
                    )
            )
        }
        guard let report else {
            lines.append("nothing was changed; the root key would sign once")
            return lines
        }
        if let made = report.initialized {
            lines += InitializeText(subject: subject, report: made, storeArguments: storeArguments).lines.dropLast()
        }
        for signer in report.signers { lines.append("carried over the signer \(SafeText.escaped(signer))") }
        lines.append("whoever has pinned the collection on this Notary server follows with:")
        lines.append(SafeText.escaped(follow))
        return lines
    }

    private var follow: String {
        let target = plan.gun == plan.repository ? "" : " --to \(ShellWord.quoted(plan.repository))"
        return "trustctl notary follow \(ShellWord.quoted(plan.gun))\(target)\(storeArguments)"
    }

    private static func patterns(_ signer: NotaryImportPlan.Signer) -> String {
        signer.prefixes.map { "--tag \(ShellWord.quoted("\($0)*"))" }.joined(separator: " ")
    }

    private static func why(_ fate: NotaryImportPlan.Fate) -> String? {
        switch fate {
        case .carried, .present: nil
        case .differs(let digest): "the trust data says \(digest) by now"
        case .left(let why): why
        }
    }

    /// The lines for standard output: what was carried, or would be.
    var results: [String] {
        plan.carried.map { SafeText.escaped("\(subject.reference(tag: $0.name))@\($0.digest)") }
    }

    /// The object of `--json` output.
    var json: JSONObject {
        var object: JSONObject = [
            "reason": .string(Reason.trusted.code),
            "exitCode": 0,
            "collection": .string(plan.gun),
            "source": .string(plan.source),
            "repository": .string(plan.repository),
            "changed": .boolean(report != nil),
            "expired": .array(plan.expired.map { .string($0.string) }),
            "tags": .array(plan.tags.map(Self.json)),
            "signers": .array(
                plan.signers.map { signer -> JSONValue in
                    var object: JSONObject = [
                        "name": .string(signer.name),
                        "threshold": .integer(Int64(signer.threshold)),
                        "keyIDs": .array(signer.keys.map { .string($0.computedID.string) }),
                        "pathPrefixes": .array(signer.prefixes.map(JSONValue.string)),
                        "isCarried": .boolean(signer.isCarried),
                    ]
                    object["why"] = signer.leftBecause.map(JSONValue.string)
                    return .object(object)
                }
            ),
            "rootKeyIDs": .array(plan.rootKeys.map { .string($0.computedID.string) }),
            "followCommand": .string(follow),
        ]
        if let report {
            object["store"] = .string(report.published.store)
            object["identity"] = .string(report.published.identity.description)
        }
        return object
    }

    private static func json(_ tag: NotaryImportPlan.Tag) -> JSONValue {
        var object: JSONObject = [
            "tag": .string(tag.name), "digest": .string(tag.digest.description), "role": .string(tag.role.string),
        ]
        switch tag.fate {
        case .carried: object["fate"] = "carried"
        case .present: object["fate"] = "present"
        case .differs: object["fate"] = "differs"
        case .left: object["fate"] = "left"
        }
        object["why"] = why(tag.fate).map(JSONValue.string)
        return .object(object)
    }
}
