import CanonicalJSON
import ContentTrust
import ImageSignatures
import OCI
import TUF
import TrustCrypto

/// What a rule demands, as people and programs read it.
struct PolicyText: Sendable {
    let rule: TrustPolicy.Rule
    /// When it is read: exceptions end.
    let now: Instant

    /// One line a demand.
    var lines: [String] {
        var lines: [String] = []
        if rule.isRefused { lines.append("  refused outright") }
        for pin in rule.pins { lines.append("  root:       \(Self.root(pin))") }
        if rule.pins.isEmpty, !rule.isRefused { lines.append("  root:       what this machine has pinned") }
        if let store = rule.store { lines.append("  trust data: \(Self.store(store))") }
        if let signers = rule.signers {
            lines.append("  signers:    \(signers.threshold) of \(signers.names.joined(separator: ", "))")
        }
        for proof in rule.proofs {
            lines.append(
                "  proof:      a signature of \(proof.tool.rawValue) under \(proof.files.joined(separator: ", "))"
            )
        }
        if let seconds = rule.maximumStaleness {
            lines.append("  freshness:  signed at most \(DurationText.words(seconds)) ago")
        }
        if !rule.isRefused { lines.append("  unsigned:   \(unsigned)") }
        if rule.allowsIndexChildren {
            lines.append("  children:   manifests of a signed index may be pulled by their digests")
        }
        if rule.isAudited { lines.append("  audit:      refusals are recorded, and let through") }
        for exception in rule.exceptions {
            let what = exception.tags.map(\.string) + exception.digests.map(\.description).sorted()
            let until = exception.isOver(at: now) ? "ended at" : "until"
            lines.append(
                "  exception:  \(what.joined(separator: ", ")) \(until) \(exception.until): \(exception.because)"
            )
        }
        return lines
    }

    private var unsigned: String {
        switch rule.unsigned {
        case .refused: "a repository without trust data is refused"
        case .admitted: "a repository without trust data is let through, with a warning"
        case .onlyDigests(let digests): "of a repository without trust data, \(digests.count) digests are let through"
        }
    }

    private static func root(_ pin: TrustPolicy.RulePin) -> String {
        var text: String
        switch pin.anchor {
        case .keys(let ids, let threshold):
            text = "\(threshold) of the keys \(ids.map(\.string).sorted().joined(separator: ", "))"
        case .root(let bytes): text = "the file with \(Digest.compute(.sha256, over: bytes.span))"
        case .authorities(let pem): text = "certified by \(Digest.compute(.sha256, over: pem.span))"
        }
        if pin.dialect == .notary { text += ", for Notary servers" }
        if let name = pin.signedName { text += ", signed as \(name)" }
        return text
    }

    private static func store(_ store: StoreLocation) -> String {
        switch store {
        case .notaryOfRegistry: "the Notary server that docker would ask"
        case .notary(let server): "notary+\(server)"
        case .directory(let path): "dir:\(path)"
        case .layout(let path): "oci:\(path)"
        case .notaryFiles(let path): "notary:\(path)"
        case .registry(let repository): repository.description
        }
    }

    /// The members of `--json` output.
    var json: JSONObject {
        var object: JSONObject = [
            "rule": .integer(Int64(rule.number)), "line": .integer(Int64(rule.line)),
            "refuse": .boolean(rule.isRefused),
            "pins": .array(rule.pins.map { .string(Self.root($0)) }), "audit": .boolean(rule.isAudited),
            "indexChildren": .boolean(rule.allowsIndexChildren),
        ]
        object["store"] = rule.store.map { .string(Self.store($0)) }
        object["signers"] = rule.signers.map { signers in
            ["names": .array(signers.names.map(JSONValue.string)), "threshold": .integer(Int64(signers.threshold))]
        }
        if !rule.proofs.isEmpty {
            object["proofs"] = .array(
                rule.proofs.map { proof in
                    ["tool": .string(proof.tool.rawValue), "files": .array(proof.files.map(JSONValue.string))]
                }
            )
        }
        object["maximumStalenessSeconds"] = rule.maximumStaleness.map(JSONValue.integer)
        switch rule.unsigned {
        case .refused: object["unsigned"] = "refuse"
        case .admitted: object["unsigned"] = "warn"
        case .onlyDigests(let digests):
            object["unsigned"] = ["digests": .array(digests.map(\.description).sorted().map(JSONValue.string))]
        }
        object["exceptions"] = .array(
            rule.exceptions.map { exception in
                [
                    "tags": .array(exception.tags.map { .string($0.string) }),
                    "digests": .array(exception.digests.map(\.description).sorted().map(JSONValue.string)),
                    "until": .string(exception.until.description), "because": .string(exception.because),
                    "ended": .boolean(exception.isOver(at: now)),
                ]
            }
        )
        return object
    }
}
