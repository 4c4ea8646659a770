import TUF
import TrustCrypto

/// A set whose top-level files are fetched once, however often they are looked at: to verify them, to judge them by what was
/// seen, and to see whether they are all there.
actor ReadOnceTrustData: TrustData {
    nonisolated let identity: Digest
    private let data: any TrustData
    private var read: [String: Task<Result<[UInt8]?, TrustStoreError>, Never>] = [:]

    init(_ data: any TrustData) {
        self.data = data
        identity = data.identity
    }

    func rootFileNames() async throws(TrustStoreError) -> [String] { try await data.rootFileNames() }

    func file(named fileName: String) async throws(TrustStoreError) -> StoredFile? {
        try await data.file(named: fileName)
    }

    func bytes(ofFile fileName: String, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? {
        let role = TrustDataDocument.roleKey(ofFile: fileName)
        // Delegated roles can be thousands, and are looked at once.
        guard RoleName.topLevel.contains(where: { "\($0).json" == role }) else {
            return try await data.bytes(ofFile: fileName, maximumLength: maximumLength)
        }
        if let task = read[fileName] { return try await Self.value(of: task) }
        let data = data
        let task = Task {
            do throws(TrustStoreError) {
                return Result<[UInt8]?, TrustStoreError>.success(
                    try await data.bytes(ofFile: fileName, maximumLength: maximumLength)
                )
            } catch {
                return .failure(error)
            }
        }
        read[fileName] = task
        return try await Self.value(of: task)
    }

    private static func value(
        of task: Task<Result<[UInt8]?, TrustStoreError>, Never>
    ) async throws(TrustStoreError) -> [UInt8]? {
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        return try result.get()
    }
}
