import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// python-tuf as it is on PyPI: it signs and trustctl follows, trustctl signs and it follows.
@Suite(.timeLimit(.minutes(10))) struct PythonTUFPeerTests {
    /// Runs `scripts/peers/python-tuf.py`. `scripts/test` has installed what it needs.
    private static func python(_ arguments: [String]) async throws -> ProcessOutput {
        let root = Files.projectRoot
        return try await runSuccessfully(
            Command("\(root)/.build-python/bin/python", ["\(root)/scripts/peers/python-tuf.py"] + arguments)
        )
    }

    @Test func itSignsAndWeFollow() async throws {
        try await TemporaryDirectory.with { directory in
            let folder = try directory.makeDirectory("repositories")
            _ = try await Self.python(["sign", folder])
            let cases = try JSONValue(parsing: try Files.read("\(folder)/cases.json")).array ?? []
            #expect(cases.count == 8)
            let trustctl = try Trustctl(in: directory)
            for value in cases {
                let name = try #require(value["name"]?.string)
                let kept = directory.file("kept-\(name)")
                for (index, step) in (value["steps"]?.array ?? []).enumerated() {
                    try await follow(step, isFirst: index == 0, keptIn: kept, with: trustctl, "\(name) \(index)")
                }
            }
        }
    }

    private func follow(
        _ step: JSONValue,
        isFirst: Bool,
        keptIn kept: String,
        with trustctl: Trustctl,
        _ name: String
    ) async throws {
        let folder = try #require(step["folder"]?.string)
        let metadata = "\(folder)/metadata"
        if isFirst {
            try expect(try await trustctl.run("tuf", "init", "\(metadata)/1.root.json", "--metadata-dir", kept), 0)
        }
        let source = ["--metadata-dir", kept, "--metadata-url", metadata]
        let refreshed = try await trustctl.runAll(["tuf", "refresh"] + source)
        guard step["refused"] == false else {
            #expect(refreshed.exitCode == Reason.badSignature.exitCode, "\(name): \(refreshed)")
            return
        }
        #expect(refreshed.exitCode == 0, "\(name): \(refreshed)")
        let download = source + ["--target-base-url", "\(folder)/targets", "--target-dir", "\(kept)-targets"]
        for target in (step["found"]?.array ?? []).compactMap(\.string) {
            let output = try await trustctl.runAll(["tuf", "download", target] + download)
            #expect(output.exitCode == 0, "\(name), \(target): \(output)")
            #expect(try Files.read("\(kept)-targets/\(target)") == Array("manifest of \(target)".utf8), "\(name)")
        }
        for target in (step["absent"]?.array ?? []).compactMap(\.string) {
            let output = try await trustctl.runAll(["tuf", "download", target] + download)
            #expect(output.exitCode != 0, "\(name), \(target): \(output)")
        }
    }

    /// Everything that trustctl writes: signers, waiting changes, bins, thresholds, rotations of every role. python-tuf keeps
    /// what it has seen from step to step, as our own consumer does.
    @Test(arguments: ["ecdsa-p256", "ed25519", "rsa-3072"])
    func weSignAndItFollows(keyType: String) async throws {
        try await World.with { world in
            let data = world.directory.file("trust-data")
            let cache = try world.directory.makeDirectory("python-cache")
            let store = ["--store", "dir:\(data)"]
            var digests: [String: String] = [:]
            for tag in ["1.0", "v1", "x1"] {
                digests[tag] = String(try await world.push(tag, tag).digest.dropFirst("sha256:".count))
            }
            func publish(_ arguments: String...) async throws {
                try expect(try await world.publisher.runAll(arguments + store), 0)
            }
            func follow(_ tags: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws {
                let output = try await Self.python(["verify", data, cache, "1.0", "v1", "x1"])
                let object = try output.object
                #expect(object["result"] == "trusted", sourceLocation: sourceLocation)
                for (tag, digest) in digests {
                    let found = object["found"]?[tag]?.string
                    #expect(found == (tags.contains(tag) ? digest : nil), "\(tag)", sourceLocation: sourceLocation)
                }
            }
            try await publish("init", world.repository, "--unsafe-unencrypted", "--key-type", keyType)
            try await publish("sign", "image", world.reference("1.0"))
            try await follow("1.0")

            // Signers: globs, a terminating one, another's name first.
            let add = ["signer", "add", world.repository]
            let new = ["--unsafe-unencrypted", "--key-type", keyType]
            try expect(try await world.publisher.runAll(add + ["alice", "--tag", "v*"] + new + store), 0)
            try expect(
                try await world.publisher.runAll(add + ["bob", "--tag", "x?", "--terminating"] + new + store),
                0
            )
            try await publish("sign", "image", world.reference("v1"), "--signer", "alice")
            try await publish("sign", "image", world.reference("x1"), "--signer", "bob")
            try await follow("1.0", "v1", "x1")
            try await publish("signer", "remove", world.repository, "bob")
            try await follow("1.0", "v1")
            try await publish("signer", "remove", world.repository, "alice", "--keep-tags")
            try await follow("1.0", "v1")

            for bins in ["4", "16", "0", "8"] {
                try await publish("rebin", world.repository, "--bins", bins)
                try await publish("sign", "image", world.reference("x1"))
                try await follow("1.0", "v1", "x1")
            }
            for role in ["timestamp", "snapshot", "targets", "root"] {
                try await publish("key", "rotate", world.repository, "--role", role, "--unsafe-unencrypted")
                try await follow("1.0", "v1", "x1")
            }
            // Two root keys, and both must sign.
            let made = try await world.publisher.run("key", "generate", "--unsafe-unencrypted", "--key-type", keyType)
            try expect(made, 0)
            let id = String(made.text.prefix(64))
            let proposal = world.directory.file("proposal.json")
            try await publish(
                "root",
                "propose",
                world.repository,
                "--out",
                proposal,
                "--add-key",
                "root=\(id)",
                "--threshold",
                "root=2"
            )
            try expect(try await world.publisher.run("root", "sign", proposal, "--yes"), 0)
            try await publish("root", "apply", world.repository, proposal)
            try await publish("revoke", world.reference("1.0"))
            try await follow("v1", "x1")
        }
    }
}
