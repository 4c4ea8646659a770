// swift-tools-version: 6.3
import PackageDescription

/// Benchmarks, run by hand: `swift run -c release trust-bench`. A package of its own, so that nothing here reaches the
/// main build. Set `TRUSTCTL_CORE=1`: nothing here needs the network stack.
let package = Package(
    name: "trustctl-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "trustctl", path: "..")
    ],
    targets: [
        .executableTarget(
            name: "trust-bench",
            dependencies: [
                .product(name: "CanonicalJSON", package: "trustctl"),
                .product(name: "TrustCrypto", package: "trustctl"),
                .product(name: "TUF", package: "trustctl"),
                .product(name: "ContentTrust", package: "trustctl"),
                .product(name: "KeyStorage", package: "trustctl"),
                .product(name: "OCI", package: "trustctl"),
                .product(name: "OCIRegistry", package: "trustctl"),
            ],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
            ]
        )
    ]
)
