import OCI
import TrustCrypto

/// The files of a set in OCI documents. A manifest under an index is read when one of its files is asked for.
actor TrustDataFiles {
    /// Reads a manifest under the index.
    typealias Loader = @Sendable (Descriptor) async throws(TrustStoreError) -> VerifiedContent

    private typealias Files = Result<[String: TrustDataDocument.File], TrustStoreError>

    private let store: String
    private let children: [Descriptor]
    private let load: Loader
    private var read: [Int: Task<Files, Never>] = [:]
    /// The files of a set without an index.
    private let own: [String: TrustDataDocument.File]

    /// The files of a set.
    ///
    /// - Parameters:
    ///   - root: What the tag leads to.
    ///   - store: The store, for messages.
    ///   - load: Reads a manifest under it.
    /// - Throws: ``TrustStoreError/notTrustData(store:problem:)``.
    init(_ root: VerifiedContent, store: String, load: @escaping Loader) throws(TrustStoreError) {
        self.store = store
        self.load = load
        if root.descriptor.mediaType.isIndex {
            children = try TrustDataDocument.children(inIndex: root, store: store)
            own = [:]
        } else {
            children = []
            own = try Self.byName(try TrustDataDocument.files(inManifest: root, store: store), store: store)
        }
    }

    /// A file of the set.
    ///
    /// - Parameter name: Its TUF name.
    /// - Returns: Its blob, or nil when the set has no such file.
    /// - Throws: ``TrustStoreError``.
    func file(_ name: String) async throws(TrustStoreError) -> TrustDataDocument.File? {
        let role = TrustDataDocument.roleKey(ofFile: name)
        return try await files(ofRole: role)[name]
    }

    /// The files of a role, in all versions that the set has.
    ///
    /// - Parameter role: The name of the files without a version, such as `root.json`.
    /// - Returns: Those files at least, by name.
    /// - Throws: ``TrustStoreError``.
    func files(ofRole role: String) async throws(TrustStoreError) -> [String: TrustDataDocument.File] {
        guard !children.isEmpty else { return own }
        let holding = children.indices.filter { children[$0].mayHold(role) }
        if holding.count == 1 { return try await files(ofChild: holding[0]) }
        var files: [TrustDataDocument.File] = []
        for index in holding { files += try await self.files(ofChild: index).values }
        return try Self.byName(files, store: store)
    }

    private func files(ofChild index: Int) async throws(TrustStoreError) -> [String: TrustDataDocument.File] {
        let task: Task<Files, Never>
        if let started = read[index] {
            task = started
        } else {
            let child = children[index]
            let store = store
            let load = load
            task = Task {
                do throws(TrustStoreError) {
                    let files = try TrustDataDocument.files(inManifest: try await load(child), store: store)
                    return .success(try Self.byName(files, store: store))
                } catch {
                    return .failure(error)
                }
            }
            read[index] = task
        }
        return try await task.value.get()
    }

    private static func byName(
        _ files: [TrustDataDocument.File],
        store: String
    ) throws(TrustStoreError) -> [String: TrustDataDocument.File] {
        var byName: [String: TrustDataDocument.File] = [:]
        for file in files {
            guard byName.updateValue(file, forKey: file.name) == nil else {
                throw .notTrustData(store: store, problem: "two files named \(file.name)")
            }
        }
        return byName
    }
}

extension Descriptor {
    /// Whether a child of an index may hold files of a role. One that does not say may hold any.
    fileprivate func mayHold(_ role: String) -> Bool {
        guard let first = annotations[TrustDataDocument.firstRole], let last = annotations[TrustDataDocument.lastRole]
        else { return true }
        return first <= role && role <= last
    }
}
