public import ContentTrust
import TOMLKit
import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What containerd's configuration says about image verifiers, and about who pulls past them.
public struct ContainerdSettings: Sendable, Hashable {
    /// Where containerd looks for its configuration when nothing else is said.
    public static let defaultPath = "/etc/containerd/config.toml"

    /// The folder of the verifiers.
    public var binDir = "/opt/containerd/image-verifier/bin"
    /// How many verifiers are asked; a negative number means all.
    public var maximumVerifiers: Int64 = 10
    /// How many milliseconds one verifier may take.
    public var verifierTimeout: Int64 = 10_000
    /// The version of the configuration's form.
    public var version: Int64 = 1
    /// Settings by which verifiers are not asked, as they stand there.
    public var bypasses: [String] = []

    private static let verifierPlugin = "io.containerd.image-verifier.v1.bindir"
    private static let transferPlugin = "io.containerd.transfer.v1.local"
    private static let maximumLength = 4 << 20
    private static let maximumImports = 100

    /// Reads a configuration with all that it imports.
    ///
    /// - Parameter path: `config.toml`.
    /// - Throws: ``ContentTrust/Refusal`` with ``ContentTrust/Reason/usage`` when there is none, or it is no TOML, and with
    ///   ``ContentTrust/Reason/storage`` when it cannot be read, or others can write it.
    public init(contentsOf path: String) throws(Refusal) {
        var disabled: [String] = []
        var plugins: [String: TOMLTable] = [:]
        let main = try Self.table(path)
        version = main["version"]?.int.map(Int64.init) ?? 1
        var files = [(path: path, table: main)]
        for imported in try Self.imports(of: main, path) { files.append((imported, try Self.table(imported))) }
        for (_, table) in files {
            disabled += Self.strings(table["disabled_plugins"])
            guard let sections = table["plugins"]?.table else { continue }
            // As containerd does it: the section of a later file takes the place of an earlier one's.
            for key in sections.keys { plugins[key] = sections[key]?.table }
        }
        for plugin in [Self.verifierPlugin, Self.transferPlugin] where disabled.contains(plugin) {
            bypasses.append("disabled_plugins has \(plugin)")
        }
        if let table = plugins[Self.verifierPlugin] {
            if let text = table["bin_dir"]?.string { binDir = text }
            if let number = table["max_verifiers"]?.int { maximumVerifiers = Int64(number) }
            if let text = table["per_verifier_timeout"]?.string {
                guard let time = Self.milliseconds(text) else {
                    throw Self.wrong(path, "per_verifier_timeout \(text)", expected: "a time such as 10s")
                }
                verifierTimeout = time
            }
        }
        // Before version 3 one plugin had it all.
        for (name, images) in [
            ("io.containerd.cri.v1.images", plugins["io.containerd.cri.v1.images"]),
            ("io.containerd.grpc.v1.cri", plugins["io.containerd.grpc.v1.cri"]),
        ] {
            guard let images else { continue }
            bypasses += Self.localPulls(images, plugin: name)
        }
    }

    /// Settings for which the CRI plugin pulls by itself, without the transfer service that asks verifiers
    /// (containerd, docs/cri/config.md).
    private static func localPulls(_ images: TOMLTable, plugin: String) -> [String] {
        var found: [String] = []
        func note(_ setting: String) { found.append("\(plugin): \(setting)") }
        for key in ["use_local_image_pull", "disable_image_pull_with_transfer_service", "image_pull_with_sync_fs"]
        where images[key]?.bool == true {
            note("\(key) = true")
        }
        let places = [images, images["containerd"]?.table].compactMap { $0 }
        for place in places {
            if place["disable_snapshot_annotations"]?.bool == false { note("disable_snapshot_annotations = false") }
            if place["discard_unpacked_layers"]?.bool == true { note("discard_unpacked_layers = true") }
        }
        if let number = images["max_concurrent_downloads"]?.int, number != 3 {
            note("max_concurrent_downloads = \(number), which is not 3")
        }
        if let registry = images["registry"]?.table {
            for key in ["mirrors", "configs", "auths"] {
                guard let table = registry[key]?.table, !table.isEmpty else { continue }
                note("registry.\(key) is set")
            }
        }
        return found
    }

    // MARK: Files

    private static func table(_ path: String) throws(Refusal) -> TOMLTable {
        let checked = "containerd's configuration \(path)"
        guard let bytes = try OwnFile.read(path, limit: maximumLength, checked: checked) else {
            throw Refusal(
                .usage,
                checked: checked,
                found: "no such file",
                next: "name the one that containerd is started with: trustctl doctor --containerd FILE"
            )
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw wrong(path, "not UTF-8", expected: "TOML")
        }
        do { return try TOMLTable(string: text) } catch {
            throw wrong(path, "\(error)", expected: "TOML")
        }
    }

    /// The files that are imported, in their order; a pattern's in the order of their names.
    private static func imports(of table: TOMLTable, _ path: String) throws(Refusal) -> [String] {
        var found: [String] = []
        for pattern in strings(table["imports"]) {
            let full = pattern.hasPrefix("/") ? pattern : DurableFile.join(DurableFile.parent(of: path), pattern)
            var matches = glob_t()
            defer { globfree(&matches) }
            guard glob(full, 0, nil, &matches) == 0 else { continue }
            for index in 0..<Int(matches.gl_pathc) {
                if let text = matches.gl_pathv[index].map({ String(cString: $0) }) { found.append(text) }
            }
        }
        guard found.count <= maximumImports else {
            throw wrong(path, "\(found.count) imports", expected: "at most \(maximumImports)")
        }
        return found
    }

    private static func strings(_ value: (any TOMLValueConvertible)?) -> [String] {
        value?.array.map { $0.compactMap(\.string) } ?? []
    }

    /// Go's form of a time, such as `1m30s` or `500ms`.
    private static func milliseconds(_ text: String) -> Int64? {
        let units: [(String, Double)] = [("ms", 1), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        var rest = text[...]
        var sum = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let number = Double(String(digits)) else { return nil }
            rest = rest.dropFirst(digits.count)
            guard let unit = units.first(where: { rest.hasPrefix($0.0) }) else { return nil }
            rest = rest.dropFirst(unit.0.count)
            sum += number * unit.1
        }
        return text.isEmpty || sum > 1e12 ? nil : Int64(sum)
    }

    private static func wrong(_ path: String, _ found: String, expected: String) -> Refusal {
        Refusal(.usage, checked: "containerd's configuration \(path)", found: found, expected: expected)
    }
}
