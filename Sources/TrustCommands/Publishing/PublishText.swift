import CanonicalJSON
import ContentTrust
import OCI
import TUF
import TrustCrypto

/// What was published, as people and programs read it.
struct PublishText: Sendable {
    /// Whose trust data.
    let subject: Subject
    /// What was published.
    let report: PublishReport
    /// What the tags were signed as; empty when no tag was.
    var images: [ImageToSign] = []
    /// The options that lead to the trust data again, for the command that keeps it fresh.
    var storeArguments = ""

    /// More tags than this are counted instead of named.
    static let namedTags = 20

    /// The lines for standard error.
    func lines(_ style: Style) -> [String] {
        var lines: [String] = []
        let names = report.tags.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        if names.count <= Self.namedTags {
            for name in names { lines.append(line(name, style)) }
        } else {
            lines.append("\(SafeText.escaped(subject.description)): \(counts)")
        }
        for tag in report.unmergedTags {
            lines.append(
                style.warning("warning")
                    + " \(SafeText.escaped(subject.reference(tag: tag))): two other publishers had set "
                    + "it differently; it stayed as readers saw it. Sign it again if that is wrong."
            )
        }
        for word in report.droppedWords {
            let reference = subject.reference(tag: word.tag)
            let command = "--signer \(ShellWord.quoted(word.role.string)) \(ShellWord.quoted(reference))"
            let text = word.digest.map { digest in
                "in another set \(word.role) had signed \(digest), which could not be taken in. If it is wanted: "
                    + "trustctl sign image \(command) --digest \(digest)"
            }
            lines.append(
                style.warning("warning")
                    + SafeText.escaped(
                        " \(reference): "
                            + (text
                                ?? "in another set \(word.role) had taken it out. If that is wanted: trustctl revoke \(command)")
                    )
            )
        }
        if !report.lostRoles.isEmpty {
            let names = report.lostRoles.map(\.string).joined(separator: ", ")
            lines.append(
                style.warning("lost")
                    + " what \(SafeText.escaped(names)) had listed: those tags are signed no more. Sign again what is wanted."
            )
        }
        for signer in report.lostSigners {
            let command = "\(subject.argument) \(signer)"
            lines.append(
                style.warning("lost")
                    + SafeText.escaped(
                        " the file of the signer \(signer): its tags cannot be verified until a machine that has published it "
                            + "runs trustctl refresh, or the signer begins anew (trustctl signer request \(command) --out FILE, "
                            + "then trustctl signer add \(command) --request FILE), or trustctl signer remove \(command)"
                    )
            )
        }
        for certificate in report.endingCertificates {
            let options = "--role root --key \(certificate.keyID)\(storeArguments)"
            lines.append(
                style.warning("warning")
                    + SafeText.escaped(
                        " the certificate of the root key \(certificate.keyID) (docker: \(certificate.notaryKeyID)) ends at "
                            + "\(certificate.end), and nobody can verify after that; a new one for the same key: "
                            + "trustctl key rotate \(subject.argument) \(options)"
                    )
            )
        }
        return lines + summary
    }

    /// What has become of all tags together.
    private var counts: String {
        var numbers: [String: Int] = [:]
        for outcome in report.tags.values { numbers[Self.word(outcome), default: 0] += 1 }
        let parts = ["added", "changed", "unchanged", "revoked", "absent"].compactMap { word in
            numbers[word].map { "\($0) \(word)" }
        }
        return "\(report.tags.count) tags, \(parts.joined(separator: ", "))"
    }

    private func line(_ name: String, _ style: Style) -> String {
        let reference = SafeText.escaped(subject.reference(tag: name))
        switch report.tags[name] {
        case .unchanged:
            return "unchanged \(reference): signed the same way already\(digest(name).map { ", \($0)" } ?? "")"
        case .set(let before):
            let was = before?.digest(.sha256).map { ", was \($0)" } ?? ""
            return "\(style.good("signed")) \(reference): \(digest(name)?.description ?? "")\(was)"
        case .revoked(let before):
            return "\(style.good("revoked")) \(reference)\(before?.digest(.sha256).map { ": was \($0)" } ?? "")"
        case .absent, nil:
            return "\(style.bad("absent")) \(reference): it was not signed"
        }
    }

    private func digest(_ tag: String) -> Digest? { images.first { $0.tag == tag }?.descriptor.digest }

