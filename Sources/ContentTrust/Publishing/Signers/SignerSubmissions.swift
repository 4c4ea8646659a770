import TUF
import TUFClient
import TrustCrypto

/// Files that signers have signed and could not publish themselves, for want of the snapshot and timestamp keys or of further
/// signatures. They wait in the trust store for somebody who can.
///
/// Nothing in the store is believed: a file counts once a threshold of the signer's keys has signed it, and only if it
/// follows what counts now.
actor SignerSubmissions {
    nonisolated let binding: RepositoryBinding
    private let places: WaitingFiles
    private var files: [WaitingFile]?

    init(store: any TrustStore, binding: RepositoryBinding) {
        places = WaitingFiles(places: store.waitingPlaces)
        self.binding = binding
    }

    /// What waits for these signers. What is no metadata of theirs is left alone: nobody may keep a publisher from its work
    /// by writing nonsense there.
    ///
    /// - Parameters:
    ///   - delegations: The signers.
    ///   - versions: The newest listed version of each.
    /// - Returns: Files with higher versions. It is asked for once, and kept.
    /// - Throws: ``PublishError`` when the store cannot be asked.
    func proposals(
        _ delegations: SignerDelegations,
        after versions: [RoleName: Int64]
    ) async throws(PublishError) -> [TargetsProposal] {
        guard !delegations.roles.isEmpty else { return [] }
        let read: [WaitingFile]
        if let files {
            read = files
        } else {
            do { read = try await places.read(after: versions) } catch { throw .store(error) }
            files = read
        }
        return delegations.names.compactMap { delegations.authority(of: $0) }.flatMap { authority in
            read.filter { $0.role == authority.role }.compactMap {
                try? TargetsProposal(parsing: $0.bytes, authority: authority, binding: binding)
            }
        }
    }
}
