import OCI
import TUF
import TrustCrypto

/// What was written to a Notary server.
public struct NotaryExportReport: Sendable {
    /// The tags of the trust data.
    public let tags: [SignedTag]
    /// Tags that readers find on the server and the trust data does not list, and that were left there.
    public let foreignTags: [String]
    /// Such tags that were taken out.
    public let prunedTags: [String]
    /// What was made, where the server had no such collection.
    public let initialized: InitializeReport?
    /// What was published.
    public let published: PublishReport
}

extension Publisher {
    /// Writes the tags of trust data in a registry to a Notary server, for those who cannot verify anything else yet. Makes the
    /// collection there when there is none.
    ///
    /// - Parameters:
    ///   - subject: Whose trust data; it is verified first.
    ///   - location: Where it lies, if not beside the images.
    ///   - gun: The collection, by the name of its repository.
    ///   - server: The Notary server.
    ///   - prunes: Whether tags that the trust data does not list are taken out there.
    /// - Returns: What was written.
    /// - Throws: ``Refusal``, as ``TrustVerifier/trustData(of:at:)`` and ``sign(_:of:at:)->PublishReport``.
    public func exportToNotary(
        _ subject: Subject,
        at location: StoreLocation? = nil,
        as gun: Subject,
        on server: StoreLocation,
        prunes: Bool = false
    ) async throws(Refusal) -> NotaryExportReport {
        let tags = try await TrustVerifier(session: session).trustData(of: subject, at: location).signedTags()
        var initialized: InitializeReport?
        let store = try session.store(for: gun, at: server)
        do {
            if try await store.current() == nil { initialized = try await initialize(gun, at: server) }
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as TrustStoreError {
            throw Refusal.store(error, store: store.name, subject: gun)
        } catch {
            throw Refusal(.internalDefect, checked: store.name, found: "\(error)", cause: error)
        }
        guard let notary = try await notary(gun, at: server) else {
            throw Refusal(.usage, checked: store.name, found: "not a Notary server", expected: "notary+https://HOST")
        }
        var changes: [TargetPath: TargetRecord?] = [:]
        for tag in tags {
            changes[try path(tag.tag, subject)] = .some(TargetRecord(length: tag.size, hashes: [tag.digest]))
        }
        let state = try await notary.reader.state()
        var foreign: Set<TargetPath> = []
        do throws(TUFError) {
            for file in [state.set.targets] + [state.delegated[Dialect.releases]].compactMap({ $0 }) {
                try file.payload.forEach { (path, _) throws(TUFError) in
                    if changes[path] == nil { foreign.insert(path) }
                }
            }
        } catch {
            throw notary.refused(error, .targets)
        }
        if prunes { for path in foreign { changes[path] = .some(nil) } }
        let published = try await notary.publish(changes, as: nil)
        let names = foreign.map(\.string).sorted()
        return NotaryExportReport(
            tags: tags,
            foreignTags: prunes ? [] : names,
            // One that somebody else has taken out meanwhile is gone as well.
            prunedTags: prunes ? names : [],
            initialized: initialized,
            published: published
        )
    }
}
