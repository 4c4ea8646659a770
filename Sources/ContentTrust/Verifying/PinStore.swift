import CanonicalJSON
public import TUF
public import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The pins of this machine, in `TRUSTCTL_HOME/trust/pins.json`; pinned files lie beside it under `roots/`.
public struct PinStore: Sendable {
    private let directory: String

    /// The most bytes that the file of pins may have: some 20,000 pins.
    private static var maximumLength: Int { 8 << 20 }
    private static var formatVersion: Int64 { 1 }

    /// The pins in a directory.
    ///
    /// - Parameter directory: `TRUSTCTL_HOME/trust`. It is made when a pin is added.
    public init(directory: String) {
        self.directory = directory
    }

    private var file: String { "\(directory)/pins.json" }

    /// All pins, by scope.
    ///
    /// - Returns: The pins, sorted by their scopes as they are written.
    /// - Throws: ``PinStoreError``.
    public func list() throws(PinStoreError) -> [Pin] {
        guard let bytes = try readPins() else { return [] }
        let root: JSONNode
        do {
            root = try JSONDocument(parsing: bytes).root
        } catch {
            throw .damaged(path: file, field: "the JSON: \(Refusal.words(error))")
        }
        guard root["version"]?.integer == Self.formatVersion else { throw .damaged(path: file, field: "version") }
        guard let array = root["pins"], array.kind == .array else { throw .damaged(path: file, field: "pins") }
        var pins: [Pin] = []
        for element in array.elements { pins.append(try pin(element)) }
        return pins.sorted { $0.scope.description < $1.scope.description }
    }

    /// The most specific pin for a repository: that of the repository itself, else that of the longest prefix.
    ///
    /// - Parameters:
    ///   - repository: The repository's full name.
    ///   - dialect: The form of its metadata. Pins for the other one are not looked at.
    /// - Returns: The pin, or nil when none is for it.
    /// - Throws: ``PinStoreError``.
    public func pin(for repository: String, dialect: Dialect = .tuf1) throws(PinStoreError) -> Pin? {
        var best: (pin: Pin, specificity: Int)?
        for pin in try list() where pin.dialect == dialect {
            guard let specificity = pin.scope.specificity(for: repository) else { continue }
            if best.map({ specificity > $0.specificity }) ?? true { best = (pin, specificity) }
        }
        return best?.pin
    }

    /// Adds a pin.
    ///
    /// - Parameters:
    ///   - pin: The pin.
    ///   - replacing: Whether it may take the place of another pin with the same scope and dialect.
    /// - Returns: False when the same pin is there already.
    /// - Throws: ``PinStoreError``; ``PinStoreError/exists(scope:)`` when another pin has the scope.
    public func add(_ pin: Pin, replacing: Bool) async throws(PinStoreError) -> Bool {
        try await change { (pins) throws(PinStoreError) in
            if let index = pins.firstIndex(where: { $0.scope == pin.scope && $0.dialect == pin.dialect }) {
                guard pins[index] != pin else { return false }
                guard replacing else { throw .exists(scope: pin.scope.description) }
                pins[index] = pin
            } else {
                pins.append(pin)
            }
            switch pin.anchor {
            case .root(let bytes), .authorities(let bytes): try writeFile(bytes, Self.suffix(of: pin.anchor))
            case .keys: break
            }
            return true
        }
    }

    /// Removes the pin of a scope.
    ///
    /// - Parameters:
    ///   - scope: The scope.
    ///   - dialect: The form of the metadata that the pin is for.
    /// - Returns: False when there is none.
    /// - Throws: ``PinStoreError``.
    public func remove(_ scope: PinScope, dialect: Dialect = .tuf1) async throws(PinStoreError) -> Bool {
        try await change { (pins) throws(PinStoreError) in
            let count = pins.count
            pins.removeAll { $0.scope == scope && $0.dialect == dialect }
            return pins.count < count
        }
    }

    // MARK: Files

    private func change(
        _ body: (inout [Pin]) throws(PinStoreError) -> Bool
    ) async throws(PinStoreError) -> Bool {
        let lock: FileLock
        do throws(FileError) {
            try DurableFile.createDirectory(directory, mode: 0o700)
            lock = try await FileLock.acquire("\(directory)/pins.lock", timeout: .seconds(10))
        } catch {
            throw .file(error)
        }
        var pins = try list()
        guard try body(&pins) else { return false }
        let json = JSONValue.object([
            "version": .integer(Self.formatVersion),
            "pins": .array(pins.sorted { $0.scope.description < $1.scope.description }.map(Self.json)),
        ])
        do {
            try DurableFile.write(json.jsonBytes(pretty: true).span, to: file, mode: 0o600)
        } catch {
            throw .file(error)
        }
        _ = consume lock
        return true
    }

    /// Whoever can write pins says whom this machine trusts: only its owner may. Reading them harms nobody.
    private func readPins() throws(PinStoreError) -> [UInt8]? {
        let permissions: UInt32
        let bytes: [UInt8]
        do throws(FileError) {
            // Non-blocking: opening a FIFO would wait for a writer.
            let descriptor = try FileDescriptor(opening: file, flags: O_RDONLY | O_NONBLOCK)
            let status = try descriptor.status()
            guard status.isRegularFile else { throw .wrongFileType(path: file) }
            permissions = status.permissions
            bytes = try descriptor.readAll(limit: Self.maximumLength)
        } catch .other(_, ENOENT), .other(_, ENOTDIR) {
            return nil
        } catch {
            throw .file(error)
        }
        guard permissions & 0o022 == 0 else { throw .writableByOthers(path: file, permissions: permissions) }
        return bytes
    }

