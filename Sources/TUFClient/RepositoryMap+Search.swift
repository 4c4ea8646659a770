public import TUF

/// What a repository answers to the question for a target.
public enum RepositoryAnswer<Failure: Error>: Sendable {
    /// It lists the target.
    case lists(FoundTarget)
    /// It was verified, and no role that may list the target does.
    case doesNotList
    /// It could not be asked, or its metadata was refused.
    case failed(Failure)
}

/// A mapping that did not come to a target, and what its repositories answered.
public struct MapShortfall<Failure: Error>: Sendable {
    /// The mapping.
    public let mapping: RepositoryMap.Mapping
    /// The most repositories that agree.
    public let agreeing: Int
    /// All its repositories, in its order.
    public let answers: [(repository: RepositoryLabel, answer: RepositoryAnswer<Failure>)]
}

/// Why a map comes to no target.
public enum MapSearchError<Failure: Error>: Error {
    /// No mapping is for the target.
    case notMapped
    /// All repositories that are to be asked answered, and none lists the target. One entry for each mapping.
    case notListed([MapShortfall<Failure>])
    /// Some list the target, and too few of them agree, whatever those that failed would have said.
    case thresholdNotMet(MapShortfall<Failure>)
    /// Too few agree, and those that failed could have made it enough.
    case undetermined(MapShortfall<Failure>)
}

extension RepositoryMap {
    // Not optimized: the optimizer of Swift 6.3.1 aborts on this generic function with a typed error.
    /// Searches for a target (TAP 4): the repositories of the first mapping that is for it are asked in their order, until as
    /// many agree as the threshold demands. Only where that does not come to a target, and the mapping does not terminate, the
    /// next one is looked at.
    ///
    /// A repository that fails does not count, and does not stop the others. Where the answer could have been another one
    /// without its failure, the search ends: else whoever can cut a connection would choose which mapping decides.
    ///
    /// - Parameters:
    ///   - path: The target.
    ///   - ask: Asks a repository; called at most once for each.
    /// - Returns: The target, and who agrees on it.
    /// - Throws: ``MapSearchError``.
    @_optimize(none)
    public func find<Failure: Error>(
        _ path: TargetPath,
        asking ask: @Sendable (RepositoryLabel) async -> RepositoryAnswer<Failure>
    ) async throws(MapSearchError<Failure>) -> AgreedTarget {
        try await search(path, asking: ask).get()
    }

    /// As ``find(_:asking:)``.
    private func search<Failure: Error>(
        _ path: TargetPath,
        asking ask: @Sendable (RepositoryLabel) async -> RepositoryAnswer<Failure>
    ) async -> Result<AgreedTarget, MapSearchError<Failure>> {
        var known: [RepositoryLabel: RepositoryAnswer<Failure>] = [:]
        var shortfalls: [MapShortfall<Failure>] = []
        for mapping in mappings where mapping.matches(path) {
            var vouchers: [AgreedTarget.Voucher] = []
            var failures = 0
            var best: AgreedTarget?
            var answers: [(repository: RepositoryLabel, answer: RepositoryAnswer<Failure>)] = []
            for repository in mapping.repositories {
                let answer: RepositoryAnswer<Failure>
                if let earlier = known[repository] { answer = earlier } else { answer = await ask(repository) }
                known[repository] = answer
                answers.append((repository, answer))
                switch answer {
                case .lists(let target): vouchers.append(AgreedTarget.Voucher(repository: repository, target: target))
                case .doesNotList: continue
                case .failed: failures += 1
                }
                best = AgreedTarget.largest(of: vouchers)
                if let best, best.vouchers.count >= mapping.threshold { return .success(best) }
            }
            let agreeing = best?.vouchers.count ?? 0
            let shortfall = MapShortfall(mapping: mapping, agreeing: agreeing, answers: answers)
            guard failures == 0 || agreeing + failures < mapping.threshold else {
                return .failure(.undetermined(shortfall))
            }
            shortfalls.append(shortfall)
            if mapping.isTerminating { break }
        }
        guard !shortfalls.isEmpty else { return .failure(.notMapped) }
        guard let contested = shortfalls.first(where: \.isContested) else { return .failure(.notListed(shortfalls)) }
        return .failure(.thresholdNotMet(contested))
    }
}

extension MapShortfall {
    /// Whether any repository lists the target.
    fileprivate var isContested: Bool {
        answers.contains { if case .lists = $0.answer { true } else { false } }
    }
}
