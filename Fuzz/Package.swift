// swift-tools-version: 6.3
import PackageDescription

/// The fuzz targets. A package of its own, so that the flags it is built with never touch the main build; run them with
/// `scripts/fuzz-smoke`.
///
/// To add one: a line here, `Sources/NAME/NAME.swift` with a function `LLVMFuzzerTestOneInput` like the others, and a
/// few files to begin with in `corpus/NAME`. `dictionaries/NAME.dict` is used where it exists.
let fuzzers: [(name: String, modules: [String])] = [
    ("FuzzAuthChallenge", ["OCIRegistry", "TrustTransport"]),
    ("FuzzCertificates", ["TrustCrypto"]),
    ("FuzzJSON", ["CanonicalJSON"]),
    ("FuzzEnvelope", ["TUF", "TrustCrypto", "CanonicalJSON"]),
    ("FuzzKeyFiles", ["TrustCrypto"]),
    ("FuzzNotary", ["TUF", "TrustCrypto", "CanonicalJSON"]),
    ("FuzzPolicy", ["ContentTrust", "TUF"]),
    ("FuzzReference", ["OCI"]),
    ("FuzzManifest", ["OCI", "CanonicalJSON", "TrustCrypto"]),
    ("FuzzArchive", ["OCI", "TrustCrypto"]),
    ("FuzzImageSignatures", ["ImageSignatures", "OCI", "TrustCrypto"]),
    ("FuzzTrustChain", ["TrustTestSupport"]),
]

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "trustctl-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "trustctl", path: "..")
    ],
    targets: [.target(name: "Harness", swiftSettings: swiftSettings)]
        + fuzzers.map { fuzzer in
            .executableTarget(
                name: fuzzer.name,
                dependencies: ["Harness"] + fuzzer.modules.map { .product(name: $0, package: "trustctl") },
                swiftSettings: swiftSettings
            )
        }
)
