import CanonicalJSON
import ImageSignatures
import OCI
import TUF
import TrustCrypto

/// Cases that a policy is tried with, without asking anybody: what verification finds is written down.
public struct PolicyCases: Sendable {
    /// The largest file that is read, in bytes.
    public static let maximumLength = 4 << 20
    /// How many cases a file may have.
    public static let maximumCases = 10_000

    /// The cases, in the order of the file.
    public let cases: [PolicyCase]
    /// Where they were read, for messages.
    public let name: String

    /// Reads a file of cases.
    ///
    /// - Parameters:
    ///   - bytes: The file, as `docs/schemas/policy-cases.schema.json` describes it.
    ///   - name: Its name, for messages.
    /// - Throws: ``Refusal`` with ``Reason/usage`` and the line and column of what is wrong.
    public init(parsing bytes: [UInt8], name: String) throws(Refusal) {
        let file = try PlacedJSON(
            parsing: bytes,
            title: "cases \(name)",
            limit: Self.maximumLength,
            kind: "a file of cases"
        )
        cases = try PolicyCasesReader(file: file).cases()
        self.name = name
    }
}

/// Reads one file of cases.
private struct PolicyCasesReader: PlacedJSONReader {
    let file: PlacedJSON

    func cases() throws(Refusal) -> [PolicyCase] {
        let root = file.root
        try object(root, "the file", keys: ["$schema", "version", "cases"])
        try version(root)
        guard let list = root["cases"] else { throw wrong(root, "no cases", expected: "\"cases\": [...]") }
        let elements = try array(list, "cases")
        guard elements.count <= PolicyCases.maximumCases else {
            throw wrong(list, "\(elements.count) cases", expected: "at most \(PolicyCases.maximumCases)")
        }
        var names: [[UInt8]: Int] = [:]
        var cases: [PolicyCase] = []
        for (index, element) in elements.enumerated() {
            let one = try policyCase(element, number: index + 1)
            if let first = names.updateValue(one.line, forKey: Array(one.name.utf8)) {
                throw wrong(element["name"] ?? element, "\(one.name) is the name of the case in line \(first)")
            }
            cases.append(one)
        }
        return cases
    }

    private func policyCase(_ node: JSONNode, number: Int) throws(Refusal) -> PolicyCase {
        try object(node, "the case", keys: ["name", "comment", "reference", "at", "found", "served", "expected"])
        let question = try question(try member("reference", of: node))
        let served = try node["served"].map { (node) throws(Refusal) in try digest(node, "served") }
        if let served, let asked = question.digest, let node = node["served"] {
            throw wrong(node, "\(served) can never count beside the digest \(asked) that is asked for")
        }
        return PolicyCase(
            name: try text(try member("name", of: node), "name"),
            number: number,
            line: place(node).line,
            question: question,
            at: try node["at"].map { (node) throws(Refusal) in try instant(node) },
            found: try finding(try member("found", of: node), question),
            served: served,
            expected: try expectation(try member("expected", of: node))
        )
    }

    private func member(_ key: String, of node: JSONNode) throws(Refusal) -> JSONNode {
        guard let member = node[key] else { throw wrong(node, "no \(key)", expected: "\"\(key)\": ...") }
        return member
    }

    private func question(_ node: JSONNode) throws(Refusal) -> ImageQuestion {
        let text = try text(node, "reference")
        do {
            return try ImageQuestion(text)
        } catch {
            throw wrong(
                node,
                "\(text) is no reference: \(error.found)",
                expected: error.expected ?? "REPO[:TAG][@DIGEST]"
            )
        }
    }

    private func instant(_ node: JSONNode) throws(Refusal) -> Instant {
        guard let instant = node.string.flatMap(Instant.init(rfc3339:)) else {
            throw wrong(node, "at is no date", expected: "such as \"2027-01-31T00:00:00Z\"")
        }
        return instant
    }

    private func reason(_ node: JSONNode, _ what: String, among reasons: [Reason]) throws(Refusal) -> Reason {
        guard let reason = reasons.first(where: { node.isString($0.code) }) else {
            throw wrong(
                node,
                "\(node.string.map { "\($0), which \(what) cannot be" } ?? "\(what) is no string")",
                expected: reasons.map(\.code).joined(separator: ", ")
            )
        }
        return reason
    }

