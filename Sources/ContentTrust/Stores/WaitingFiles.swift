import OCIRegistry
import TUF
import TrustCrypto

/// The files of signers that wait in a store.
///
/// A store has a few places for them, so that they are few to look at and never more stay behind. A file is put into an empty
/// place if there is one, chosen at random, else beside others. Registries cannot write conditionally: two signers who take the
/// same place at the same moment find out by looking again, twice, and the one whose file is gone puts it anew.
///
/// Everybody who can write to the store can fill the places. What no signer has signed makes room for what one has.
struct WaitingFiles: Sendable {
    let places: [any WaitingPlace]

    /// How often a file is put at most.
    private static let maximumRounds = 12
    /// How many files lie in one place at most; more are not looked at.
    private static let maximumCount = 16
    /// How many bytes are read at most, whatever lies there.
    private static let maximumBytes = 64 << 20

    /// A file in one of the places, whose name fits one of the roles.
    private struct Found {
        enum Content {
            case unread
            /// Nobody's change, or a copy of one that has no signature of its own.
            case nonsense
            case change(TargetsProposal)
        }

        let place: Int
        let file: TrustDataDocument.File
        let role: RoleName
        var content = Content.unread

        var isNonsense: Bool { if case .nonsense = content { true } else { false } }
        var change: TargetsProposal? { if case .change(let change) = content { change } else { nil } }
    }

    /// The changes that wait, each once, with the signatures of all its copies.
    ///
    /// - Parameter roles: Whose.
    /// - Returns: The changes, each signed by at least one key of its role, by role and version.
    /// - Throws: ``TrustStoreError``.
    func read(_ roles: WaitingRoles) async throws(TrustStoreError) -> [TargetsProposal] {
        guard !roles.versions.isEmpty else { return [] }
        let found = try await look(into: Self.named(try await contents(), roles), roles)
        var changes: [Digest: TargetsProposal] = [:]
        for change in found.compactMap(\.change) {
            changes[change.identity] = (try? change.withGoodSignatures(and: changes[change.identity])) ?? change
        }
        return changes.values.sorted {
            ($0.authority.role, $0.proposed.common.version, $0.identity.hex)
                < ($1.authority.role, $1.proposed.common.version, $1.identity.hex)
        }
    }

    /// Puts a change into a place. Signatures that others have added to the same change meanwhile are put with it.
    ///
    /// - Parameters:
    ///   - change: The change.
    ///   - known: The changes of its role that went into it, and in whose stead it lies there; any other is a conflict. Nil
    ///     leaves other changes alone.
    ///   - roles: All signers.
    /// - Returns: The change as it lies there.
    /// - Throws: ``PublishError``.
    func put(
        _ change: TargetsProposal,
        replacing known: Set<Digest>?,
        _ roles: WaitingRoles
    ) async throws(PublishError) -> TargetsProposal {
        let role = change.authority.role
        for _ in 0..<Self.maximumRounds {
            do {
                let contents = try await self.contents()
                let named = Self.named(contents, roles)
                let own = try await look(into: named.filter { $0.role == role }, roles)
                var new = change
                for copy in own.compactMap(\.change) where copy.identity == change.identity {
                    new = try new.withGoodSignatures(and: copy)
                }
                let others = Set(own.compactMap(\.change?.identity)).subtracting([change.identity])
                if let known, !others.isSubset(of: known) {
                    throw PublishError.conflict("somebody else changed what waits for \(role) at the same moment")
                }
                let file = TrustDataDocument.File(name: new.file.file.name, bytes: new.file.bytes)
                let superseded = own.filter { found in
                    switch found.content {
                    case .nonsense: true
                    case .unread: found.file.name == file.name
                    case .change(let other):
                        other.identity == change.identity || known?.contains(other.identity) ?? false
                    }
                }
                guard
                    let (index, kept) = try await place(for: file, instead: superseded, of: named, roles)
                else { break }
                guard try await places[index].write(kept + [file], new: [new.file.bytes], after: contents[index]) else {
                    continue
                }
                guard try await isThere(file, in: index) else { continue }
                // Another signer may have looked before this file was there, and write later.
                try await Task.sleep(for: .milliseconds(400))
                if try await isThere(file, in: index) { return new }
            } catch let error as TrustStoreError {
                throw .store(error)
            } catch let error as PublishError {
                throw error
            } catch let error as TUFError {
                throw .refused(Refusal.metadata(error, checked: "the change of \(role)", pin: nil))
            } catch {
                throw .store(.registry(.cancelled))
            }
        }
        throw .conflict("other signers are submitting changes at this moment, or too many changes wait")
    }

