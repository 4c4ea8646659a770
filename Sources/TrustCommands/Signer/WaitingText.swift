import CanonicalJSON
import ContentTrust
import OCI
import TUF
import TrustCrypto

/// A change that waits, as people and programs read it.
struct WaitingText: Sendable {
    let subject: Subject
    let change: WaitingChange
    /// The options that lead to the trust data again.
    var storeArguments = ""

    /// The lines for standard error.
    var lines: [String] {
        var lines = [SafeText.escaped("\(change.role) \(change.version) of \(subject) waits")]
        lines += TagChangeText.lines(change.tags, of: subject, uncounted: Set(change.uncountedTags))
        lines += change.otherChanges.map { SafeText.escaped("  changes the field \($0)") }
        lines.append("  good until \(change.expires)")
        return lines + [SafeText.escaped(state)]
    }

    /// What it waits for.
    var state: String {
        let command = "\(subject.argument)\(storeArguments)"
        guard change.isCurrent else {
            return "it does not follow what is published now, and never comes in: "
                + "trustctl signer sign --discard \(command) \(change.role)"
        }
        let count = "signed by \(change.signers.count) of the keys, \(change.threshold) needed"
        guard !change.isComplete else {
            return
                "\(count); it comes in when whoever has the snapshot and timestamp keys runs: trustctl refresh \(command)"
        }
        return "\(count); where one of \(change.missing.sorted().map(\.string).joined(separator: ", ")) is: "
            + "trustctl signer sign \(command) \(change.role)"
    }

    /// The object in `--json` output.
    var json: JSONValue {
        [
            "signer": .string(change.role.string),
            "version": .integer(change.version),
            "expires": .string(change.expires.description),
            "threshold": .integer(Int64(change.threshold)),
            "signed": .array(change.signers.sorted().map { .string($0.string) }),
            "unsigned": .array(change.missing.sorted().map { .string($0.string) }),
            "isComplete": .boolean(change.isComplete),
            "isCurrent": .boolean(change.isCurrent),
            "tags": TagChangeText.json(change.tags),
            "uncountedTags": .array(change.uncountedTags.map(JSONValue.string)),
            "otherChanges": .array(change.otherChanges.map(JSONValue.string)),
        ]
    }

    /// The whole line of a command that let a change wait.
    var result: JSONValue {
        [
            "reason": .string(Reason.trusted.code),
            "exitCode": 0,
            "repository": .string(subject.description),
            "waiting": json,
        ]
    }
}

/// What a signer's change does, by tag.
enum TagChangeText {
    /// The lines, set in.
    ///
    /// - Parameters:
    ///   - tags: What it does.
    ///   - subject: Whose tags.
    ///   - uncounted: Tags that the signer may not sign.
    /// - Returns: The lines, escaped.
    static func lines(
        _ tags: [String: WaitingChange.TagChange],
        of subject: Subject,
        uncounted: Set<String> = []
    ) -> [String] {
        guard !tags.isEmpty else { return ["  changes no tag"] }
        let sorted = tags.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        var lines = sorted.prefix(PublishText.namedTags).map { tag, change in
            "  " + line(change, subject.reference(tag: tag))
                + (uncounted.contains(tag) ? "; it does not count: the signer may not sign this tag" : "")
        }
        if sorted.count > PublishText.namedTags {
            lines.append("  and \(sorted.count - PublishText.namedTags) tags more")
        }
        return lines.map(SafeText.escaped)
    }

    private static func line(_ change: WaitingChange.TagChange, _ reference: String) -> String {
        switch change {
        case .signed(let digest, let before):
            let was = before.map { ", before \($0)" } ?? ""
            return "\(reference) becomes \(digest?.description ?? "something without a sha256 digest")\(was)"
        case .revoked(let digest):
            return "\(reference) is taken out\(digest.map { ", before \($0)" } ?? "")"
        }
    }

    /// The array in `--json` output.
    static func json(_ tags: [String: WaitingChange.TagChange]) -> JSONValue {
        let sorted = tags.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return .array(
            sorted.map { name, change in
                var object: JSONObject = ["tag": .string(name)]
                switch change {
                case .signed(let digest, let before):
                    object["outcome"] = .string(before == nil ? "added" : "changed")
                    object["digest"] = .optional(digest)
                    object["previous"] = .optional(before)
                case .revoked(let digest):
                    object["outcome"] = "revoked"
                    object["previous"] = .optional(digest)
                }
                return .object(object)
            }
        )
    }
}

extension PublishOutcomes {
    /// Shows what became of a signer's change. What waits gives no line on standard output: no verifier sees it yet. Of a change
    /// that was shown already only a new state is told.
    mutating func add(
        _ report: SignerReport,
        subject: Subject,
        storeArguments: String,
        images: [ImageToSign] = [],
        after shown: WaitingText? = nil,
        results: (PublishReport) -> [String],
        refused: (PublishReport) -> Reason? = { _ in nil }
    ) {
        switch report {
        case .published(let report):
            add(
                PublishText(subject: subject, report: report, images: images, storeArguments: storeArguments),
                results: results(report),
                refused: refused(report)
            )
        case .waiting(let change):
            let text = WaitingText(subject: subject, change: change, storeArguments: storeArguments)
            add(text, after: shown)
        }
    }
}
