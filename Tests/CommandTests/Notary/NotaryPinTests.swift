import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// What a collection on a Notary server can be pinned by.
@Suite(.timeLimit(.minutes(4))) struct NotaryPinTests {
    /// The keys of the root as it lists them, and by themselves.
    private func rootKeys(_ world: NotaryWorld) async throws -> (listed: String, certificate: String) {
        let root = try await world.signedPart(of: "root.json")
        let id = try #require(root["roles"]?["root"]?["keyids"]?.array?.first?.string)
        let encoded = try #require(root["keys"]?[id]?["keyval"]?["public"]?.string)
        let command = Command("base64", ["-d"], input: .bytes(Array(encoded.utf8)))
        let certificate = try world.directory.write(try await runSuccessfully(command).standardOutput, to: "root.crt")
        return (id, certificate)
    }

    @Test func aKeyAndItsCertificateAreGoodPins() async throws {
        try await NotaryWorld.with { world in
            try await world.push("1.0")
            let notary = try world.notary()
            let file = try world.directory.write("hello\n", to: "hello")
            try await notary.succeed("init", world.repository)
            try await notary.succeed("add", world.repository, "1.0", file, "-p")
            let (listed, certificate) = try await rootKeys(world)
            let keys = try await notary.succeed("key", "list").text
            let line = try #require(keys.split(separator: "\n").first { $0.hasPrefix("root") })
            let canonical = String(try #require(line.split(separator: " ").dropFirst().first))
            #expect(listed != canonical)

            for (name, pin) in [
                ("listed", ["--notary", "--root-key", listed]), ("canonical", ["--notary", "--root-key", canonical]),
                ("certificate", ["--cert", certificate]),
            ] {
                let home = try world.home(name)
                try expect(try await home.runAll(["pin", "add", world.repository] + pin), 0)
                // The file is not the image; it is what is signed.
                try await world.refuse("1.0", .tagMoved, by: home)
                #expect(try await world.tags(home).keys.sorted() == ["1.0"])
            }
            let other = String(listed.reversed())
            let wrong = ["pin", "add", world.repository, "--notary", "--root-key", other]
            try expect(try await world.consumer.runAll(wrong), 0)
            try await world.refuse("1.0", .wrongRoot)
            // An authority of other certificates, such as the server's own.
            let ca = world.services.certificates.certificate
            let pin = ["pin", "add", world.repository, "--ca", ca, "--replace"]
            try expect(try await world.consumer.runAll(pin), 0)
            try await world.refuse("1.0", .wrongRoot)
        }
    }

    @Test func anAuthorityIsAGoodPinForAllThatItHasCertified() async throws {
        try await NotaryWorld.with { world in
            let script = """
                curve='-newkey ec -pkeyopt ec_paramgen_curve:P-256'
                openssl req -x509 $curve -nodes -days 2 -subj '/CN=team authority' -keyout ca.key -out ca.crt \\
                  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
                openssl ecparam -name prime256v1 -genkey -noout -out root.key
                openssl req -new -key root.key -subj "/CN=${1//\\//\\\\/}" -out root.csr
                printf 'basicConstraints=critical,CA:FALSE\\nkeyUsage=digitalSignature\\n' > extensions
                openssl x509 -req -in root.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile extensions \\
                  -out root.crt
                """
            var shell = Command("bash", ["-euc", script, "bash", world.repository])
            shell.workingDirectory = world.directory.path
            try await runSuccessfully(shell)
            let key = try await encryptedRootKey(world)
            let notary = try world.notary()
            let certificate = world.directory.file("root.crt")
            try await notary.succeed("init", world.repository, "--rootkey", key, "--rootcert", certificate)
            let image = try await world.push("1.0")
            let manifest = try world.directory.write(try world.images.blob(image.digest), to: "signed")
            try await notary.succeed("add", world.repository, "1.0", manifest, "-p")

            let ca = world.directory.file("ca.crt")
            for scope in [world.repository, "\(world.registry.address)/*"] {
                let home = try world.home("authority-\(scope.hasSuffix("*"))")
                try expect(try await home.runAll(["pin", "add", scope, "--ca", ca]), 0)
                try await world.verify("1.0", by: home)
            }
            let home = try world.home("certificate")
            try expect(try await home.runAll(["pin", "add", world.repository, "--cert", certificate]), 0)
            try await world.verify("1.0", by: home)
            // The new key's certificate is no authority's, and those who go by one have to be told.
            try expect(
                try await world.publisher.runAll(["pin", "add", world.repository, "--cert", certificate]),
                0
            )
            let rotate =
                ["key", "rotate", world.repository, "--role", "root", "--unsafe-unencrypted"]
                + ["--key-store", "docker:\(notary.trustDirectory)"]
            let first = try await world.succeed(world.publisher, rotate).errorText
            #expect(first.contains("has to pin the new key") && !first.contains("follows by itself"), "\(first)")
            let second = try await world.succeed(world.publisher, rotate).errorText
            #expect(!second.contains("has to pin the new key") && second.contains("follows by itself"), "\(second)")
            // Not an authority.
            try expect(try await world.consumer.runAll(["pin", "add", world.repository, "--ca", certificate]), 64)
        }
    }

    /// Root keys come to notary encrypted; trustctl writes them so.
    private func encryptedRootKey(_ world: NotaryWorld) async throws -> String {
        let plain = world.directory.file("root.key")
        let id = try await world.publisher.run("key", "import", plain, "--role", "root").line
        let file = world.directory.file("encrypted.pem")
        let export = ["key", "export", id, "--format", "notary", "--output", file]
        try expect(try await world.publisher.runAll(export), 0)
        return file
    }

    /// Pins are for one dialect: trust data of the other one is never believed for them.
    @Test func pinsAreForOneDialect() async throws {
        try await NotaryWorld.with { world in
            try await world.push("1.0")
            let beside = try await world.publisher.run("init", world.repository, "--unsafe-unencrypted", "--json")
            try expect(beside, 0)
            try expect(try await world.publisher.run("sign", "image", world.reference("1.0")), 0)
            let made = try await world.publish("init", world.repository, "--unsafe-unencrypted", "--json").object
            try await world.publish("sign", "image", world.reference("1.0"))

            let tuf = try world.home("tuf")
            try await world.pin(try beside.object, in: tuf)
            try expect(try await tuf.run("verify", world.reference("1.0")), 0)
            try await world.refuse("1.0", .noPin, by: tuf)

            try await world.pin(made)
            try await world.verify("1.0")
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .noPin)
            // Where one of the two is gone, the other one does not stand in for it.
            try await world.notary().succeed("delete", world.repository, "--remote")
            try await world.refuse("1.0", .trustDataMissing)

            try await world.pin(try beside.object)
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            try await world.refuse("1.0", .trustDataMissing)
            let pins = try await world.consumer.run("pin", "list", "--json").objects
            #expect(Set(pins.compactMap { $0["dialect"]?.string }).count == 2, "\(pins)")
        }
    }

    @Test func whoeverAnswersFirstIsBelievedOnlyWhenAsked() async throws {
        try await NotaryWorld.with { world in
            try await world.push("1.0")
            try await world.publish("init", world.repository, "--unsafe-unencrypted")
            try await world.publish("sign", "image", world.reference("1.0"))
            try await world.refuse("1.0", .noPin)
            try await world.succeed(world.consumer, ["verify", world.reference("1.0"), "--trust-on-first-use"])
            try await world.verify("1.0")
            try await world.notary().succeed("delete", world.repository, "--remote")
            // Another's collection of the same name.
            let other = try world.home("other")
            try await world.succeed(other, ["init", world.repository, "--unsafe-unencrypted"])
            try await world.succeed(other, ["sign", "image", world.reference("1.0")])
            try await world.verify("1.0", by: other)
            let refused = try await world.run(world.consumer, ["verify", world.reference("1.0")])
            #expect(
                [Reason.wrongRoot, .badSignature, .rollback].map(\.exitCode).contains(refused.exitCode ?? 0),
                "\(refused)"
            )
        }
    }
}
