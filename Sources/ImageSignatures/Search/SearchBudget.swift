/// What one search may still read, in all places together: who may push signatures must not decide how much is fetched.
///
/// When something does not fit any more the search is over, and all that would have come after it is a place that could not be
/// looked at.
struct SearchBudget {
    private var signatures = SignatureLimits.maximumSignatures
    private var bytes = Int64(SignatureLimits.maximumSearchBytes)
    private var end: LookProblem?

    /// Whether nothing more is read.
    var isSpent: Bool { end != nil }

    /// Takes one signature.
    ///
    /// - Throws: ``LookProblem/tooMany(limit:)``, or what ended the search before.
    mutating func takeSignature() throws(LookProblem) {
        if let end { throw end }
        guard signatures > 0 else { throw ended(by: .tooMany(limit: SignatureLimits.maximumSignatures)) }
        signatures -= 1
    }

    /// Takes so many bytes.
    ///
    /// - Throws: ``LookProblem/tooMuch(limit:)``, or what ended the search before.
    mutating func take(bytes count: Int64) throws(LookProblem) {
        if let end { throw end }
        guard count <= bytes else { throw ended(by: .tooMuch(limit: SignatureLimits.maximumSearchBytes)) }
        bytes -= count
    }

    private mutating func ended(by problem: LookProblem) -> LookProblem {
        end = problem
        return problem
    }
}
