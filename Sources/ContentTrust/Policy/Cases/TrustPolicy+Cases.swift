import ImageSignatures
public import TUF
import TrustCrypto

extension TrustPolicy {
    /// Tries the policy with cases. Decides as ``ImageVerifier`` does, but for what verification finds, which the cases say.
    ///
    /// - Parameters:
    ///   - cases: The cases.
    ///   - now: The time, for cases that name none.
    /// - Returns: What came out, in the order of the cases.
    /// - Throws: ``Refusal`` with ``Reason/usage`` for a case that says what cannot be told under the rule that counts.
    public func outcomes(of cases: PolicyCases, at now: Instant) async throws(Refusal) -> [PolicyCase.Outcome] {
        var outcomes: [PolicyCase.Outcome] = []
        for one in cases.cases { outcomes.append(try await outcome(of: one, in: cases.name, at: one.at ?? now)) }
        return outcomes
    }

    /// The rules that counted in none of the outcomes.
    ///
    /// - Parameter outcomes: The outcomes.
    /// - Returns: The rules, in the order of the file.
    public func rules(withoutCaseIn outcomes: [PolicyCase.Outcome]) -> [Rule] {
        let reached = Set(outcomes.compactMap { $0.rule?.rule.number })
        return rules.filter { !reached.contains($0.number) }
    }

    private func outcome(of one: PolicyCase, in file: String, at now: Instant) async throws(Refusal)
        -> PolicyCase.Outcome
    {
        var mistake: Refusal?
        let outcome = await self.outcome(
            of: one.question.subject,
            tag: one.question.tag,
            digest: one.question.digest,
            at: now,
            verify: { (rule) async throws(Refusal) in
                if let found = one.contradiction(under: rule, in: file) {
                    mistake = found
                    throw found
                }
                try await one.verify(under: rule, at: now)
            },
            servedDigest: { one.served }
        )
        if let mistake { throw mistake }
        var refusal: Refusal?
        if case .failure(let error) = outcome.found { refusal = error }
        return PolicyCase.Outcome(
            testedCase: one,
            rule: outcome.rule,
            refusal: refusal,
            admission: outcome.admission,
            differences: one.expected.differences(
                rule: outcome.rule,
                reason: refusal?.reason ?? .trusted,
                admission: outcome.admission
            )
        )
    }
}

extension PolicyCase {
    /// What the case says and nobody can tell under a rule: whether keys are those of a pinned file, or of a pin elsewhere.
    fileprivate func contradiction(under rule: TrustPolicy.Rule, in file: String) -> Refusal? {
        guard case .trusted(let claims) = found, claims.rootKeys != nil else { return nil }
        if let pin = rule.pin(for: dialect(under: rule)), case .keys = pin.anchor { return nil }
        guard rule.pins.isEmpty || rule.pin(for: dialect(under: rule)) != nil else { return nil }
        return Refusal(
            .usage,
            checked: "cases \(file) line \(line)",
            found: "rootKeys in the case \(name), and rule \(rule.number) (line \(rule.line)) names no keys",
            expected: "found without rootKeys, or \"wrong-root\""
        )
    }

    private func dialect(under rule: TrustPolicy.Rule) -> Dialect {
        (rule.store ?? question.subject.defaultLocation).dialect
    }

    /// Refuses as verification would that found this, in the order in which it asks.
    fileprivate func verify(under rule: TrustPolicy.Rule, at now: Instant) async throws(Refusal) {
        let dialect = dialect(under: rule)
        let pin = rule.pin(for: dialect)
        func refused(_ reason: Reason, _ words: String) -> Refusal {
            Refusal(reason, checked: question.reference, found: words)
        }
        let claims: Claims
        switch found {
        case .refused(let reason):
            guard reason != .unsignedRepository || pin == nil else {
                throw refused(.trustDataMissing, "no trust data, and the rule pins it")
            }
            throw refused(reason, "by the word of the case")
        case .trusted(let said): claims = said
        }
        guard rule.pins.isEmpty || pin != nil else {
            throw refused(.noPin, "the rule pins nothing of the dialect \(dialect.name)")
        }
        if let keys = claims.rootKeys, case .keys(let ids, let threshold) = pin?.anchor {
            let valid = keys.intersection(ids).count
            guard valid >= threshold else { throw refused(.wrongRoot, "\(valid) of the pinned keys, of \(threshold)") }
        }
        if let maximum = rule.maximumStaleness {
            let issued = now.advanced(bySeconds: -claims.age)
            if let words = Freshness.problem(issued: issued, lastCheck: now, at: now, maximum: maximum) {
                throw Freshness.refusal(question.subject, found: words, maximum: maximum, next: nil)
            }
        }
        if let asked = question.digest, let signed = claims.digest, asked != signed {
            let refusal = refused(
                question.tag == nil ? .unsignedTag : .tagMoved,
                "\(signed) is signed, and not \(asked)"
            )
            guard let child = rule.child(insteadOf: asked, after: refusal), claims.children.contains(child) else {
                throw refusal
            }
        }
        try await rule.signers?.check(
            question.reference,
            digest: claims.digest ?? question.digest,
            reference: ShellWord.quoted(question.reference)
        ) { claims.signers.contains($0) ? [$0] : nil }
        try check(rule.proofs, claims)
    }

    /// Refuses what lacks a proof. In a layout none are looked for, so that there all of them are missing.
    private func check(_ proofs: [TrustPolicy.RequiredProof], _ claims: Claims) throws(Refusal) {
        var found = claims.proofs
        if case .layout = question.subject { found = [] }
        guard let missing = proofs.first(where: { !found.contains($0.tool) }) else { return }
        throw Refusal(
            .policy,
            checked: "signatures of other tools of \(question.reference)",
            found: "none of \(missing.tool.rawValue)",
            expected: "one under \(missing.files.joined(separator: ", "))"
        )
    }
}

extension PolicyCase.Expectation {
    /// What came out otherwise.
    fileprivate func differences(
        rule: (rule: TrustPolicy.Rule, pattern: RepositoryPattern)?,
        reason: Reason,
        admission: Decision.Admission?
    ) -> [PolicyCase.Difference] {
        var differences: [PolicyCase.Difference] = []
        func compare(_ member: String, _ expected: String?, _ found: String?) {
            guard let expected, expected != found ?? "none" else { return }
            differences.append(PolicyCase.Difference(member: member, expected: expected, found: found ?? "none"))
        }
        compare("rule", self.rule.map { $0.map(String.init) ?? "none" }, rule.map { "\($0.rule.number)" })
        compare("line", line.map(String.init), rule.map { "\($0.rule.line)" })
        compare("pattern", pattern, rule?.pattern.description)
        compare("admitted", isAdmitted.map(String.init), "\(admission != nil)")
        compare("admission", self.admission, admission?.code)
        compare("reason", self.reason?.code, reason.code)
        return differences
    }
}