    /// Takes away a change that waits, with all its copies.
    ///
    /// - Parameters:
    ///   - change: The change.
    ///   - roles: All signers.
    /// - Throws: ``PublishError``.
    func remove(_ change: TargetsProposal, _ roles: WaitingRoles) async throws(PublishError) {
        do throws(TrustStoreError) {
            for _ in 0..<Self.maximumRounds {
                let contents = try await self.contents()
                let named = Self.named(contents, roles)
                let own = try await look(into: named.filter { $0.role == change.authority.role }, roles)
                let copies = own.filter { $0.change?.identity == change.identity }
                if copies.isEmpty { return }
                for index in Set(copies.map(\.place)) {
                    let gone = own.filter {
                        $0.place == index && ($0.isNonsense || $0.change?.identity == change.identity)
                    }
                    let kept = Self.files(named, in: index, without: gone)
                    _ = try await places[index].write(kept, new: [], after: contents[index])
                }
            }
        } catch {
            throw .store(error)
        }
        throw .conflict("others are changing what waits at this moment")
    }

    // MARK: Places

    private func contents() async throws(TrustStoreError) -> [WaitingContents?] {
        let places = places
        return try await Concurrently.map(places, width: 4) { (place) throws(TrustStoreError) in try await place.read()
        }
    }

    private func isThere(_ file: TrustDataDocument.File, in index: Int) async throws(TrustStoreError) -> Bool {
        try await places[index].read()?.files.contains(file) ?? false
    }

    /// The place for a file, and which files stay there.
    private func place(
        for file: TrustDataDocument.File,
        instead superseded: [Found],
        of named: [Found],
        _ roles: WaitingRoles
    ) async throws(TrustStoreError) -> (index: Int, kept: [TrustDataDocument.File])? {
        func room(_ indices: some Sequence<Int>, without gone: [Found]) -> [(Int, [TrustDataDocument.File])] {
            indices.map { ($0, Self.files(named, in: $0, without: gone)) }.filter { _, kept in
                // Two files of one name cannot lie in a directory.
                kept.count < Self.maximumCount && !kept.contains { $0.name == file.name }
            }
        }
        // A copy of the same change first, so that its signatures do not lie apart.
        let own = superseded.filter { $0.file.name == file.name && $0.change != nil } + superseded
        if let place = room(own.map(\.place), without: superseded).first { return place }
        let all = room(places.indices, without: [])
        if let place = all.filter(\.1.isEmpty).randomElement() ?? all.randomElement() { return place }
        let nonsense = try await look(into: named, roles).filter(\.isNonsense)
        return room(places.indices, without: nonsense).randomElement()
    }

    private static func files(
        _ named: [Found],
        in index: Int,
        without gone: [Found]
    ) -> [TrustDataDocument.File] {
        let gone = Set(gone.filter { $0.place == index }.map(\.file))
        return named.filter { $0.place == index && !gone.contains($0.file) }.map(\.file)
    }

    // MARK: Files

    /// The files whose names fit.
    private static func named(_ contents: [WaitingContents?], _ roles: WaitingRoles) -> [Found] {
        contents.enumerated().flatMap { index, contents in
            var seen: Set<TrustDataDocument.File> = []
            let found = (contents?.files ?? []).compactMap { file -> Found? in
                guard file.size <= Int64(WaitingContents.maximumLength), let (role, _) = roles.parse(file.name),
                    seen.insert(file).inserted
                else { return nil }
                return Found(place: index, file: file, role: role)
            }
            return found.prefix(maximumCount)
        }
    }

    /// Reads files, small ones first: nobody can hide a change behind a heap of large ones. Those that are too much stay
    /// unread.
    private func look(into named: [Found], _ roles: WaitingRoles) async throws(TrustStoreError) -> [Found] {
        var found = named
        var room = Int64(Self.maximumBytes)
        var whole: [Digest: TargetsProposal] = [:]
        for index in found.indices.sorted(by: { found[$0].file.size < found[$1].file.size }) {
            let file = found[index].file
            guard file.size <= room else { break }
            room -= file.size
            found[index].content = .nonsense
            guard let bytes = try await places[found[index].place].bytes(of: file),
                let change = roles.change(in: bytes, named: file.name)
            else { continue }
            let known = whole[change.identity]
            guard let merged = try? change.withGoodSignatures(and: known), let signers = try? merged.signers(),
                signers != (try? known?.signers())
            else { continue }
            whole[change.identity] = merged
            found[index].content = .change(change)
        }
        return found
    }
}
