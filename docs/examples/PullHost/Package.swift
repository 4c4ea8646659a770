// swift-tools-version: 6.3
import PackageDescription

/// A host that pulls images, with the verifier in front: an example to read and to take from. Continuous integration builds it and
/// runs it against a registry.
let package = Package(
    name: "pull-host",
    platforms: [.macOS(.v15)],
    dependencies: [
        // A host outside this repository names its address and a version.
        .package(name: "trustctl", path: "../../..")
    ],
    targets: [
        .executableTarget(
            name: "PullHost",
            dependencies: [
                .product(name: "ContentTrust", package: "trustctl"),
                .product(name: "OCI", package: "trustctl"),
                .product(name: "OCIRegistry", package: "trustctl"),
                .product(name: "TrustCrypto", package: "trustctl"),
                .product(name: "AHCTransport", package: "trustctl"),
                .product(name: "TrustTransport", package: "trustctl"),
            ]
        )
    ]
)
