import CanonicalJSON
package import ContentTrust
import OCIRegistry
import TrustCrypto

/// What a door for container runtimes is set to: `containerd.json` in its folder, which need not be there.
package struct DoorConfiguration: Sendable, Hashable {
    /// Where doors are configured when nothing else is said.
    package static let defaultFolder = "/etc/trustctl"
    /// Where they keep their state when nothing else is said.
    package static let defaultState = "/var/lib/trustctl"

    /// The folder that relative paths are in.
    package let folder: String
    /// The policy file.
    package private(set) var policy: String
    /// The folder for what was seen, and for pins of this machine.
    package private(set) var state: String
    /// A file of registry credentials, as docker writes `config.json`; nil asks anonymously.
    package private(set) var credentials: String?
    /// A PEM file of certificate authorities to trust beside the system's.
    package private(set) var certificateAuthorities: String?
    /// Whether plain HTTP may go to servers that are not on this machine.
    package private(set) var allowsPlainHTTP = false
    /// How many seconds ago a store may have been asked for an answer without asking again.
    package private(set) var maximumAge: Int64 = 60
    /// How many seconds an answer may take, with the reading of the question. containerd waits ten by default.
    package private(set) var timeout: Int64 = 8
    /// A file that gets one line for each decision; nil keeps no record.
    package private(set) var audit: String?

    private static let keys = [
        "policy", "state", "credentials", "certificateAuthorities", "plainHTTP", "maximumAge", "timeout", "audit",
    ]

    /// Reads `containerd.json`.
    ///
    /// - Parameter folder: The folder that it is in.
    /// - Throws: ``ContentTrust/Refusal`` with ``ContentTrust/Reason/usage`` when it is no configuration, and with
    ///   ``ContentTrust/Reason/storage`` when it cannot be read, or others can write it.
    package init(folder: String = defaultFolder) throws(Refusal) {
        self.folder = folder
        policy = "\(folder)/policy.json"
        state = Self.defaultState
        let file = "\(folder)/containerd.json"
        // Whoever can write it can take files out, or put links to others there.
        try OwnFile.checkFolder(folder, checked: "the folder \(folder), which says what is demanded")
        guard let bytes = try OwnFile.read(file, limit: 1 << 20, checked: "configuration \(file)") else { return }
        func wrong(_ found: String, expected: String) -> Refusal {
            Refusal(.usage, checked: "configuration \(file)", found: found, expected: expected)
        }
        let root: JSONNode
        let document: JSONDocument
        do { document = try JSONDocument(parsing: bytes) } catch {
            throw wrong("not JSON: \(Refusal.words(error))", expected: "docs/schemas/containerd.schema.json")
        }
        root = document.root
        guard root.kind == .object else { throw wrong("no object", expected: "an object") }
        for (key, _) in root.memberNodes where !Self.keys.contains(where: key.isString) {
            throw wrong("unknown key \(key.string ?? "")", expected: Self.keys.joined(separator: ", "))
        }
        func text(_ key: String) throws(Refusal) -> String? {
            guard let node = root[key] else { return nil }
            guard let text = node.string, !text.isEmpty else { throw wrong("\(key) is no text", expected: "a text") }
            return text
        }
        func path(_ key: String) throws(Refusal) -> String? {
            try text(key).map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
        }
        func seconds(_ key: String, upTo limit: Int64) throws(Refusal) -> Int64? {
            guard let text = try text(key) else { return nil }
            guard let seconds = SpanWords.seconds(parsing: text), seconds <= limit else {
                throw wrong("\(key) \(text)", expected: "a time such as 30s, at most \(limit) s")
            }
            return seconds
        }
        if let path = try path("policy") { policy = path }
        if let path = try path("state") { state = path }
        credentials = try path("credentials")
        certificateAuthorities = try path("certificateAuthorities")
        audit = try path("audit")
        if let seconds = try seconds("maximumAge", upTo: 3600) { maximumAge = seconds }
        if let seconds = try seconds("timeout", upTo: 600) { timeout = seconds }
        if let node = root["plainHTTP"] {
            guard let value = node.boolean else {
                throw wrong("plainHTTP is no truth value", expected: "true or false")
            }
            allowsPlainHTTP = value
        }
    }

    /// What looks credentials up for it; nil when it asks anonymously.
    ///
    /// - Parameter helperTimeout: How long a credential helper may take.
    /// - Returns: The lookup.
    func credentialLookup(helperTimeout: Duration) -> CredentialLookup? {
        guard let credentials else { return nil }
        // The fixed path is for credential helpers: nothing of containerd's own environment chooses programs.
        return CredentialLookup(
            environment: [
                "REGISTRY_AUTH_FILE": credentials,
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ],
            helperTimeout: helperTimeout
        )
    }

    /// Reads the file of credentials, which nobody would miss until a registry asks for some.
    ///
    /// - Throws: ``ContentTrust/Refusal`` when it is missing or broken.
    func checkCredentials() throws(Refusal) {
        guard let credentials, let lookup = credentialLookup(helperTimeout: .zero) else { return }
        do { try lookup.check() } catch {
            throw Refusal.credentials(error, checked: "the credentials of the door, \(credentials)")
        }
    }
}
