import TrustTransport

/// The repository that credentials are looked up for.
public struct CredentialTarget: Sendable, Hashable {
    /// `host` or `host:port`, lower-case, as references write it; every name of Docker Hub as `docker.io`.
    public let host: String

    /// The repository's path; may be empty.
    public let path: String

    /// Makes a target.
    ///
    /// - Parameters:
    ///   - registry: `host` or `host:port`.
    ///   - path: The repository's path in it.
    public init(registry: String, path: String = "") {
        host = CredentialKey.canonicalHost(registry)
        self.path = path
    }

    /// What docker calls the registry when it asks a credential helper.
    var helperServer: String {
        host == "docker.io" ? "https://index.docker.io/v1/" : host
    }
}

/// A key of `auths` or `credHelpers`, read.
struct CredentialKey {
    /// As in ``CredentialTarget/host``.
    let host: String

    /// Path segments below the host; none for the whole registry.
    let segments: [Substring]

    /// Written without `http://` or `https://`.
    let isPlain: Bool

    init(_ key: String) {
        var rest = Substring(key)
        let scheme = ["https://", "http://"].first { rest.hasPrefix($0) }
        rest = rest.dropFirst(scheme?.utf8.count ?? 0)
        isPlain = scheme == nil
        var parts = rest.split(separator: "/")
        host = parts.isEmpty ? "" : Self.canonicalHost(String(parts.removeFirst()))
        // docker's old keys end in the version of the registry's API.
        if parts == ["v1"] || parts == ["v2"] {
            parts = []
        }
        segments = parts
    }

    func covers(_ target: CredentialTarget) -> Bool {
        guard host == target.host else { return false }
        let path = target.path.split(separator: "/")
        return path.count >= segments.count
            && zip(path, segments).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    /// Docker Hub goes by several names, which share their credentials.
    static func canonicalHost(_ host: String) -> String {
        let lower = ASCII.lowercased(host)
        return ["index.docker.io", "registry-1.docker.io"].contains(lower) ? "docker.io" : lower
    }
}