    // MARK: What is found

    private func finding(_ node: JSONNode, _ question: ImageQuestion) throws(Refusal) -> PolicyCase.Finding {
        guard node.kind == .object else {
            let reason = try reason(node, "found", among: [.trusted] + PolicyCase.findings)
            return reason == .trusted ? .trusted(PolicyCase.Claims()) : .refused(reason)
        }
        try object(node, "found", keys: ["digest", "children", "signers", "proofs", "rootKeys", "age"])
        var claims = PolicyCase.Claims()
        claims.digest = try node["digest"].map { (node) throws(Refusal) in try digest(node, "digest") }
        if let children = node["children"] {
            guard claims.digest != nil, question.digest != nil, question.tag != nil else {
                throw wrong(
                    children,
                    "children can never count",
                    expected: "them beside the signed digest, and a reference REPO:TAG@DIGEST"
                )
            }
            claims.children = try digests(children, "children")
        }
        if let signers = node["signers"] {
            for (element, text) in try strings(signers, "signers") {
                guard let role = try? RoleName(text), !RoleName.topLevel.contains(role) else {
                    throw wrong(element, "\(text) is no name of a signer")
                }
                claims.signers.insert(text)
            }
        }
        if let proofs = node["proofs"] {
            for (element, text) in try strings(proofs, "proofs") {
                guard let tool = SignatureTool(rawValue: text) else {
                    throw wrong(
                        element,
                        "\(text) is no tool whose signatures are proofs",
                        expected: SignatureTool.allCases.map(\.rawValue).joined(separator: ", ")
                    )
                }
                claims.proofs.insert(tool)
            }
        }
        claims.rootKeys = try node["rootKeys"].map { (node) throws(Refusal) in
            try keyIDs(node, "rootKeys")
        }
        if let age = node["age"] {
            guard let seconds = age.string.flatMap(SpanWords.seconds(parsing:)) else {
                throw wrong(age, "age is no length of time", expected: "such as \"36h\" or \"14d\"")
            }
            claims.age = seconds
        }
        return .trusted(claims)
    }

    // MARK: What is expected

    private static let admissions = ["trusted", "unsigned", "excepted", "audited"]

    private func expectation(_ node: JSONNode) throws(Refusal) -> PolicyCase.Expectation {
        try object(node, "expected", keys: ["rule", "line", "pattern", "admitted", "admission", "reason"])
        guard node.count > 0 else { throw wrong(node, "nothing is expected", expected: "at least one member") }
        var expected = PolicyCase.Expectation()
        if let rule = node["rule"] { expected.rule = rule.isNull ? .some(nil) : try number(rule, "rule") }
        expected.line = try node["line"].map { (node) throws(Refusal) in try number(node, "line") }
        expected.pattern = try node["pattern"].map { (node) throws(Refusal) in try text(node, "pattern") }
        if let admitted = node["admitted"] { expected.isAdmitted = try boolean(admitted, "admitted") }
        if let admission = node["admission"] {
            guard let code = Self.admissions.first(where: admission.isString) else {
                throw wrong(
                    admission,
                    "admission is none of its values",
                    expected: Self.admissions.joined(separator: ", ")
                )
            }
            guard expected.isAdmitted != false else {
                throw wrong(admission, "an admission of what is not admitted", expected: "one of both")
            }
            expected.admission = code
        }
        if let node = node["reason"] {
            let reason = try reason(node, "reason", among: [.trusted, .policy] + PolicyCase.findings)
            let isTrusted = expected.admission.map { $0 == "trusted" }
            guard isTrusted.map({ $0 == (reason == .trusted) }) ?? true,
                reason != .trusted || expected.isAdmitted != false
            else {
                throw wrong(node, "the reason \(reason) contradicts the admission", expected: "what can come out")
            }
            expected.reason = reason
        }
        if case .some(nil) = expected.rule, let other = node["line"] ?? node["pattern"] {
            throw wrong(other, "a place in no rule", expected: "either it or \"rule\": null")
        }
        return expected
    }

    private func number(_ node: JSONNode, _ what: String) throws(Refusal) -> Int {
        guard let number = node.integer, (1...Int64(TrustPolicy.maximumLength)).contains(number) else {
            throw wrong(node, "\(what) is no number", expected: "a number from 1 on")
        }
        return Int(number)
    }
}
