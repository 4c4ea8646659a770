import CanonicalJSON
import TrustCrypto
import TrustTransport

/// The part of docker's `config.json` (and of the containers tools' `auth.json`) that is about credentials.
///
/// Keys of `auths` and `credHelpers` are read as both families write them: `registry.example.com:5000`,
/// `https://registry.example.com`, `https://index.docker.io/v1/`, `registry.example.com/team`. The longest key that is the
/// repository or a parent of it counts, so a team's credential never serves the whole registry.
struct DockerConfig: Sendable {
    /// The largest file that is read, in bytes.
    static let maximumBytes = 4 << 20

    /// Where it was read from; for messages.
    let path: String

    private let root: JSONNode

    /// Reads a file's bytes.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - path: Its path, for messages.
    /// - Throws: `configUnreadable`, `configMalformed`.
    init(parsing bytes: [UInt8], path: String) throws(RegistryAuthError) {
        guard bytes.count <= Self.maximumBytes else {
            throw .configUnreadable(.tooLarge(path: path, limit: Self.maximumBytes))
        }
        do throws(JSONError) {
            root = try JSONDocument(parsing: bytes, limits: JSONLimits(maximumBytes: Self.maximumBytes)).root
        } catch {
            throw .configMalformed(path: path, field: "")
        }
        guard root.kind == .object else { throw .configMalformed(path: path, field: "") }
        self.path = path
    }

    /// The helper that `credHelpers` names for the repository, or else the one of `credsStore`.
    ///
    /// - Parameter target: The repository.
    /// - Returns: The helper's name without its prefix, or nil.
    /// - Throws: `configMalformed`.
    func helper(for target: CredentialTarget) throws(RegistryAuthError) -> String? {
        if let entry = try entry(in: "credHelpers", for: target) {
            guard let name = entry.string else { throw .configMalformed(path: path, field: "credHelpers") }
            // An empty name is docker's way to exempt one registry from the store.
            return name.isEmpty ? nil : name
        }
        guard let store = root["credsStore"] else { return nil }
        guard let name = store.string else { throw .configMalformed(path: path, field: "credsStore") }
        return name.isEmpty ? nil : name
    }

    /// The credential that stands in `auths` itself.
    ///
    /// - Parameter target: The repository.
    /// - Returns: nil when there is no entry, or one without a secret (docker leaves such when a helper has it).
    /// - Throws: `configMalformed`.
    func credential(for target: CredentialTarget) throws(RegistryAuthError) -> RegistryCredential? {
        guard let entry = try entry(in: "auths", for: target) else { return nil }
        guard entry.kind == .object else { throw .configMalformed(path: path, field: "auths") }
        if let token = try text("identitytoken", in: entry) {
            return .identityToken(AuthSecret(token))
        }
        if let token = try text("registrytoken", in: entry) {
            return .registryToken(AuthSecret(token))
        }
        if let auth = try text("auth", in: entry) {
            guard let credential = Self.decodeBasic(auth) else {
                throw .configMalformed(path: path, field: "auths.\(target.host).auth")
            }
            return credential
        }
        guard let username = try text("username", in: entry) else { return nil }
        return .basic(username: username, password: AuthSecret(try text("password", in: entry) ?? ""))
    }

    /// base64 of `user:password`; docker pads old entries with zero bytes.
    private static func decodeBasic(_ auth: String) -> RegistryCredential? {
        guard var bytes = Base64.decode(auth) else { return nil }
        while bytes.last == 0 { bytes.removeLast() }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            let username = String(validating: bytes[..<colon], as: UTF8.self),
            let password = String(validating: bytes[(colon + 1)...], as: UTF8.self)
        else { return nil }
        return .basic(username: username, password: AuthSecret(password))
    }

    private func text(_ name: String, in entry: JSONNode) throws(RegistryAuthError) -> String? {
        guard let node = entry[name], !node.isNull else { return nil }
        guard let text = node.string else { throw .configMalformed(path: path, field: "auths.\(name)") }
        return text.isEmpty ? nil : text
    }

    /// The entry with the longest key that covers the target; among equals the one written without a scheme.
    private func entry(in section: String, for target: CredentialTarget) throws(RegistryAuthError) -> JSONNode? {
        guard let object = root[section], !object.isNull else { return nil }
        guard object.kind == .object else { throw .configMalformed(path: path, field: section) }
        var best: (length: Int, isPlain: Bool, node: JSONNode)?
        for (key, node) in object.members {
            let read = CredentialKey(key)
            guard read.covers(target) else { continue }
            let rank = (read.segments.count, read.isPlain)
            if let present = best, (present.length, present.isPlain ? 1 : 0) >= (rank.0, rank.1 ? 1 : 0) { continue }
            best = (rank.0, rank.1, node)
        }
        return best?.node
    }
}
