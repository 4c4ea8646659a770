public import TUF
import TUFClient
public import TrustCrypto

/// What trust data claims, for somebody who has nothing yet to check it by.
public struct UnverifiedTrustData: Sendable {
    /// The earliest root that the set holds; of a Notary server, its newest.
    public let root: Root
    /// The form of its metadata.
    public let dialect: Dialect

    /// Reads the root of a set.
    init(reading data: any TrustData, dialect: Dialect) async throws(UpdateError<TrustStoreError>) {
        self.dialect = dialect
        let first: MetadataFile
        let limit = TUFLimits().rootLength
        let bytes: [UInt8]?
        do throws(TrustStoreError) {
            switch dialect {
            case .tuf1:
                first = MetadataFile.root(try await data.rootFileNames().compactMap(Self.rootVersion).min() ?? 1)
            case .notary: first = .newestRoot
            }
            bytes = try await data.bytes(ofFile: first.name, maximumLength: limit)
        } catch {
            throw .source(error)
        }
        guard let bytes else { throw .missing(first) }
        do {
            let envelope = try Envelope(parsing: bytes, role: .root, maximumLength: limit, dialect: dialect)
            root = try envelope.inspect(as: Root.self, role: .root).unverified
        } catch {
            throw .metadata(error)
        }
    }

    /// The version that a root's file name begins with.
    static func rootVersion(_ fileName: String) -> Int64? {
        guard fileName.hasSuffix(".root.json") else { return nil }
        return Int64(fileName.dropLast(".root.json".count)).flatMap { $0 > 0 ? $0 : nil }
    }

    /// The ids of the root keys, computed from the keys, sorted.
    public var rootKeyIDs: [KeyID] {
        let ids = root.roleKeys(.root)?.keyIDs ?? []
        return Set(ids.compactMap { root.keys[$0]?.computedID }).sorted()
    }

    /// How many root keys must sign.
    public var threshold: Int { root.roleKeys(.root)?.threshold ?? 1 }

    private var anchor: RootAnchor { .keys(Set(rootKeyIDs), threshold: min(threshold, max(1, rootKeyIDs.count))) }

    /// What it claims, for messages.
    var rootDescription: String {
        let ids = rootKeyIDs.map(\.string).joined(separator: ", ")
        return "root version \(root.common.version) with the keys \(ids) and threshold \(threshold)"
    }

    /// The pin that would trust this root.
    ///
    /// - Parameter repository: The repository to pin it for.
    /// - Returns: The pin; ``Pin/command`` adds it.
    public func pin(for repository: String) -> Pin {
        Pin(scope: .repository(repository), dialect: dialect, anchor: anchor)
    }

    /// The refusal of one who has no pin, with the line that would add it. Who has pinned the collection on a Notary server
    /// that this may be the continuation of can follow instead. Where a rule of a policy has pins, they are what is to be
    /// changed.
    func notPinned(
        _ repository: String,
        expected: String,
        isContinued: Bool = false,
        rule: String? = nil
    ) -> Refusal {
        var next = pin(for: repository).command
        if let rule {
            next = Pin.advice(for: repository, dialect, rule: rule, isReplacing: false)
        } else if isContinued {
            next =
                "if it continues the collection that is pinned here: trustctl notary follow "
                + "\(ShellWord.quoted(repository)); else: \(next)"
        }
        return Refusal(
            .noPin,
            checked: "pins for \(repository)",
            found: "none; the trust data claims \(rootDescription)",
            expected: expected,
            next: next
        )
    }
}
