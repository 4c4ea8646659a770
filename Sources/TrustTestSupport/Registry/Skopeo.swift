/// The `skopeo` program, for one registry and one user: it pushes, copies and looks, and shares no code with the product.
public struct Skopeo: Sendable {
    /// The registry.
    public let registry: DockerRegistry
    /// `user:password`, or nil for nobody.
    public var credentials: String?

    /// Prepares to talk to a registry.
    ///
    /// - Parameters:
    ///   - registry: The registry.
    ///   - credentials: `user:password`, or nil for nobody.
    public init(_ registry: DockerRegistry, credentials: String? = nil) {
        self.registry = registry
        self.credentials = credentials
    }

    /// Pushes an image, index or artifact of a layout as it is: its digest stays.
    ///
    /// - Parameters:
    ///   - images: The layout.
    ///   - tag: The tag in the layout.
    ///   - reference: Where to, without the host: `team/app:1.4`.
    /// - Returns: What the layout says of it.
    /// - Throws: `ProcessError` when skopeo fails.
    @discardableResult
    public func push(_ images: TestImages, _ tag: String, to reference: String) async throws -> TestImages.Entry {
        try await runSuccessfully(
            command(
                ["copy", "--all", "--preserve-digests"] + options("--dest") + [
                    "oci:\(images.path):\(tag)", "docker://\(registry.address)/\(reference)",
                ]
            )
        )
        return try images.entry(tag)
    }

    /// Copies within the registry: gives another tag or repository what a reference names.
    ///
    /// - Parameters:
    ///   - source: A reference without the host.
    ///   - destination: A reference without the host.
    /// - Throws: `ProcessError` when skopeo fails.
    public func copy(_ source: String, to destination: String) async throws {
        try await runSuccessfully(
            command(
                ["copy", "--all", "--preserve-digests"] + options("--src") + options("--dest") + [
                    "docker://\(registry.address)/\(source)", "docker://\(registry.address)/\(destination)",
                ]
            )
        )
    }

    /// The digest of what a reference names, computed over what the registry serves.
    ///
    /// - Parameter reference: A reference without the host.
    /// - Returns: `sha256:` and the digest in hexadecimal.
    /// - Throws: `ProcessError` when skopeo fails.
    public func digest(_ reference: String) async throws -> String {
        let output = try await runSuccessfully(
            command(["inspect", "--raw"] + options("") + ["docker://\(registry.address)/\(reference)"])
        )
        let sum = try await runSuccessfully(Command("sha256sum", input: .bytes(output.standardOutput)))
        return "sha256:" + sum.text.prefix(64)
    }

    /// The tags of a repository, in the registry's order.
    ///
    /// - Parameter repository: The repository without the host.
    /// - Returns: Its tags.
    /// - Throws: `ProcessError` when skopeo fails.
    public func tags(_ repository: String) async throws -> [String] {
        let output = try await runSuccessfully(
            command(["list-tags"] + options("") + ["docker://\(registry.address)/\(repository)"])
        )
        return try JSONText.decodeObject(output.standardOutput)["Tags"] as? [String] ?? []
    }

    /// Deletes the manifest that a reference names, and with it every tag of that manifest.
    ///
    /// - Parameter reference: A reference without the host.
    /// - Throws: `ProcessError` when skopeo fails, for instance because the registry refuses to delete.
    public func delete(_ reference: String) async throws {
        try await runSuccessfully(command(["delete"] + options("") + ["docker://\(registry.address)/\(reference)"]))
    }

    private func command(_ arguments: [String]) -> Command {
        Command("skopeo", ["--insecure-policy"] + arguments)
    }

    /// The options of one end of a copy (`--src`, `--dest`) or of a command with one end (nothing).
    private func options(_ end: String) -> [String] {
        let prefix = end.isEmpty ? "--" : "\(end)-"
        var options =
            registry.options.tls.map { ["\(prefix)cert-dir", $0.clientDirectory] } ?? ["\(prefix)tls-verify=false"]
        if let credentials { options += ["\(prefix)creds", credentials] } else { options.append("\(prefix)no-creds") }
        return options
    }
}
