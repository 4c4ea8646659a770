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
        var roles = DelegatedRoles(of: set)
        return try await search(path, in: &roles, from: source)
    }

    /// As above, asking for no file that an earlier search had.
    ///
    /// - Parameters:
    ///   - path: The target.
    ///   - roles: The set, with the files that earlier searches had; this one adds those that it needs.
    ///   - source: Where metadata comes from.
    /// - Returns: What is said of the target, or nil when no role that may list it does.
    /// - Throws: ``UpdateError``.
    public func find<Source: MetadataSource>(
        _ path: TargetPath,
        in roles: inout DelegatedRoles,
        from source: Source
    ) async throws(UpdateError<Source.Failure>) -> FoundTarget? {
        try await search(path, in: &roles, from: source)
    }

    /// Searches among the files that were kept, without asking anybody.
    ///
    /// - Parameters:
    ///   - path: The target.
    ///   - roles: The set, as ``offline(now:)`` gave it; the search adds the files that it needs.
    /// - Returns: What is said of the target, or nil when no role that may list it does.
    /// - Throws: ``UpdateError``; ``UpdateError/missing(_:)`` for a file that was never had, or of another version.
    public func findOffline(
        _ path: TargetPath,
        in roles: inout DelegatedRoles
    ) async throws(UpdateError<Never>) -> FoundTarget? {
        try await search(path, in: &roles, from: NoSource?.none)
    }

    /// The file of a delegated role: the one that was kept, if it is the listed one, else the source's, which is kept then.
    ///
    /// - Parameters:
    ///   - listed: Which file of which role.
    ///   - source: Where metadata comes from; nil asks nobody.
    /// - Returns: The file, verified.
    /// - Throws: ``UpdateError``; ``UpdateError/missing(_:)`` when the file is nowhere.
    public func file<Source: MetadataSource>(
        _ listed: ListedTargets,
        from source: Source?
    ) async throws(UpdateError<Source.Failure>) -> LoadedTargets {
        let kept: [UInt8]?
        do { kept = try await cache.delegated(listed.role) } catch { throw .cache(error) }
        if let kept {
            do {
                if let file = try listed.loadStored(kept) { return file }
            } catch {
                throw .metadata(error)
            }
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
        let file: LoadedTargets
        do { file = try listed.load(bytes, after: kept) } catch { throw .metadata(error) }
        do { try await cache.keep(bytes, ofDelegated: listed.role) } catch { throw .cache(error) }
        return file
    }

    private func search<Source: MetadataSource>(
        _ path: TargetPath,
        in roles: inout DelegatedRoles,
        from source: Source?
    ) async throws(UpdateError<Source.Failure>) -> FoundTarget? {
        var walk: DelegationWalk
        do { walk = try DelegationWalk(for: path, in: roles) } catch { throw .metadata(error) }
        defer { roles = walk.roles }
        while true {
            let step: DelegationWalk.Step
            do { step = try walk.next() } catch { throw .metadata(error) }
            switch step {
            case .found(let target): return target
            case .notFound: return nil
            case .load(let listed):
                let file = try await file(listed, from: source)
                do { try walk.accept(file) } catch { throw .metadata(error) }
            }
        }
    }
}
