import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// What one program publishes to a Notary server, the others accept.
@Suite(.timeLimit(.minutes(4))) struct NotaryPublishTests {
    @Test func notaryAndDockerAcceptWhatIsPublished() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("1.0", "2.0")
            try await world.initialize()
            let signed = try await world.publish("sign", "image", world.reference("1.0"), "--json").object
            try Schema.check(signed, "publish")
            #expect(signed["changed"] == true)
            #expect(signed["signedRoles"] == ["targets"])
            let again = try await world.publish("sign", "image", world.reference("1.0"), "--json").object
            #expect(again["changed"] == false)

            let notary = try world.notary()
            let docker = try world.docker()
            #expect(try await world.tags(notary) == ["1.0": image.hex])
            let line = "1.0 sha256:\(image.hex) \(image.size)\n"
            #expect(try await notary.succeed("lookup", world.repository, "1.0").text.hasSuffix(line))
            let manifest = try world.directory.write(try world.images.blob(image.digest), to: "signed")
            try await notary.succeed("verify", world.repository, "1.0", "-i", manifest, "-q")
            let other = try world.directory.write("other\n", to: "other")
            #expect(try await notary.run("verify", world.repository, "1.0", "-i", other, "-q").exitCode == 1)
            let signatures = try await world.signatures(docker)
            #expect(signatures.mapValues(\.signers) == ["1.0": ["Repo Admin"]])
            #expect(signatures["1.0"]?.digest == image.hex)

            try await world.publish("sign", "image", world.reference("2.0"))
            try await world.publish("revoke", world.reference("1.0"))
            for tags in [try await world.tags(notary), try await world.tags(docker)] {
                #expect(tags == ["2.0": image.hex])
            }
            try await world.verify("2.0")
            try await world.refuse("1.0", .unsignedTag)
        }
    }

    @Test func whatNotaryPublishesIsVerified() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("1.0")
            let notary = try world.notary()
            let manifest = try world.directory.write(try world.images.blob(image.digest), to: "signed")
            try await notary.succeed("init", world.repository)
            try await notary.succeed("add", world.repository, "1.0", manifest)
            try await notary.succeed("publish", world.repository)
            try await world.refuse("1.0", .noPin)
            let refused = try await world.run(world.consumer, ["verify", world.reference("1.0")])
            // It says what would pin what is claimed.
            let found = refused.errorText.firstRange(of: "trustctl pin add ")
            let words = try #require(found).upperBound
            let suggested = refused.errorText[words...].prefix { $0 != "\n" }.split(separator: " ").map(String.init)
            try expect(try await world.consumer.runAll(["pin", "add"] + suggested), 0)
            let resolved = try await world.succeed(world.consumer, ["resolve", world.reference("1.0")])
            #expect(resolved.text == "\(world.repository)@\(image.digest)\n")
            for command in ["verify", "resolve", "inspect", "list"] {
                let subject = ["inspect", "list"].contains(command) ? world.repository : world.reference("1.0")
                let object = try await world.succeed(world.consumer, [command, subject, "--json"]).object
                try Schema.check(object, command == "resolve" ? "verify" : command)
            }

            try await notary.succeed("remove", world.repository, "1.0", "-p")
            try await world.refuse("1.0", .unsignedTag)
        }
    }

    /// With docker's choice of the server, and docker's way with an image that was signed as another one.
    @Test func dockersVariableNamesTheServer() async throws {
        try await NotaryWorld.with { world in
            try await world.signed()
            let location = ["--store", "notary", "--ca-cert", world.services.certificates.certificate]
            let verify = ["verify", world.reference("1.0")] + location
            let variables = ["DOCKER_CONTENT_TRUST_SERVER": world.server]
            try expect(try await world.consumer.runAll(verify, variables: variables), 0)
            // Else it is the registry itself, which is none.
            let without = try await world.consumer.runAll(verify)
            try expect(without, Reason.unreachable.exitCode)
            try await world.push("1.0", text: "another")
            try await world.refuse("1.0", .tagMoved)
        }
    }

    @Test func aSignerServiceHoldsTheServersKeys() async throws {
        var options = NotaryServices.Options()
        options.signing = .signer()
        try await NotaryWorld.with(options) { world in
            let image = try await world.signed()
            #expect(world.services.log.contains("CreateKey: Created KeyID"))
            #expect(try await world.tags(try world.notary()) == ["1.0": image.hex])
            try await world.verify("1.0")
            try await world.publish("key", "rotate", world.repository, "--role", "snapshot", "--role", "timestamp")
            try await world.verify("1.0")
            await world.services.stopSigner()
            try await world.verify("1.0")
            let refused = try await world.run(world.publisher, ["revoke", world.reference("1.0")])
            #expect(refused.exitCode != 0)
            #expect(refused.errorText.contains("  found:    "), "\(refused)")
            try await world.verify("1.0")
        }
    }
}