    /// What was written, until when it is good, and how it stays so.
    private var summary: [String] {
        var lines: [String] = []
        if report.changed {
            let bins = report.signedRoles.filter { report.versions[$0] == nil }
            var roles = report.signedRoles.compactMap { role in report.versions[role].map { "\(role) \($0)" } }
            if bins.count > 1, report.bins > 0 {
                roles.insert("\(bins.count) bins", at: 0)
            } else {
                roles.insert(contentsOf: bins.map { SafeText.escaped($0.string) }, at: 0)
            }
            var text = "published \(roles.joined(separator: ", ")) to \(SafeText.escaped(report.store))"
            if report.rounds > 1 { text += ", merged with other publishers" }
            lines.append(text)
            // A new signer's first file, or one that expired soon, says nothing new of any tag.
            for change in report.acceptedChanges where !change.tags.isEmpty {
                lines.append(SafeText.escaped("with what \(change.role) had signed, version \(change.version)"))
                lines += TagChangeText.lines(change.tags, of: subject)
            }
        }
        let first = report.firstExpiry
        let command = "trustctl refresh \(subject.argument)\(storeArguments)"
        lines.append("\(first.role) expires first, at \(first.at); from cron or CI: \(SafeText.escaped(command))")
        return lines
    }

    /// One word for what became of a tag.
    static func word(_ outcome: TagOutcome) -> String {
        switch outcome {
        case .unchanged: "unchanged"
        case .set(nil): "added"
        case .set: "changed"
        case .revoked: "revoked"
        case .absent: "absent"
        }
    }

    /// The members of the object of `--json` output.
    var json: JSONObject {
        var tags: [JSONValue] = []
        let descriptors = Dictionary(images.map { ($0.tag, $0.descriptor) }) { first, _ in first }
        for (name, outcome) in report.tags.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            var object: JSONObject = ["tag": .string(name), "outcome": .string(Self.word(outcome))]
            if let descriptor = descriptors[name] {
                object["digest"] = .string(descriptor.digest.description)
                object["mediaType"] = .string(descriptor.mediaType.string)
                object["size"] = .integer(descriptor.size)
            }
            if case .set(let before?) = outcome { object["previous"] = .optional(before.digest(.sha256)) }
            if case .revoked(let before?) = outcome { object["previous"] = .optional(before.digest(.sha256)) }
            tags.append(.object(object))
        }
        var object: JSONObject = [
            "reason": .string(Reason.trusted.code),
            "exitCode": 0,
            "repository": .string(subject.description),
            "signedRepository": .string(report.repository),
            "store": .string(report.store),
            "identity": .string(report.identity.description),
            "changed": .boolean(report.changed),
            "bins": .integer(Int64(report.bins)),
            "signedRoles": .array(report.signedRoles.map { .string($0.string) }),
            "acceptedSigners": .array(report.acceptedSigners.map { .string($0.string) }),
            "unmergedTags": .array(report.unmergedTags.map(JSONValue.string)),
            "roles": Self.roles(versions: report.versions, expires: report.expires),
        ]
        if !report.lostRoles.isEmpty {
            object["lostRoles"] = .array(report.lostRoles.map { .string($0.string) })
        }
        if !report.acceptedChanges.isEmpty {
            object["acceptedChanges"] = .array(
                report.acceptedChanges.map {
                    [
                        "signer": .string($0.role.string), "version": .integer($0.version),
                        "tags": TagChangeText.json($0.tags),
                    ]
                }
            )
        }
        if !report.droppedWords.isEmpty {
            object["droppedWords"] = .array(
                report.droppedWords.map {
                    ["signer": .string($0.role.string), "tag": .string($0.tag), "digest": .optional($0.digest)]
                }
            )
        }
        if !report.endingCertificates.isEmpty {
            object["endingCertificates"] = .array(
                report.endingCertificates.map {
                    [
                        "keyID": .string($0.keyID.string), "notaryKeyID": .string($0.notaryKeyID.string),
                        "end": .string($0.end.description),
                    ]
                }
            )
        }
        if !report.lostSigners.isEmpty {
            object["lostSigners"] = .array(report.lostSigners.map { .string($0.string) })
        }
        if !report.tags.isEmpty { object["tags"] = .array(tags) }
        object["refreshBefore"] = .string(report.firstExpiry.at.description)
        return object
    }

    /// Versions and expiries by role.
    static func roles(versions: [RoleName: Int64], expires: [RoleName: Instant]) -> JSONValue {
        var object: JSONObject = [:]
        for (role, version) in versions {
            object[role.string] = ["version": .integer(version), "expires": .optional(expires[role])]
        }
        return .object(object)
    }
}
