import CanonicalJSON
import ContentTrust
import OCI
import TrustCrypto

/// The answer for one reference, as people and programs read it.
struct VerdictReport: Sendable {
    /// What is known of a reference.
    enum Answer: Sendable {
        /// A tag is trusted.
        case image(TrustedImage)
        /// A digest is what these tags, at least one, are signed as.
        case tags([SignedTag], subject: Subject, evidence: Evidence)
        /// The answer is no.
        case refused(Refusal)
        /// The answer is no, and the policy lets the image through all the same: by this digest only, where it has one.
        case admitted(Refusal, Decision.Admission, digestReference: String?)
    }

    /// The reference, in full.
    let reference: String
    /// The answer.
    let answer: Answer

    /// The reason of the answer.
    var reason: Reason {
        if case .refused(let refusal) = answer { refusal.reason } else { .trusted }
    }

    /// Whether an image is let through that is not trusted, which is said to everybody.
    var isWarning: Bool {
        if case .admitted = answer { true } else { false }
    }

    /// What goes to standard output when all references are trusted.
    var digestReference: String? {
        switch answer {
        case .image(let image): image.reference
        case .tags(let tags, let subject, _): tags.first.map { "\(subject)@\($0.digest)" }
        case .admitted(_, _, let digest): digest ?? reference
        case .refused: nil
        }
    }

    /// The line, or the lines of a refusal, for standard error.
    func lines(_ style: Style) -> [String] {
        let head = "\(style.good("trusted")) \(SafeText.escaped(reference)): "
        switch answer {
        case .image(let image):
            var text = head + image.digest.description
            if let platform = image.platform { text += " for \(platform)" }
            if let index = image.coveringIndex { text += ", covered by the signed index \(index)" }
            return ["\(text), \(EvidenceText.freshness(image.evidence))"]
        case .tags(let tags, _, let evidence):
            let names = SafeText.escaped(tags.map(\.tag).joined(separator: ", "))
            return ["\(head)signed as \(names), \(EvidenceText.freshness(evidence))"]
        case .refused(let refusal):
            return RefusalText.lines(refusal, subject: reference, style: style)
        case .admitted(let refusal, let admission, _):
            let why = SafeText.escaped(
                "\(reference) is not trusted, and let through: \(AdmissionText.words(admission))"
            )
            return ["\(style.warning("warning")) \(why)"]
                + RefusalText.lines(refusal, subject: reference, style: style).dropFirst()
        }
    }

    /// The object of `--json` output.
    var json: JSONValue {
        var object: JSONObject = ["reason": .string(Reason.trusted.code), "exitCode": 0]
        switch answer {
        case .image(let image):
            object["tags"] = [.string(image.tag)]
            object["digest"] = .string(image.digest.description)
            object["mediaType"] = .string(image.mediaType)
            object["size"] = .integer(image.size)
            object["index"] = image.coveringIndex.map { .string($0.description) }
            object["platform"] = image.platform.map { .string($0.description) }
            object["trustData"] = EvidenceText.json(image.evidence)
        case .tags(let tags, _, let evidence):
            object["tags"] = .array(tags.map { .string($0.tag) })
            if let first = tags.first {
                object["digest"] = .string(first.digest.description)
                object["mediaType"] = first.mediaType.map { .string($0.string) }
                object["size"] = .integer(first.size)
            }
            object["trustData"] = EvidenceText.json(evidence)
        case .refused(let refusal):
            object = RefusalText.json(refusal)
        case .admitted(let refusal, let admission, _):
            object = RefusalText.json(refusal)
            object["exitCode"] = 0
            object["admission"] = .string(admission.code)
        }
        object["reference"] = .string(reference)
        object["image"] = digestReference.map(JSONValue.string)
        return .object(object)
    }
}

/// The answers for all references of a command.
enum VerdictOutput {
    /// Writes the answers: digests to standard output only when all are trusted.
    ///
    /// - Parameters:
    ///   - reports: The answers, in the order of the references.
    ///   - json: Whether programs read them.
    ///   - console: Where to write.
    /// - Returns: The first reason that is not ``Reason/trusted``.
    static func write(_ reports: [VerdictReport], json: Bool, to console: Console) -> Reason {
        for report in reports {
            let lines = report.lines(console.style)
            if report.reason != .trusted || report.isWarning {
                for line in lines { console.alert(line) }
            } else if !json {
                for line in lines { console.note(line) }
            }
        }
        let reason = reports.first { $0.reason != .trusted }?.reason ?? .trusted
        if json {
            console.result(lines: reports.map(\.json.line))
        } else if reason == .trusted {
            console.result(lines: reports.compactMap(\.digestReference))
        }
        return reason
    }
}