    private func read(_ path: String, limit: Int) throws(PinStoreError) -> [UInt8]? {
        do { return try DurableFile.read(path, limit: limit) } catch { throw .file(error) }
    }

    private func path(_ digest: Digest, _ suffix: String) -> String { "\(directory)/roots/\(digest.hex).\(suffix)" }

    private static func suffix(of anchor: RootAnchor) -> String {
        if case .authorities = anchor { "pem" } else { "json" }
    }

    private func writeFile(_ bytes: [UInt8], _ suffix: String) throws(PinStoreError) {
        do {
            try DurableFile.createDirectory("\(directory)/roots", mode: 0o700)
            try DurableFile.write(
                bytes.span,
                to: path(Digest.compute(.sha256, over: bytes.span), suffix),
                mode: 0o600
            )
        } catch {
            throw .file(error)
        }
    }

    // MARK: Form

    private static func json(_ pin: Pin) -> JSONValue {
        var object: JSONObject = [
            "scope": .string(pin.scope.description), "dialect": .string(pin.dialect.name),
        ]
        switch pin.anchor {
        case .keys(let ids, let threshold):
            object["rootKeys"] = .array(ids.sorted().map { .string($0.string) })
            object["threshold"] = .integer(Int64(threshold))
        case .root(let bytes):
            object["root"] = .string(Digest.compute(.sha256, over: bytes.span).description)
        case .authorities(let pem):
            object["authorities"] = .string(Digest.compute(.sha256, over: pem.span).description)
        }
        if let name = pin.signedName { object["signedAs"] = .string(name) }
        if pin.allowsUnnamed { object["allowUnnamed"] = .boolean(true) }
        return .object(object)
    }

    private func pin(_ node: JSONNode) throws(PinStoreError) -> Pin {
        guard let text = node["scope"]?.string, let scope = PinScope(text) else {
            throw .damaged(path: file, field: "scope")
        }
        // A pin of a dialect that this program does not speak must not be read as another one.
        guard let dialect = node["dialect"]?.string.flatMap(Dialect.init(name:)) else {
            throw .damaged(path: file, field: "\(text): dialect")
        }
        return Pin(
            scope: scope,
            dialect: dialect,
            anchor: try anchor(node, scope: text),
            signedName: node["signedAs"]?.string,
            allowsUnnamed: node["allowUnnamed"]?.boolean ?? false
        )
    }

    private func anchor(_ node: JSONNode, scope: String) throws(PinStoreError) -> RootAnchor {
        if let array = node["rootKeys"] {
            guard array.kind == .array, let threshold = node["threshold"]?.integer else {
                throw .damaged(path: file, field: "\(scope): rootKeys")
            }
            var ids: Set<KeyID> = []
            for element in array.elements {
                guard let string = element.string, let id = try? KeyID(string) else {
                    throw .damaged(path: file, field: "\(scope): rootKeys")
                }
                ids.insert(id)
            }
            guard !ids.isEmpty, threshold >= 1, threshold <= Int64(ids.count) else {
                throw .damaged(path: file, field: "\(scope): threshold")
            }
            return .keys(ids, threshold: Int(threshold))
        }
        if let string = node["authorities"]?.string {
            return .authorities(pem: try pinned(string, "pem", limit: Certificate.maximumTextLength, scope: scope))
        }
        guard let string = node["root"]?.string else {
            throw .damaged(path: file, field: "\(scope): rootKeys, root or authorities")
        }
        return .root(try pinned(string, "json", limit: TUFLimits().rootLength, scope: scope))
    }

    /// A file that is pinned by its digest.
    private func pinned(
        _ string: String,
        _ suffix: String,
        limit: Int,
        scope: String
    ) throws(PinStoreError) -> [UInt8] {
        guard let digest = try? Digest(parsing: string) else { throw .damaged(path: file, field: "\(scope): digest") }
        let path = path(digest, suffix)
        guard let bytes = try read(path, limit: limit),
            Digest.compute(digest.algorithm, over: bytes.span) == digest
        else {
            throw .damaged(path: path, field: "its digest")
        }
        return bytes
    }
}

extension Dialect {
    /// As pins name it.
    package var name: String {
        switch self {
        case .tuf1: "tuf"
        case .notary: "notary"
        }
    }

    init?(name: String) {
        switch name {
        case "tuf": self = .tuf1
        case "notary": self = .notary
        default: return nil
        }
    }
}

extension PinScope {
    /// A scope as it is written: a repository's full name, or a prefix that ends in `/*`.
    ///
    /// - Parameter text: The text. Nil is returned for an empty one, for a `*` anywhere but after the last slash at the end
    ///   (so `reg.io*` is none), and for spaces and control characters.
    public init?(_ text: String) {
        let isPrefix = text.hasSuffix("/*")
        let name = isPrefix ? String(text.dropLast(2)) : text
        guard !name.isEmpty, !name.utf8.contains(0x2a), !name.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) else {
            return nil
        }
        self = isPrefix ? .prefix(name) : .repository(name)
    }
}

/// Why pins cannot be read or changed.
public enum PinStoreError: Error, Sendable, Equatable {
    /// A file could not be read or written.
    case file(FileError)
    /// The file of pins can be written by others than its owner; `permissions` are its mode bits.
    case writableByOthers(path: String, permissions: UInt32)
    /// A file is not what this program writes; nothing was changed.
    case damaged(path: String, field: String)
    /// Another pin has the scope.
    case exists(scope: String)
}
