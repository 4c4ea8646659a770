// swift-tools-version: 6.3
import PackageDescription

/// `TRUSTCTL_STRICT=1` makes warnings of this package errors (not those of its dependencies), as `scripts/test` wants
/// it. It is no default: a newer compiler may warn where today's does not.
let strict: [SwiftSetting] = Context.environment["TRUSTCTL_STRICT"] == "1" ? [.treatAllWarnings(as: .error)] : []

/// The flags that every Swift target is built with.
let swiftSettings: [SwiftSetting] =
    strict + [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]

/// `TRUSTCTL_CORE=1` leaves out everything that needs SwiftNIO, so that sanitizer runs and work on the core build in
/// seconds.
let coreOnly = Context.environment["TRUSTCTL_CORE"] == "1"

let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let tomlKit: Target.Dependency = .product(name: "TOMLKit", package: "TOMLKit")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")

/// A library target. What stands in `dependencies` is all that its sources may import; `scripts/check-imports` holds
/// them to it.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// The tests of one module, or of one subject.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

var targets: [Target] = [
    .systemLibrary(
        name: "COpenSSL",
        pkgConfig: "libcrypto",
        providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]
    ),
    .systemLibrary(
        name: "CSodium",
        pkgConfig: "libsodium",
        providers: [.apt(["libsodium-dev"]), .brew(["libsodium"])]
    ),
    .target(name: "CTrustShims", dependencies: ["COpenSSL", "CSodium"]),

    // Layer 1
    module("TrustCrypto", ["COpenSSL", "CSodium", "CTrustShims"]),
    module("CanonicalJSON", []),
    // Layer 2
    module("TUF", ["TrustCrypto", "CanonicalJSON"]),
    module("OCI", ["TrustCrypto", "CanonicalJSON"]),
    module("TrustTransport", [httpTypes, logging]),
    // Layer 3
    module("TUFClient", ["TUF", "TrustCrypto", "CanonicalJSON"]),
    module("KeyStorage", ["TUF", "TrustCrypto", "CanonicalJSON", "CTrustShims"]),
    module("OCIRegistry", ["OCI", "TrustTransport", "TrustCrypto", "CanonicalJSON", "CTrustShims", httpTypes]),
    module("NotaryAPI", ["TUF", "OCIRegistry", "TrustTransport", "TrustCrypto", "CanonicalJSON", httpTypes]),
    module("ImageSignatures", ["OCI", "OCIRegistry", "TrustCrypto", "CanonicalJSON"]),
    // Layer 4
    module(
        "ContentTrust",
        [
            "TUF", "TUFClient", "KeyStorage", "OCI", "OCIRegistry", "NotaryAPI", "ImageSignatures", "TrustTransport",
            "TrustCrypto", "CanonicalJSON", logging,
        ]
    ),
    // What tests share; no product.
    .target(name: "CTestShims"),
    module(
        "TrustTestSupport",
        [
            "CTestShims", "ContentTrust", "TUF", "TUFClient", "OCIRegistry", "TrustTransport", "TrustCrypto",
            "CanonicalJSON", httpTypes,
        ]
    ),

    tests("TrustTestSupportTests", ["TrustTestSupport", "CanonicalJSON"]),
    tests("TrustCryptoTests", ["TrustCrypto", "COpenSSL", "CSodium", "TrustTestSupport"]),
    tests("CanonicalJSONTests", ["CanonicalJSON"]),
    tests("TUFTests", ["TUF", "TrustCrypto", "CanonicalJSON", "TrustTestSupport"]),
    tests("OCITests", ["OCI", "TrustCrypto", "CanonicalJSON"]),
    tests("TrustTransportTests", ["TrustTransport", "TrustTestSupport", httpTypes]),
    tests("TUFClientTests", ["TUFClient", "TUF", "TrustCrypto", "CanonicalJSON", "TrustTestSupport"]),
    tests("KeyStorageTests", ["KeyStorage", "TUF", "TrustCrypto", "TrustTestSupport"]),
    tests(
        "OCIRegistryTests",
        ["OCIRegistry", "OCI", "TrustTransport", "TrustCrypto", "TrustTestSupport", httpTypes]
    ),
    tests(
        "ImageSignaturesTests",
        [
            "ImageSignatures", "OCI", "OCIRegistry", "TrustTransport", "TrustCrypto", "CanonicalJSON",
            "TrustTestSupport",
            httpTypes,
        ]
    ),
    tests(
        "ContentTrustTests",
        [
            "ContentTrust", "TUF", "TUFClient", "KeyStorage", "OCI", "OCIRegistry", "NotaryAPI", "TrustTransport",
            "TrustCrypto", "CanonicalJSON", "TrustTestSupport", httpTypes,
        ]
    ),
    tests(
        "AttackTests",
        ["TUFClient", "TUF", "TrustCrypto", "CanonicalJSON", "TrustTestSupport"]
    ),
    tests(
        "AdvisoryTests",
        [
            "TUFClient", "TUF", "OCI", "OCIRegistry", "TrustTransport", "TrustCrypto", "CanonicalJSON",
            "TrustTestSupport", httpTypes,
        ]
    ),
]

