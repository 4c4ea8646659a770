import ContentTrust
import Harness
import TUF

/// The time of all decisions.
private let now = Instant(secondsSinceEpoch: 1_800_000_000)

/// A policy and, behind a zero byte, cases: whatever the bytes are, no trap; what is read decides as it says, and what is made of
/// another program's configuration can be read.
@c(LLVMFuzzerTestOneInput)
public func fuzzPolicy(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let parts = fuzzInput(start, count).split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let first = Array(parts.first ?? [])
    checkImport(first)
    let cases = parts.dropFirst().first.flatMap { try? PolicyCases(parsing: Array($0), name: "cases") }
    guard let policy = try? policy(first) else { return 0 }
    checkRules(policy)
    if let cases { checkCases(cases, policy) }
    return 0
}

private func policy(_ bytes: [UInt8]) throws(Refusal) -> TrustPolicy {
    try TrustPolicy(parsing: bytes, name: "policy", now: now) { (file) throws(Refusal) in
        throw Refusal(.storage, checked: file, found: "no files here")
    }
}

// MARK: Rules

private func checkRules(_ policy: TrustPolicy) {
    let patterns = policy.rules.flatMap(\.repositories)
    require(Set(patterns).count == patterns.count, "a pattern stands twice")
    for rule in policy.rules {
        require(Set(rule.pins.map(\.dialect)).count == rule.pins.count, "two pins of a dialect")
        require(rule.pins.isEmpty || rule.unsigned == .refused, "pins beside unsigned")
        if let signers = rule.signers {
            require((1...signers.names.count).contains(signers.threshold), "a threshold that nothing can meet")
        }
    }
    for pattern in patterns.prefix(64) {
        require((try? RepositoryPattern(parsing: pattern.description)) == pattern, "a pattern does not come back")
        // What a star stands for has a letter that no pattern of the corpus has, and one that all could have.
        for star in ["q", "1"] {
            let name = pattern.description.split(separator: "*", omittingEmptySubsequences: false).joined(
                separator: star
            )
            checkRule(name, policy, patterns)
        }
    }
    for name in ["docker.io/library/alpine", "r.io/a", "registry.example.com:5000/team/app"] {
        checkRule(name, policy, patterns)
    }
}

private func checkRule(_ name: String, _ policy: TrustPolicy, _ patterns: [RepositoryPattern]) {
    let found = policy.rule(for: name)
    require((found == nil) == !patterns.contains { $0.matches(name) }, "a rule is missed, or made up")
    guard let (rule, pattern) = found, let slash = name.firstIndex(of: "/") else { return }
    require(pattern.matches(name) && rule.repositories.contains(pattern), "a rule that is not for it")
    let exact = patterns.contains { $0.description == name }
    require(!exact || pattern.description == name, "a pattern comes before a name")
    // However the registry is written, nobody gets another rule.
    let other = name[..<slash].uppercased() + name[slash...]
    require(policy.rule(for: other)?.rule.number == rule.number, "capital letters get another rule")
}

// MARK: Cases

private func checkCases(_ cases: PolicyCases, _ policy: TrustPolicy) {
    let outcomes = blocking { try? await policy.outcomes(of: cases, at: now) }
    guard let outcomes else { return }
    require(outcomes.count == cases.cases.count, "a case without an outcome")
    for outcome in outcomes {
        let isTrusted = outcome.reason == .trusted
        require((outcome.admission == .trusted) == isTrusted, "admitted as trusted, and is not")
        guard let (rule, pattern) = outcome.rule else {
            require(outcome.admission == nil && outcome.reason == .policy, "admitted without a rule")
            continue
        }
        require(pattern.matches(outcome.testedCase.question.subject.description), "a rule that is not for it")
        if rule.isRefused {
            require(outcome.reason == .policy, "a rule that refuses, and does not")
            require(
                !rule.exceptions.isEmpty || rule.isAudited || outcome.admission == nil,
                "refused outright, and admitted"
            )
        }
        switch outcome.admission {
        case nil, .trusted: break
        case .unsigned:
            require(outcome.reason == .unsignedRepository && rule.unsigned != .refused, "admitted as unsigned")
        case .excepted(let exception): require(rule.exceptions.contains(exception), "an exception that is not there")
        case .audited: require(rule.isAudited, "audited without being so")
        }
    }
    require(
        policy.rules(withoutCaseIn: outcomes).count + Set(outcomes.compactMap { $0.rule?.rule.number }).count
            == policy.rules.count,
        "a rule with and without a case"
    )
}

// MARK: Import

private func checkImport(_ bytes: [UInt8]) {
    let source = PolicyImport.Source(name: "f", bytes: bytes, folder: "/f/")
    guard let made = try? PolicyImport(of: [source]) else { return }
    require(!made.notes.isEmpty, "nothing is said of it")
    do {
        let policy = try policy(made.text)
        require(policy.rules.allSatisfy { $0.exceptions.isEmpty && $0.signers == nil }, "made up")
        require(policy.rule(for: "r.io/a") != nil, "no rule for the rest")
    } catch {
        // Authorities are in files.
        require(error.reason == .storage, "a policy that is none: \(error)")
    }
}
