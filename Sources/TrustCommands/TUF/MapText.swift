import ContentTrust
import TUF
import TUFClient
import TrustCrypto

/// What is told of a map file and its repositories.
enum MapText {
    typealias Failure = MappedRepositoryError<RepositoryFilesError>

    /// What is wrong with a map file.
    static func words(_ error: RepositoryMapError) -> String {
        switch error {
        case .notJSON(let error): "not a JSON document that can be read: \(error)"
        case .malformed(let field): "\(field) is missing or of the wrong form"
        case .tooMany(let field, let limit): "\(field) has more than \(limit) entries"
        case .unsafeName(let name):
            "the repository name \"\(name)\", which is none: 1 to 64 letters, digits and ._- (a letter or digit first)"
        case .clashingNames(let one, let other):
            "the repositories \(one) and \(other), which have one directory on some file systems"
        case .unknownRepository(let name, let field): "\(field) has \(name), which the map does not define"
        case .repeatedRepository(let name, let field): "\(field) has \(name) twice"
        case .thresholdTooHigh(let field, let count): "\(field) is more than its \(count) repositories"
        }
    }

    /// Why a repository gives no answer: as its first copy puts it, and what the others found.
    static func refusal(_ error: Failure, of repository: RepositoryLabel, _ places: MappedPlaces) -> Refusal {
        switch error {
        case .noTrustedRoot:
            return Refusal(
                .noPin,
                checked: "the trusted root of \(repository)",
                found: "none",
                next: "with a root file that you trust: trustctl tuf init FILE --metadata-dir DIR --map MAP "
                    + "--repository \(repository)"
            )
        case .allMirrorsFailed(let errors):
            let mirrors = places.map.mirrors[repository] ?? []
            let refusals = zip(mirrors, errors).map { Refusal.tuf($1, checked: "the metadata in \($0.metadata)") }
            guard let first = refusals.first else {
                return Refusal(.internalDefect, checked: "the repository \(repository)", found: "no place to ask")
            }
            guard refusals.count > 1 else { return first }
            return Refusal(
                first.reason,
                checked: "all copies of \(repository)",
                found: refusals.map(\.description).joined(separator: "; "),
                cause: error
            )
        }
    }

    /// Why a map comes to no target.
    static func refusal(_ error: MapSearchError<Failure>, checked: String, _ places: MappedPlaces) -> Refusal {
        switch error {
        case .notMapped:
            return Refusal(
                .policy,
                checked: checked,
                found: "no mapping of the map is for it",
                expected: "a pattern that matches segment by segment: * is for names without a slash"
            )
        case .notListed(let shortfalls):
            return Refusal(
                .unsignedTag,
                checked: checked,
                found: shortfalls.map { words($0, places) }.joined(separator: "; "),
                expected: "a name as the metadata has it"
            )
        case .thresholdNotMet(let shortfall):
            return refusal(.badSignature, shortfall, checked: checked, places)
        case .undetermined(let shortfall):
            return refusal(reason(of: shortfall, places), shortfall, checked: checked, places)
        }
    }

    private static func refusal(
        _ reason: Reason,
        _ shortfall: MapShortfall<Failure>,
        checked: String,
        _ places: MappedPlaces
    ) -> Refusal {
        Refusal(
            reason,
            checked: checked,
            found: words(shortfall, places),
            expected: "the same length and digests from \(shortfall.mapping.threshold) of "
                + "\(shortfall.mapping.repositories.count) repositories"
        )
    }

    /// That of the first repository that failed.
    private static func reason(of shortfall: MapShortfall<Failure>, _ places: MappedPlaces) -> Reason {
        for (repository, answer) in shortfall.answers {
            if case .failed(let error) = answer { return refusal(error, of: repository, places).reason }
        }
        return .badSignature
    }

    /// What each repository of a mapping answered.
    private static func words(_ shortfall: MapShortfall<Failure>, _ places: MappedPlaces) -> String {
        shortfall.answers.map { repository, answer in
            switch answer {
            case .lists(let target):
                let record = target.record
                let digest = record.digest(.sha256) ?? record.hashes.first
                return "\(repository) has \(record.length) bytes of \(digest?.description ?? "no known digest")"
            case .doesNotList:
                return "\(repository) does not list it"
            case .failed(let error):
                let refusal = refusal(error, of: repository, places)
                return "\(repository) gives no answer (\(refusal))"
            }
        }.joined(separator: "; ")
    }
}
