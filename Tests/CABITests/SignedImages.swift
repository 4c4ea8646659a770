import CanonicalJSON
import Testing
import TrustTestSupport

/// A registry with images of which some are signed, a policy for them, and what trustctl says of them by it.
struct SignedImages: Sendable {
    let registry: DockerRegistry
    let directory: TemporaryDirectory
    let publisher: Trustctl
    let policy: String
    /// A policy under which any repository is asked for.
    let anyPolicy: String
    /// A signed tag, and its digest.
    let good: (reference: String, digest: String)
    /// References with the reason of each.
    let references: [(reference: String, reason: String)]

    /// Runs a test with images of its own.
    static func with(_ body: (SignedImages) async throws -> Void) async throws {
        try await DockerRegistry.with { registry in
            let directory = try TemporaryDirectory("trustctl-c")
            let publisher = try Trustctl(in: directory)
            let images = try await TestImages()
            let signed = try await images.makeImage("1.0", layers: ["hello"])
            let other = try await images.makeImage("other", layers: ["other"])
            let repository = "\(registry.address)/team/app"
            for (tag, place) in [
                ("1.0", "team/app:1.0"), ("other", "team/app:2.0"), ("other", "team/unsigned:1"),
                ("other", "admitted/app:1"),
            ] { try await Skopeo(registry).push(images, tag, to: place) }
            let made = try await publisher.run("init", repository, "--unsafe-unencrypted", "--json")
            #expect(made.exitCode == 0, "\(made)")
            let object = try JSONValue(parsing: made.standardOutput.dropLast())
            let root = try #require(object["roles"]?["root"]?["keyIDs"]?.array?.first?.string)
            let signing = try await publisher.run(
                "sign",
                "image",
                "\(repository):1.0",
                "--digest",
                signed.digest
            )
            #expect(signing.exitCode == 0, "\(signing)")
            let policy = #"""
                {"version": 1, "rules": [
                  {"repositories": ["\#(repository)"], "pins": [{"rootKeys": ["\#(root)"]}]},
                  {"repositories": ["\#(registry.address)/team/*"]},
                  {"repositories": ["\#(registry.address)/admitted/*"], "unsigned": "warn"},
                  {"repositories": ["refused.example.com/*"], "refuse": true}
                ]}
                """#
            try await body(
                SignedImages(
                    registry: registry,
                    directory: directory,
                    publisher: publisher,
                    policy: try directory.write(policy, to: "policy.json"),
                    anyPolicy: try directory.write(
                        #"{"version": 1, "rules": [{"repositories": ["*"]}]}"#,
                        to: "any.json"
                    ),
                    good: ("\(repository):1.0", "\(repository)@\(signed.digest)"),
                    references: [
                        ("\(repository):1.0", "trusted"), ("\(repository):1.0@\(signed.digest)", "trusted"),
                        ("\(repository):1.0@\(other.digest)", "tag-moved"), ("\(repository):2.0", "unsigned-tag"),
                        ("\(registry.address)/team/unsigned:1", "unsigned-repository"),
                        ("\(registry.address)/admitted/app:1", "unsigned-repository"),
                        ("refused.example.com/app:1", "policy"), ("127.0.0.1:1/team/app:1", "policy"),
                    ]
                )
            )
        }
    }

    /// A directory for the state of somebody who knows nothing yet.
    func newState() throws -> String {
        let path = try directory.makeDirectory("state-\(UInt64.random(in: .min ... .max))")
        try Files.setMode(path, 0o700)
        return path
    }

    /// What a caller must say: three lines for each reference, which agree with `trustctl verify --policy`.
    func expectedLines() async throws -> [String] {
        var lines: [String] = []
        for (reference, reason) in references {
            let home = try newState()
            let output = try await publisher.run(
                "verify",
                reference,
                "--policy",
                policy,
                "--json",
                variables: ["TRUSTCTL_HOME": home]
            )
            let object = try JSONValue(parsing: output.standardOutput.dropLast())
            #expect(object["reason"]?.string == reason, "\(reference): \(output)")
            #expect(object["exitCode"]?.integer == Int64(output.exitCode ?? -1), "\(output)")
            let image = reason == "trusted" ? object["image"]?.string : nil
            for way in ["blocking", "completion", "descriptor"] {
                lines.append("\(way) \(reason) \(output.exitCode ?? -1) \(image ?? "-")")
            }
        }
        return lines
    }
}
