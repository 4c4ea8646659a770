package import ContentTrust
import TOMLKit
import TrustCrypto

/// What containerd's configuration says about image verifiers, and about who pulls past them.
package struct ContainerdSettings: Sendable, Hashable {
    /// Where containerd looks for its configuration when nothing else is said.
    package static let defaultPath = "/etc/containerd/config.toml"

    /// The folder of the verifiers.
    package private(set) var binDir = "/opt/containerd/image-verifier/bin"
    /// How many verifiers are asked; a negative number means all.
    package private(set) var maximumVerifiers: Int64 = 10
    /// How many milliseconds one verifier may take.
    package private(set) var verifierTimeout: Int64 = 10_000
    /// The version of the configuration's form.
    package private(set) var version: Int64 = 1
    /// Settings by which verifiers are not asked, as they stand there, from all files.
    package private(set) var bypasses: [String] = []

    private static let verifierPlugin = "io.containerd.image-verifier.v1.bindir"
    private static let transferPlugin = "io.containerd.transfer.v1.local"
    private static let maximumLength = 4 << 20
    private static let maximumFiles = 100

    /// Reads a configuration with all that it imports, and what that imports, in containerd's order.
    ///
    /// - Parameter path: `config.toml`.
    /// - Throws: ``ContentTrust/Refusal`` with ``ContentTrust/Reason/usage`` when a file is missing or is no TOML, and with
    ///   ``ContentTrust/Reason/storage`` when it cannot be read, or others can write it.
    package init(contentsOf path: String) throws(Refusal) {
        let main = GoPath.clean(path)
        var pending = [main]
        var loaded: Set<String> = []
        while !pending.isEmpty {
            let file = pending.removeFirst()
            guard !loaded.contains(file) else { continue }
            guard loaded.count < Self.maximumFiles else {
                throw Self.wrong(path, "more imports", expected: "at most \(Self.maximumFiles) files")
            }
            let table = try Self.table(file, isMain: loaded.isEmpty)
            // No import may have a higher one.
            if loaded.isEmpty { version = table["version"]?.int.map(Int64.init) ?? 1 }
            loaded.insert(file)
            try add(table, of: file, isMain: file == main)
            pending += try Self.imports(of: table, file)
        }
    }

    /// Adds what a file says. Today's containerd merges the section of a plugin with that of an earlier file, older ones put
    /// it in its place. So a way past the verifiers counts wherever it stands, and of other members the last one.
    private mutating func add(_ table: TOMLTable, of file: String, isMain: Bool) throws(Refusal) {
        let place = isMain ? "" : " in \(file)"
        let disabled = Self.strings(table["disabled_plugins"])
        for plugin in [Self.verifierPlugin, Self.transferPlugin] where disabled.contains(plugin) {
            bypasses.append("disabled_plugins has \(plugin)\(place)")
        }
        guard let plugins = table["plugins"]?.table else { return }
        if let table = plugins[Self.verifierPlugin]?.table {
            if let value = table["bin_dir"] {
                guard let text = value.string else { throw Self.wrong(file, "bin_dir", expected: "a path in quotes") }
                binDir = text
            }
            if let value = table["max_verifiers"] {
                guard let number = value.int else { throw Self.wrong(file, "max_verifiers", expected: "a number") }
                maximumVerifiers = Int64(number)
            }
            if let value = table["per_verifier_timeout"] {
                guard let time = value.string.flatMap(Self.milliseconds) else {
                    throw Self.wrong(file, "per_verifier_timeout", expected: "a time such as \"10s\"")
                }
                verifierTimeout = time
            }
        }
        // Before version 3 one plugin had it all, which version 1 calls by a short name.
        for name in ["io.containerd.cri.v1.images", "io.containerd.grpc.v1.cri", "cri"] {
            guard let images = plugins[name]?.table else { continue }
            bypasses += Self.localPulls(images, plugin: name).map { "\($0)\(place)" }
        }
    }

    /// Settings for which the CRI plugin pulls by itself, without the transfer service that asks verifiers
    /// (containerd, docs/cri/config.md).
    private static func localPulls(_ images: TOMLTable, plugin: String) -> [String] {
        var found: [String] = []
        func note(_ setting: String) { found.append("\(plugin): \(setting)") }
        for key in ["use_local_image_pull", "disable_image_pull_with_transfer_service", "image_pull_with_sync_fs"]
        where images[key] != nil && images[key]?.bool != false {
            note("\(key) is set")
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

    private static func table(_ path: String, isMain: Bool) throws(Refusal) -> TOMLTable {
        let checked = "containerd's configuration \(path)"
        guard let bytes = try OwnFile.read(path, limit: maximumLength, checked: checked) else {
            throw Refusal(
                .usage,
                checked: checked,
                found: isMain ? "no such file" : "no such file, and it is imported: containerd does not start",
                next: isMain
                    ? "name the one that containerd is started with: trustctl doctor --containerd FILE"
                    : "take it out of imports, or write it"
            )
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw wrong(path, "not UTF-8", expected: "TOML")
        }
        do { return try TOMLTable(string: text) } catch {
            throw wrong(path, "\(error)", expected: "TOML")
        }
    }

    /// The files that are imported, in their order, as containerd finds them: a name with a star is a pattern, and any other
    /// one a file that must be there.
    private static func imports(of table: TOMLTable, _ path: String) throws(Refusal) -> [String] {
        var found: [String] = []
        for name in strings(table["imports"]) {
            let isAbsolute = name.utf8.first == UInt8(ascii: "/")
            let full = GoPath.clean(isAbsolute ? name : DurableFile.join(DurableFile.parent(of: path), name))
            if full.utf8.contains(UInt8(ascii: "*")) {
                let files: [String]?
                do throws(FileError) { files = try GoPath.files(full) } catch {
                    throw Refusal.file(error, checked: "the imports of containerd's configuration \(path)")
                }
                guard let files else { throw wrong(path, "imports \(name)", expected: "a pattern of file names") }
                found += files
            } else {
                found.append(full)
            }
            guard found.count <= maximumFiles else {
                throw wrong(path, "more imports", expected: "at most \(maximumFiles)")
            }
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
