import TUF
public import TrustCrypto

extension TrustHome {
    /// The repositories whose newest root, as far as this machine has seen it, lists a key. Root keys may serve many.
    ///
    /// - Parameters:
    ///   - keyID: The key's computed id.
    ///   - repository: The signed name of a repository that is not looked at.
    /// - Returns: Their signed names. Repositories that only other machines have seen are not among them.
    /// - Throws: ``Refusal`` with ``Reason/storage`` when what was seen cannot be read: a use that was not found is not
    ///   one that is not there.
    public func repositories(using keyID: KeyID, except repository: String) throws(Refusal) -> [String] {
        do {
            var found: Set<String> = []
            for segment in try DurableFile.list("\(trust)/seen") ?? [] {
                let folder = "\(trust)/seen/\(segment)"
                for anchor in try DurableFile.list(folder, limit: 1000) ?? [] {
                    guard let root = try Self.newestRoot("\(folder)/\(anchor)") else { continue }
                    let name = root.common.repository ?? segment
                    guard !name.utf8.elementsEqual(repository.utf8) else { continue }
                    if root.keys.values.contains(where: { $0.computedID == keyID }) { found.insert(name) }
                }
            }
            return found.sorted()
        } catch let error as FileError {
            throw Refusal.file(error, checked: "which repositories use the key \(keyID)")
        } catch {
            throw Refusal(
                .storage,
                checked: "which repositories use the key \(keyID)",
                found: "what was seen of some repository is damaged",
                cause: error
            )
        }
    }

    private static func newestRoot(_ folder: String) throws -> Root? {
        let suffix = ".root.json"
        let roots = (try DurableFile.list(folder) ?? []).filter { $0.hasSuffix(suffix) }
            .compactMap { name in Int64(name.dropLast(suffix.count)).map { (version: $0, name: name) } }
        guard let newest = roots.max(by: { $0.version < $1.version }) else { return nil }
        guard let bytes = try DurableFile.read("\(folder)/\(newest.name)", limit: TUFLimits().rootLength) else {
            throw TrustStoreError.vanished(newest.name)
        }
        // Verified when it was seen; here it only says which keys are still wanted.
        return try RootStage(anchor: .root(bytes), firstRoot: bytes, binding: .unbound).root.payload
    }
}
