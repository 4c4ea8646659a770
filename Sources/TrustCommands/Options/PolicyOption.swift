import ArgumentParser
import ContentTrust
import TUFClient

/// What is demanded of images.
struct PolicyOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Decide by this policy: its rules say which pins count, where trust data is, and what else is demanded.",
            valueName: "file"
        ),
        completion: .file(extensions: ["json"])
    )
    var policy: String?

    /// The policy, if one is named.
    ///
    /// - Parameters:
    ///   - store: Must say nothing beside a policy.
    ///   - verification: Must say nothing that the policy says.
    /// - Returns: The policy.
    /// - Throws: ``Refusal``.
    func policy(besides store: StoreOptions, _ verification: VerificationOptions) throws(Refusal) -> TrustPolicy? {
        guard let policy else { return nil }
        let others = [
            ("--store", store.store != nil), ("--trust-repository", store.trustRepository != nil),
            ("--max-staleness", verification.maxStaleness != nil),
            ("--trust-on-first-use", verification.trustOnFirstUse), ("--name", verification.name != nil),
        ]
        if let other = others.first(where: \.1)?.0 {
            throw Refusal(
                .usage,
                checked: "--policy \(policy)",
                found: "\(other) beside it",
                expected: "the policy to say so, in a rule"
            )
        }
        return try TrustPolicy(contentsOf: policy, now: SystemClock().now())
    }
}
