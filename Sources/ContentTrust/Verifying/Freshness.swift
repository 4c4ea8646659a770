import TUF

/// Whether trust data is fresh enough, where that is asked for.
enum Freshness {
    /// How many seconds a timestamp may be issued in the future: clocks differ.
    private static let clockTolerance: Int64 = 300

    /// What is wrong with the freshness of trust data.
    ///
    /// - Parameters:
    ///   - issued: When the timestamp was signed, as it says itself.
    ///   - lastCheck: When the store was last asked with success.
    ///   - now: The time.
    ///   - maximum: How many seconds ago both may have been.
    /// - Returns: What was found; nil when nothing is wrong.
    static func problem(issued: Instant?, lastCheck: Instant, at now: Instant, maximum: Int64) -> String? {
        guard let issued else { return "the timestamp does not say when it was signed" }
        let age = now.seconds(since: issued)
        guard age >= -clockTolerance else {
            return "signed at \(issued), which is in the future of this machine's clock (\(now))"
        }
        guard age <= maximum else { return "signed at \(issued), \(age) s ago" }
        let unasked = now.seconds(since: lastCheck)
        return unasked <= maximum ? nil : "last asked for at \(lastCheck), \(unasked) s ago"
    }

    /// The refusal of what is not fresh enough.
    static func refusal(_ subject: Subject, found: String, maximum: Int64, next: String?) -> Refusal {
        Refusal(
            .expired,
            checked: "freshness of the trust data of \(subject)",
            found: found,
            expected: "at most \(maximum) s",
            next: next
        )
    }
}
