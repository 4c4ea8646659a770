import CanonicalJSON

/// The platform an image is for, as indexes state it (image-spec, image-index.md) and as users write it.
///
/// ``matches(_:)`` compares after the normalization that containerd and docker use: `aarch64` is `arm64`, `arm64/v8` is
/// `arm64`, `x86_64` is `amd64`, `arm` is `arm/v7`, `macos` is `darwin`.
public struct Platform: Sendable, Hashable, CustomStringConvertible {
    /// The operating system, as Go's `GOOS` has it.
    public let os: String
    /// The processor architecture, as Go's `GOARCH` has it.
    public let architecture: String
    /// The variant of the processor; empty when there is none.
    public let variant: String
    /// The version of the operating system (Windows); empty when not stated.
    public let osVersion: String
    /// What the operating system must be able to do (Windows); mostly empty.
    public let osFeatures: [String]

    /// `OS/ARCHITECTURE[/VARIANT]`, with the version of the system in parentheses where one is stated.
    public var description: String {
        let version = osVersion.isEmpty ? "" : "(\(osVersion))"
        return "\(os)\(version)/\(architecture)\(variant.isEmpty ? "" : "/\(variant)")"
    }

    /// A platform from its parts, as they are.
    public init(
        os: String,
        architecture: String,
        variant: String = "",
        osVersion: String = "",
        osFeatures: [String] = []
    ) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
        self.osVersion = osVersion
        self.osFeatures = osFeatures
    }

    /// Reads and normalizes what a user wrote.
    ///
    /// - Parameter text: `OS/ARCHITECTURE[/VARIANT]` or `OS(VERSION)/ARCHITECTURE[/VARIANT]`; letters, digits, `_`, `-`
    ///   and `.` in each part. docker's one-part forms are refused, because what they mean depends on the machine.
    /// - Throws: ``OCIError/invalidPlatform(_:)``.
    public init(parsing text: String) throws(OCIError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard text.utf8.count <= 128, (2...3).contains(parts.count) else {
            throw .invalidPlatform(String(text.prefix(128)))
        }
        var os = parts[0]
        var version = os[os.endIndex...]
        if let open = os.firstIndex(of: UInt8(ascii: "(")) {
            guard os.last == UInt8(ascii: ")") else { throw .invalidPlatform(text) }
            version = os[os.index(after: open)...].dropLast()
            os = os[..<open]
            guard Self.isPart(version) else { throw .invalidPlatform(text) }
        }
        guard Self.isPart(os), parts.dropFirst().allSatisfy(Self.isPart) else { throw .invalidPlatform(text) }
        self =
            Platform(
                os: String(Substring(os)),
                architecture: String(Substring(parts[1])),
                variant: parts.count == 3 ? String(Substring(parts[2])) : "",
                osVersion: String(Substring(version))
            ).normalized
    }

    /// The platform with each alias replaced by the name that stands for it, as containerd does.
    public var normalized: Platform {
        let os = os.lowercased()
        var architecture = architecture.lowercased()
        var variant = variant.lowercased()
        switch architecture {
        case "i386":
            architecture = "386"
            variant = ""
        case "x86_64", "x86-64", "amd64":
            architecture = "amd64"
            if variant == "v1" { variant = "" }
        case "aarch64", "arm64":
            architecture = "arm64"
            switch variant {
            case "8", "v8", "v8.0": variant = ""
            case "9", "9.0", "v9.0": variant = "v9"
            default: break
            }
        case "armhf":
            architecture = "arm"
            variant = "v7"
        case "armel":
            architecture = "arm"
            variant = "v6"
        case "arm":
            switch variant {
            case "", "7": variant = "v7"
            case "5", "6", "8": variant = "v\(variant)"
            default: break
            }
        default: break
        }
        return Platform(
            os: os == "macos" ? "darwin" : os,
            architecture: architecture,
            variant: variant,
            osVersion: osVersion,
            osFeatures: osFeatures
        )
    }

    /// Whether an image for this platform is what `wanted` asks for: system, architecture and variant are the same after
    /// normalization, and a version that is asked for is the one stated, or the beginning of it up to a dot.
    public func matches(_ wanted: Platform) -> Bool {
        let mine = normalized
        let theirs = wanted.normalized
        guard mine.os == theirs.os, mine.architecture == theirs.architecture, mine.variant == theirs.variant else {
            return false
        }
        return theirs.osVersion.isEmpty || mine.osVersion == theirs.osVersion
            || mine.osVersion.utf8.starts(with: "\(theirs.osVersion).".utf8)
    }

    private static func isPart(_ text: Substring.UTF8View) -> Bool {
        !text.isEmpty
            && text.allSatisfy {
                ReferenceGrammar.isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: ".")
            }
    }

    init(_ node: JSONNode, at path: String) throws(OCIError) {
        let reader = try FieldReader(
            node,
            at: path,
            known: ["architecture", "os", "os.version", "os.features", "variant", "features"]
        )
        self.init(
            os: try reader.requiredString("os"),
            architecture: try reader.requiredString("architecture"),
            variant: try reader.optionalString("variant") ?? "",
            osVersion: try reader.optionalString("os.version") ?? "",
            osFeatures: try reader.strings("os.features")
        )
    }

    var json: JSONValue {
        var object: JSONObject = ["os": .string(os), "architecture": .string(architecture)]
        if !variant.isEmpty { object["variant"] = .string(variant) }
        if !osVersion.isEmpty { object["os.version"] = .string(osVersion) }
        if !osFeatures.isEmpty { object["os.features"] = .array(osFeatures.map(JSONValue.string)) }
        return .object(object)
    }
}
