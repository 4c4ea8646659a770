public import TUF
public import TrustCrypto

/// What trust data claims, for somebody who has nothing yet to check it by.
public struct UnverifiedTrustData: Sendable {
    /// The earliest root that the set holds.
    public let root: Root

    /// Reads the earliest root of a set.
    static func read(_ data: any TrustData, subject: Subject) async throws(Refusal) -> UnverifiedTrustData {
        let checked = "trust data of \(subject)"
        let first = data.fileNames.compactMap(rootVersion).min()
        guard let first else {
            throw Refusal(.badSignature, checked: checked, found: "no root metadata", expected: "1.root.json")
        }
        let limit = TUFLimits().rootLength
        let bytes: [UInt8]?
        do {
            bytes = try await data.bytes(ofFile: MetadataFile.root(first).name, maximumLength: limit)
        } catch {
            throw Refusal.store(error, store: checked)
        }
        guard let bytes else { throw Refusal(.badSignature, checked: checked, found: "no \(first).root.json") }
        do {
            let envelope = try Envelope(parsing: bytes, role: .root, maximumLength: limit)
            return UnverifiedTrustData(root: try envelope.inspect(as: Root.self, role: .root).unverified)
        } catch {
            throw Refusal.metadata(error, checked: checked, pin: nil)
        }
    }

    /// The version that a root's file name begins with.
    private static func rootVersion(_ fileName: String) -> Int64? {
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

    /// The anchor that would trust this root.
    var anchor: RootAnchor { .keys(Set(rootKeyIDs), threshold: min(threshold, max(1, rootKeyIDs.count))) }

    /// What it claims, for messages.
    var rootDescription: String {
        let ids = rootKeyIDs.map(\.string).joined(separator: ", ")
        return "root version \(root.common.version) with the keys \(ids) and threshold \(threshold)"
    }

    /// The command that pins this root.
    ///
    /// - Parameter repository: The repository to pin it for.
    /// - Returns: A command line.
    public func pinCommand(repository: String) -> String {
        let keys = rootKeyIDs.map { " --root-key \($0)" }.joined()
        let threshold = threshold == rootKeyIDs.count ? "" : " --threshold \(threshold)"
        // The name may be what foreign metadata claims, and the line is there to be pasted into a shell.
        return "trustctl pin add \(ShellWord.quoted(repository))\(keys)\(threshold)"
    }
}
