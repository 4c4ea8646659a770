public import TUF

extension Updater {
    /// Searches a verified set for a target, through the roles that it is delegated to (TUF 1.0.34 §5.6.7). Only the files
    /// that the search needs are asked for, each once; those that were kept and are the listed ones are not.
    ///
    /// - Parameters:
    ///   - path: The target.
    ///   - set: The set, as ``refresh(from:now:)`` gave it.
    ///   - source: Where metadata comes from.
    /// - Returns: What is said of the target, or nil when no role that may list it does.
    /// - Throws: ``UpdateError``; a file that cannot be had or is refused ends the search.
    public func find<Source: MetadataSource>(
        _ path: TargetPath,
        in set: TrustedSet,
        from source: Source
    ) async throws(UpdateError<Source.Failure>) -> FoundTarget? {
        try await search(path, in: set, from: source)
    }

    /// As ``find(_:in:from:)``, among the files that were kept, without asking anybody.
    ///
    /// - Parameters:
    ///   - path: The target.
    ///   - set: The set, as ``offline(now:)`` gave it.
    /// - Returns: What is said of the target, or nil when no role that may list it does.
    /// - Throws: ``UpdateError``; ``UpdateError/missing(_:)`` for a file that was never had, or of another version.
    public func findOffline(
        _ path: TargetPath,
        in set: TrustedSet
    ) async throws(UpdateError<Never>) -> FoundTarget? {
        try await search(path, in: set, from: NoSource?.none)
    }

    private func search<Source: MetadataSource>(
        _ path: TargetPath,
        in set: TrustedSet,
        from source: Source?
    ) async throws(UpdateError<Source.Failure>) -> FoundTarget? {
        var walk: DelegationWalk
        do { walk = try DelegationWalk(for: path, in: set) } catch { throw .metadata(error) }
        while true {
            let step: DelegationWalk.Step
            do { step = try walk.next() } catch { throw .metadata(error) }
            switch step {
            case .found(let target): return target
            case .notFound: return nil
            case .load(let listed): try await load(listed, into: &walk, from: source)
            }
        }
    }

    private func load<Source: MetadataSource>(
        _ listed: ListedTargets,
        into walk: inout DelegationWalk,
        from source: Source?
    ) async throws(UpdateError<Source.Failure>) {
        let kept: [UInt8]?
        do { kept = try await cache.delegated(listed.role) } catch { throw .cache(error) }
        if let kept, listed.isCurrent(kept) {
            do { try walk.accept(kept) } catch { throw .metadata(error) }
            return
        }
        var bytes: [UInt8]?
        if let source {
            do {
                bytes = try await source.bytes(of: listed.file, maximumLength: listed.maximumLength)
            } catch {
                throw .source(error)
            }
        }
        guard let bytes else { throw .missing(listed.file) }
        do { try walk.accept(bytes) } catch { throw .metadata(error) }
        do { try await cache.keep(bytes, ofDelegated: listed.role) } catch { throw .cache(error) }
    }
}
