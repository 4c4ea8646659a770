import TrustCrypto
import TrustTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Finds the credential for a repository where docker and the containers tools keep them.
///
/// The first of these that is there decides, and what it does not have is not looked for further down:
///
/// 1. the file named by `REGISTRY_AUTH_FILE` (it must exist);
/// 2. `config.json` in `DOCKER_CONFIG`, or in `~/.docker`; a missing file is an empty one.
///
/// Within a file: the helper of `credHelpers` for the repository, else the one of `credsStore`; when it has nothing, the
/// entry of `auths`. A helper that fails is an error and never "no credentials": the next one to be asked would be
/// anonymous, and get a different answer.
public struct CredentialLookup: Sendable {
    private let environment: [String: String]
    private let helperTimeout: Duration

    /// Makes a lookup. Nothing is read before the first question.
    ///
    /// - Parameters:
    ///   - environment: `HOME`, `DOCKER_CONFIG`, `REGISTRY_AUTH_FILE`, `PATH`, and what helpers inherit.
    ///   - helperTimeout: How long a helper may take; it may have to ask its user to unlock something.
    public init(environment: [String: String], helperTimeout: Duration = .seconds(60)) {
        self.environment = environment
        self.helperTimeout = helperTimeout
    }

    /// Looks a credential up.
    ///
    /// - Parameter target: The repository.
    /// - Returns: The credential; ``RegistryCredential/anonymous`` when there is none.
    /// - Throws: ``RegistryAuthError`` of the `config` and `helper` kinds.
    public func credential(for target: CredentialTarget) async throws(RegistryAuthError) -> RegistryCredential {
        guard let config = try config() else { return .anonymous }
        if let name = try config.helper(for: target) {
            let helper = CredentialHelper(environment: environment, timeout: helperTimeout)
            if let found = try await helper.credential(for: target.helperServer, from: name) {
                return found
            }
        }
        return try config.credential(for: target) ?? .anonymous
    }

    /// Reads the file that would be asked, so that one that is missing or broken is found before a registry wants credentials.
    ///
    /// - Throws: ``RegistryAuthError`` of the `config` kinds.
    public func check() throws(RegistryAuthError) { _ = try config() }

    private func config() throws(RegistryAuthError) -> DockerConfig? {
        if let path = value("REGISTRY_AUTH_FILE") {
            guard let bytes = try Self.read(path) else { throw .configUnreadable(.other(path: path, errno: ENOENT)) }
            return try DockerConfig(parsing: bytes, path: path)
        }
        guard let directory = value("DOCKER_CONFIG") ?? value("HOME").map({ "\($0)/.docker" }) else { return nil }
        let path = "\(directory)/config.json"
        guard let bytes = try Self.read(path) else { return nil }
        return try DockerConfig(parsing: bytes, path: path)
    }

    private func value(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The whole file; nil when there is none.
    private static func read(_ path: String) throws(RegistryAuthError) -> [UInt8]? {
        do throws(FileError) {
            return try DurableFile.read(path, limit: DockerConfig.maximumBytes)
        } catch {
            throw .configUnreadable(error)
        }
    }
}
