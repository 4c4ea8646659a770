import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto

/// What a rotation of keys did, as people and programs read it.
struct RotationText: Sendable {
    let subject: Subject
    let report: RotationReport
    let oldKeys: [(key: TUFKey, fate: OldKeys.Fate)]
    /// The tags that were signed anew, where the targets key was replaced.
    let tags: [SignedTag]?
    let storeArguments: String
    /// The options that suggested commands need again.
    let suggested: SuggestedOptions

    /// The lines for standard error.
    func lines(_ style: Style) -> [String] {
        var lines: [String] = []
        if report.finishesEarlierRun {
            lines.append("an earlier run had published this and was interrupted; for yet other keys run it again")
        }
        for role in report.roles {
            lines.append("\(role.role) key \(Self.ids(role.replaced)) is replaced by \(Self.ids(role.added))")
        }
        let published = PublishText(subject: subject, report: report.published, storeArguments: storeArguments)
        lines += published.lines(style)
        for (key, fate) in oldKeys { lines.append(line(key, fate)) }
        lines += carriedOver(style)
        if report.roles.contains(where: { $0.role == .root }) {
            if report.endsCertification {
                lines.append(
                    style.warning("warning")
                        + " an authority had certified the former root key, and nobody has certified the new one: who has "
                        + "pinned that authority, with pin add --ca or in the configuration of notary, refuses the "
                        + "collection from now on, and has to pin the new key:"
                )
            } else {
                lines.append("who has pinned an earlier root follows by itself; whoever pins it now runs:")
            }
            lines.append(SafeText.escaped(report.pin.command))
        }
        return lines
    }

    /// A stolen key may have signed some of the tags, and they are signed by the new one now.
    private func carriedOver(_ style: Style) -> [String] {
        guard let tags, !tags.isEmpty else { return [] }
        var lines = [
            style.warning("check") + " \(tags.count) tag\(tags.count == 1 ? "" : "s") signed anew as the old key had "
                + "signed them, the last changed first. If that key was stolen, compare each digest with what you built:"
        ]
        let newestFirst = tags.sorted { ($1.changed ?? 0, $0.tag) < ($0.changed ?? 0, $1.tag) }
        for tag in newestFirst.prefix(PublishText.namedTags) {
            let when = tag.changed.map { ", changed in targets \($0)" } ?? ""
            lines.append(SafeText.escaped("  \(subject.reference(tag: tag.tag)): \(tag.digest)\(when)"))
        }
        if tags.count > PublishText.namedTags {
            lines.append(
                "  and \(tags.count - PublishText.namedTags) more: trustctl list \(subject.argument)\(storeArguments)"
            )
        }
        lines.append(
            "  to take one out: trustctl revoke \(SafeText.escaped(subject.reference(tag: "TAG")))\(storeArguments)"
        )
        return lines
    }

    private static func ids(_ keys: [TUFKey]) -> String { keys.map(\.computedID.string).joined(separator: ", ") }

    private func line(_ key: TUFKey, _ fate: OldKeys.Fate) -> String {
        let id = key.computedID
        switch fate {
        case .notHere:
            return "the old private key \(id) is not in the key stores"
        case .deleted:
            return "the old private key \(id) is deleted"
        case .kept(let location, let stored):
            return SafeText.escaped(
                suggested.completing(
                    "the old private key is kept in \(location); when it is not needed: trustctl key remove \(stored)"
                )
            )
        case .inUse(let location, let users):
            let who = users.joined(separator: ", ")
            return SafeText.escaped("the old private key is kept in \(location), because it is needed: \(who)")
        }
    }

    /// The object of `--json` output: that of what was published, and more.
    var json: JSONObject {
        let published = PublishText(subject: subject, report: report.published, storeArguments: storeArguments)
        var object = published.json
        object["finishesEarlierRun"] = .boolean(report.finishesEarlierRun)
        object["rotated"] = .array(
            report.roles.map { role in
                [
                    "role": .string(role.role.string),
                    "replaced": .array(role.replaced.map { .string($0.computedID.string) }),
                    "added": .array(role.added.map { .string($0.computedID.string) }),
                ]
            }
        )
        object["oldKeys"] = .array(oldKeys.map { .object(Self.json($0.key, $0.fate)) })
        if let tags {
            object["carriedTags"] = .array(
                tags.map { tag in
                    var object: JSONObject = [
                        "tag": .string(tag.tag), "digest": .string(tag.digest.description),
                        "role": .string(tag.role.string),
                    ]
                    object["changed"] = tag.changed.map(JSONValue.integer)
                    return .object(object)
                }
            )
        }
        object["pinCommand"] = .string(report.pin.command)
        return object
    }

    private static func json(_ key: TUFKey, _ fate: OldKeys.Fate) -> JSONObject {
        var object: JSONObject = ["keyID": .string(key.computedID.string)]
        switch fate {
        case .notHere:
            object["kept"] = false
        case .deleted:
            object["kept"] = false
            object["deleted"] = true
        case .kept(let location, _):
            object["kept"] = true
            object["location"] = .string(location)
        case .inUse(let location, let users):
            object["kept"] = true
            object["location"] = .string(location)
            object["usedBy"] = .array(users.map(JSONValue.string))
        }
        return object
    }
}
