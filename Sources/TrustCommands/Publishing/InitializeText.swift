import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto

/// What `init` made, as people and programs read it.
struct InitializeText: Sendable {
    let subject: Subject
    let report: InitializeReport
    let storeArguments: String

    /// The lines for standard error.
    var lines: [String] {
        var lines: [String] = []
        for role in RoleName.topLevel {
            for key in report.keys[role] ?? [] {
                let made =
                    report.madeKeys.contains(key.computedID) ? "new" : isOnServer(role) ? "the server's" : "present"
                let until = report.published.expires[role].map { ", good until \($0)" } ?? ""
                lines.append("\(role) key \(key.computedID) (\(made))\(until)")
            }
        }
        let published = PublishText(subject: subject, report: report.published, storeArguments: storeArguments)
        lines += published.lines(Style(isColored: false))
        if let tags = report.carriedTags {
            lines.append(
                "\(tags.count) tag\(tags.count == 1 ? " was" : "s were") signed again under the new root; to see which: "
                    + SafeText.escaped("trustctl list \(subject.argument)\(storeArguments)")
            )
        }
        lines.append("pinned on this machine; everybody else runs:")
        return lines
    }

    /// Whether the role is signed by the Notary server.
    private func isOnServer(_ role: RoleName) -> Bool {
        report.pin.dialect == .notary && [.snapshot, .timestamp].contains(role)
    }

    /// The object of `--json` output.
    var json: JSONObject {
        var roles: JSONObject = [:]
        for (role, keys) in report.keys {
            let threshold: Int =
                if role == .root, case .keys(_, let threshold) = report.pin.anchor { threshold } else { keys.count }
            roles[role.string] = [
                "keyIDs": .array(keys.map(\.computedID).sorted().map { .string($0.string) }),
                "threshold": .integer(Int64(threshold)),
                "version": report.published.versions[role].map(JSONValue.integer) ?? .null,
                "expires": .optional(report.published.expires[role]),
            ]
        }
        var pin = PinText.json(report.pin)
        pin["reason"] = nil
        pin["exitCode"] = nil
        var object: JSONObject = [
            "reason": .string(Reason.trusted.code),
            "exitCode": 0,
            "repository": .string(subject.description),
            "signedRepository": .string(report.repository),
            "store": .string(report.published.store),
            "identity": .string(report.published.identity.description),
            "pin": .object(pin),
            "pinCommand": .string(report.pin.command),
            "roles": .object(roles),
            "createdKeys": .array(report.madeKeys.sorted().map { .string($0.string) }),
        ]
        object["refreshBefore"] = .string(report.published.firstExpiry.at.description)
        if let tags = report.carriedTags { object["carriedTags"] = .array(tags.map(JSONValue.string)) }
        return object
    }
}
