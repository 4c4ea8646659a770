import OCI
import TUF
import TUFClient
import TrustCrypto

/// What following a collection to trust data in a registry found.
public struct FollowedHandOver: Sendable {
    /// The collection.
    public let gun: String
    /// The version of the newest of Notary's roots, whose keys hand over.
    public let notaryRoot: Int64
    /// The pin for the trust data, which was added unless it was there.
    public let pin: Pin
    /// Whether the pin is new on this machine.
    public let isNew: Bool
}

extension TrustVerifier {
    /// Follows a Notary collection that is pinned here to the trust data that its root key holders made of it, and pins that.
    /// Nothing new is trusted: the statement is signed by as many of the collection's root keys as had to sign its own root.
    ///
    /// - Parameters:
    ///   - gun: The collection, by the name of its repository; it must be pinned.
    ///   - subject: The repository that has the trust data.
    ///   - location: Where its trust data lies, if not beside the images.
    ///   - replacing: Whether the pin may take the place of another one of the repository.
    /// - Returns: What was found and pinned.
    /// - Throws: ``Refusal``: ``Reason/noPin`` for a collection that is not pinned, ``Reason/unsignedRepository`` when there is
    ///   no trust data, ``Reason/wrongRepository`` for trust data that does not come from the collection,
    ///   ``Reason/wrongRoot`` when others have signed it, ``Reason/rollback`` when the collection had a newer root, and what
    ///   verifying the trust data finds.
    public func follow(
        _ gun: Subject,
        to subject: Subject,
        at location: StoreLocation? = nil,
        replacing: Bool = false
    ) async throws(Refusal) -> FollowedHandOver {
        let name = gun.description
        guard let notaryPin = try session.pin(for: name, dialect: .notary) else {
            throw Refusal(
                .noPin,
                checked: "pins for \(name) on Notary servers",
                found: "none",
                expected: "a pin, of which this is the continuation",
                next: "with the id that the publisher tells: \(session.pinAdvice(for: name, dialect: .notary))"
            )
        }
        let store = try session.store(for: subject, at: location)
        let checked = "trust data of \(subject) in \(store.name)"
        let first = try await firstRoot(of: subject, in: store)
        let seen: CachedMetadata
        do throws(TrustCacheError) { seen = try await session.cache(notaryPin, repository: name).load() } catch {
            throw Refusal.update(
                UpdateError<Never>.cache(error),
                subject: gun,
                store: "this machine's cache",
                pin: notaryPin
            )
        }
        let pin: Pin
        let notaryRoot: Int64
        do {
            // Its own signatures first, so that the statement is its signers' at all.
            let claimed = try RootStage(
                anchor: .root(first),
                firstRoot: first,
                binding: .repository(subject.description)
            ).root
            let handOver = HandOver(in: claimed)
            guard let handOver, handOver.gun.utf8.elementsEqual(name.utf8) else {
                throw Refusal(
                    .wrongRepository,
                    checked: checked,
                    found: handOver.map { "a continuation of \($0.gun)" } ?? "a continuation of no collection",
                    expected: "one of \(name)"
                )
            }
            let notary = try handOver.newestRoot(from: notaryPin.anchor, known: seen.roots, at: session.clock.now())
            let anchor = try notary.payload.handOverAnchor(of: name)
            _ = try RootStage(anchor: anchor, firstRoot: first, binding: .repository(subject.description))
            notaryRoot = notary.payload.common.version
            let ids = Set(claimed.payload.keys(of: .root).map(\.computedID))
            pin = Pin(
                scope: .repository(subject.description),
                anchor: .keys(ids, threshold: min(claimed.payload.roleKeys(.root)?.threshold ?? ids.count, ids.count))
            )
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as TUFError {
            throw Refusal.metadata(error, checked: checked, pin: notaryPin, subject: subject)
        } catch {
            throw Refusal(.internalDefect, checked: checked, found: "\(error)", cause: error)
        }
        let isNew: Bool
        do throws(PinStoreError) { isNew = try await session.home.pins.add(pin, replacing: replacing) } catch {
            throw Refusal.pins(error)
        }
        return FollowedHandOver(gun: name, notaryRoot: notaryRoot, pin: pin, isNew: isNew)
    }

    private func firstRoot(of subject: Subject, in store: any TrustStore) async throws(Refusal) -> [UInt8] {
        let file = MetadataFile.root(1)
        let bytes = try await session.reading(store, of: subject) {
            (data) throws(UpdateError<TrustStoreError>) -> [UInt8] in
            let bytes: [UInt8]?
            do throws(TrustStoreError) {
                bytes = try await data.bytes(ofFile: file.name, maximumLength: TUFLimits().rootLength)
            } catch {
                throw .source(error)
            }
            guard let bytes else { throw .missing(file) }
            return bytes
        }
        guard let bytes else {
            throw Refusal(
                .unsignedRepository,
                checked: "trust data of \(subject) in \(store.name)",
                found: "none",
                next: "the publisher runs: trustctl notary import \(subject.argument)"
            )
        }
        return bytes
    }
}
