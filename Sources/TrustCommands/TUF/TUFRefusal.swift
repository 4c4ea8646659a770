import ContentTrust
import TUF
import TUFClient

extension Refusal {
    /// An update of a general TUF repository that failed, without the advice that is for trust data.
    static func tuf(_ error: UpdateError<RepositoryFilesError>, checked: String) -> Refusal {
        update(error, checked: checked) { $0.refusal(checked: checked) }.withoutNext
    }

    /// What was kept of a general TUF repository, and cannot be used.
    static func tuf(_ error: UpdateError<Never>, checked: String) -> Refusal {
        func nothing(_ never: Never) -> Refusal {}
        return update(error, checked: checked, source: nothing).withoutNext
    }

    private var withoutNext: Refusal {
        Refusal(reason, checked: checked, found: found, expected: expected, cause: cause)
    }
}
