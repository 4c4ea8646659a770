import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto

/// What a bundle proves, as people and programs read it.
struct BundleReport: Sendable {
    let bundle: TrustBundle
    let file: String
    let opened: OpenedBundle

    /// The time that it holds for, and what says so.
    var time: String {
        let (time, made) = (opened.time, opened.time.made)
        let evidence =
            switch time.evidence {
            case .timeStamp: "a time stamp of \(SafeText.escaped(time.authority ?? "a service without a name"))"
            case .timestampRole: "the signed timestamp role"
            case .none: "the bundle's own word, which nothing proves"
            }
        guard time.at != made else { return "at \(time.at), by \(evidence)" }
        return "at \(time.at), as asked; made at \(made), by \(evidence)"
    }

    /// The line for standard error. That nothing proves the time is never left out.
    func say(of reference: String, to console: Console) {
        let line = "\(console.style.good("trusted")) \(SafeText.escaped(reference)): \(time)"
        if opened.time.evidence == .none { console.alert(line) } else { console.note(line) }
        if bundle.timeStamp != nil, opened.time.evidence != .timeStamp {
            console.note("its time stamp was not looked at; to do so: --tsa-ca FILE")
        }
    }

    /// The object of `--json` output of what was written.
    func json(image: TrustedImage?) -> JSONValue {
        guard let image else { return json(members: [:]) }
        let reference = "\(image.repository):\(image.tag)"
        return json(VerdictReport(reference: reference, answer: .image(image)))
    }

    /// The object for one tag.
    func json(_ answer: VerdictReport) -> JSONValue { json(members: answer.json.object ?? [:]) }

    /// The object for a whole repository.
    func json(_ tags: [SignedTag]) -> JSONValue { json(members: ["signedTags": .array(tags.map(\.json))]) }

    private func json(members: JSONObject) -> JSONValue {
        var object = members
        object["reason"] = .string(Reason.trusted.code)
        object["exitCode"] = 0
        object["bundle"] = .string(file)
        object["repository"] = .string(bundle.repository)
        object["contentDigest"] = .string(bundle.contentDigest.description)
        object["trustData"] = object["trustData"] ?? EvidenceText.json(opened.data.evidence)
        object["time"] = [
            "at": .string(opened.time.at.description),
            "evidence": .string(opened.time.evidence.rawValue),
            "made": .string(opened.time.made.description),
            "authority": .optional(opened.time.authority),
            "hasTimeStamp": .boolean(bundle.timeStamp != nil),
        ]
        return .object(object)
    }
}
