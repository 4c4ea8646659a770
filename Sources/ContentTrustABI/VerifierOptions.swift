import AHCTransport
import CContentTrust
import ContentTrust
import OCIRegistry
import TrustCrypto
import TrustTransport

/// The options of a verifier, read from what C hands in.
struct VerifierOptions: Sendable {
    let policyPath: String
    let statePath: String
    let credentials: CredentialLookup?
    let authorities: CertificateAuthorities?
    let proxies: ProxySettings
    let userAgent: String
    let allowsPlainHTTP: Bool
    let decisions: ImageVerifier.Options

    /// A struct that a later version has made longer than this is no honest one.
    private static let sizeLimit = 4096
    private static let longestTimeout: Int64 = 86_400_000

    /// Reads options.
    ///
    /// - Parameter pointer: What C hands in.
    /// - Throws: ``Refusal`` with ``Reason/usage``, and ``Reason/storage`` for a file that cannot be read.
    init(_ pointer: UnsafePointer<contenttrust_options>?) throws(Refusal) {
        let options = try Self.known(pointer)
        policyPath = try CArguments.required(options.policy_path, "policy_path", limit: CArguments.pathLimit)
        statePath = try CArguments.required(options.state_path, "state_path", limit: CArguments.pathLimit)
        credentials = try Self.credentials(options)
        authorities = try Self.authorities(options)
        proxies = try Self.proxies(options)
        userAgent = try Self.userAgent(options)
        guard options.flags & ~(CONTENTTRUST_OFFLINE | CONTENTTRUST_ALLOW_PLAIN_HTTP) == 0 else {
            throw CArguments.wrong("flags", "bits that this version does not know")
        }
        allowsPlainHTTP = options.flags & CONTENTTRUST_ALLOW_PLAIN_HTTP != 0
        var decisions = ImageVerifier.Options()
        guard (0...3600).contains(options.maximum_age) else {
            throw CArguments.wrong("maximum_age", "\(options.maximum_age)", expected: "0 to 3600 seconds")
        }
        decisions.maximumAge = options.maximum_age
        guard (0...Self.longestTimeout).contains(options.timeout_ms) else {
            throw CArguments.wrong("timeout_ms", "\(options.timeout_ms)", expected: "0 to \(Self.longestTimeout)")
        }
        if options.timeout_ms > 0 { decisions.timeout = .milliseconds(options.timeout_ms) }
        decisions.offline = options.flags & CONTENTTRUST_OFFLINE != 0
        self.decisions = decisions
    }

    /// The members that this version knows; the caller may know more, if it says nothing with them.
    private static func known(_ pointer: UnsafePointer<contenttrust_options>?) throws(Refusal) -> contenttrust_options {
        guard let pointer else { throw CArguments.wrong("options", "NULL") }
        let known = MemoryLayout<contenttrust_options>.size
        let size = UnsafeRawPointer(pointer).load(as: Int.self)
        guard size >= known, size <= sizeLimit else {
            throw CArguments.wrong(
                "options",
                "the size \(size)",
                expected: "sizeof(contenttrust_options), which is \(known) in version \(CONTENTTRUST_ABI_VERSION)"
            )
        }
        let further = UnsafeRawBufferPointer(start: UnsafeRawPointer(pointer) + known, count: size - known)
        guard further.allSatisfy({ $0 == 0 }) else {
            throw CArguments.wrong("options", "members that this version of the library does not know")
        }
        return pointer.pointee
    }

    private static func credentials(_ options: contenttrust_options) throws(Refusal) -> CredentialLookup? {
        let path = try CArguments.text(options.credentials_path, "credentials_path", limit: CArguments.pathLimit)
        var environment: [String: String] = [:]
        if let list = options.helper_environment {
            guard path != nil else {
                throw CArguments.wrong("helper_environment", "no file beside it", expected: "credentials_path too")
            }
            environment = try CArguments.environment(list, "helper_environment")
        }
        guard let path else { return nil }
        // Takes precedence over all other places, and must exist.
        environment["REGISTRY_AUTH_FILE"] = path
        let lookup = CredentialLookup(environment: environment)
        do { try lookup.check() } catch { throw Refusal.credentials(error, checked: "credentials_path \(path)") }
        return lookup
    }

    private static func authorities(_ options: contenttrust_options) throws(Refusal) -> CertificateAuthorities? {
        let name = "certificate_authorities_path"
        guard
            let path = try CArguments.text(
                options.certificate_authorities_path,
                name,
                limit: CArguments.pathLimit
            )
        else { return nil }
        let bytes: [UInt8]?
        do {
            bytes = try DurableFile.read(path, limit: CertificateAuthorities.maximumBytes)
        } catch {
            throw Refusal.file(error, checked: "\(name) \(path)")
        }
        guard let bytes else { throw CArguments.wrong("\(name) \(path)", "no such file") }
        do throws(TransportError) {
            return try CertificateAuthorities(pem: bytes, name: path)
        } catch {
            throw CArguments.wrong(name, error.detail, expected: "PEM certificates")
        }
    }

    private static func proxies(_ options: contenttrust_options) throws(Refusal) -> ProxySettings {
        var variables: [String: String] = [:]
        for (name, pointer, scheme) in [
            ("http_proxy", options.http_proxy, HTTPOrigin.Scheme.http),
            ("https_proxy", options.https_proxy, .https),
        ] {
            guard let proxy = try CArguments.text(pointer, name, limit: 4096) else { continue }
            variables[name] = proxy
            do throws(TransportError) {
                // A mistake in it is said now, and not at the first request.
                let origin = try HTTPURL(scheme: scheme, authority: "registry.example.com").origin
                _ = try ProxySettings(environment: variables).proxy(for: origin)
            } catch {
                throw CArguments.wrong(name, error.detail, expected: "http://[USER:PASSWORD@]HOST:PORT")
            }
        }
        variables["no_proxy"] = try CArguments.text(options.no_proxy, "no_proxy", limit: 65_536)
        return ProxySettings(environment: variables)
    }

    private static func userAgent(_ options: contenttrust_options) throws(Refusal) -> String {
        guard let text = try CArguments.text(options.user_agent, "user_agent", limit: 256) else {
            return "contenttrust/\(PackageVersion.string)"
        }
        guard text.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            throw CArguments.wrong("user_agent", "other characters", expected: "printable ASCII")
        }
        return text
    }
}