var products: [Product] = [
    .library(name: "TrustCrypto", targets: ["TrustCrypto"]),
    .library(name: "CanonicalJSON", targets: ["CanonicalJSON"]),
    .library(name: "TUF", targets: ["TUF"]),
    .library(name: "TUFClient", targets: ["TUFClient"]),
    .library(name: "KeyStorage", targets: ["KeyStorage"]),
    .library(name: "OCI", targets: ["OCI"]),
    .library(name: "OCIRegistry", targets: ["OCIRegistry"]),
    .library(name: "NotaryAPI", targets: ["NotaryAPI"]),
    .library(name: "ImageSignatures", targets: ["ImageSignatures"]),
    .library(name: "TrustTransport", targets: ["TrustTransport"]),
    .library(name: "ContentTrust", targets: ["ContentTrust"]),
]

var dependencies: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
]

// The fuzz targets, a package of their own, build the core only.
if coreOnly { products.append(.library(name: "TrustTestSupport", targets: ["TrustTestSupport"])) }

if !coreOnly {
    dependencies += [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    ]
    targets += [
        module(
            "AHCTransport",
            ["TrustTransport", asyncHTTPClient, nioCore, nioHTTP1, nioPosix, nioSSL, httpTypes, logging]
        ),
        // Layer 5
        .target(name: "CContentTrust"),
        .target(
            name: "ContentTrustABI",
            dependencies: [
                "CContentTrust", "CTrustShims", "ContentTrust", "AHCTransport", "OCI", "OCIRegistry", "TUFClient",
                "TrustTransport", "TrustCrypto",
            ],
            exclude: ["exports.map"],
            swiftSettings: swiftSettings,
            // Only what C is promised is shown. Its threads never end, so it cannot be unloaded.
            linkerSettings: [
                .unsafeFlags(
                    [
                        "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/ContentTrustABI/exports.map",
                        "-Xlinker", "-soname=libcontenttrust.so.1", "-Xlinker", "-z", "-Xlinker", "nodelete",
                    ],
                    .when(platforms: [.linux])
                )
            ]
        ),
        module(
            "PullDoors",
            [
                "ContentTrust", "OCI", "OCIRegistry", "TUF", "TUFClient", "TrustTransport", "TrustCrypto",
                "CanonicalJSON",
                tomlKit,
            ]
        ),
        module(
            "TrustCommands",
            [
                "ContentTrust", "PullDoors", "AHCTransport", "TUF", "TUFClient", "KeyStorage", "OCI", "OCIRegistry",
                "NotaryAPI", "ImageSignatures", "TrustTransport", "TrustCrypto", "CanonicalJSON", "CTrustShims",
                argumentParser, httpTypes, logging,
            ]
        ),
        // Layer 6
        .executableTarget(name: "trustctl", dependencies: ["TrustCommands"], swiftSettings: swiftSettings),
        .testTarget(
            name: "CABITests",
            dependencies: ["CanonicalJSON", "TrustTestSupport"],
            exclude: ["Callers"],
            swiftSettings: swiftSettings
        ),
        tests("AHCTransportTests", ["AHCTransport", "TrustTransport", "TrustTestSupport", httpTypes]),
        tests(
            "TrustCommandsTests",
            [
                "TrustCommands", "ContentTrust", "TUF", "OCI", "TrustCrypto", "CanonicalJSON", "TrustTestSupport",
                argumentParser,
            ]
        ),
        tests(
            "CommandTests",
            [
                "trustctl", "AHCTransport", "ContentTrust", "OCI", "OCIRegistry", "NotaryAPI", "TUF", "TUFClient",
                "KeyStorage", "TrustTransport", "TrustCrypto", "CanonicalJSON", "TrustTestSupport",
            ]
        ),
        tests(
            "PeerTests",
            [
                "trustctl", "AHCTransport", "ContentTrust", "OCI", "OCIRegistry", "TUF", "TrustTransport",
                "TrustCrypto",
                "CanonicalJSON", "TrustTestSupport", httpTypes,
            ]
        ),
    ]
    products += [
        .library(name: "AHCTransport", targets: ["AHCTransport"]),
        // For C; what `import ContentTrust` needs is in the static products.
        .library(name: "contenttrust", type: .dynamic, targets: ["ContentTrustABI"]),
        .executable(name: "trustctl", targets: ["trustctl"]),
    ]
}

// The example of a host, compiled with everything else: `scripts/example-host`. Its own Package.swift is what hosts begin with.
if Context.environment["TRUSTCTL_EXAMPLES"] == "1" {
    targets.append(
        .executableTarget(
            name: "PullHost",
            dependencies: ["ContentTrust", "OCI", "OCIRegistry", "TrustCrypto", "AHCTransport", "TrustTransport"],
            path: "docs/examples/PullHost/Sources/PullHost",
            swiftSettings: strict
        )
    )
}

// `TRUSTCTL_TESTS="A B"` builds these test targets only.
if let wanted = Context.environment["TRUSTCTL_TESTS"]?.split(separator: " ") {
    targets.removeAll { $0.type == .test && !wanted.contains($0.name[...]) }
}

let package = Package(
    name: "trustctl",
    platforms: [.macOS(.v15)],
    products: products,
    dependencies: dependencies,
    targets: targets
)
