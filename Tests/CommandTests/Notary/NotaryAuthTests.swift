import CanonicalJSON
import ContentTrust
import Testing
import TrustCrypto
import TrustTestSupport

/// Tokens, as registries' Notary servers demand them, and how much is asked.
@Suite(.timeLimit(.minutes(4))) struct NotaryAuthTests {
    private static let credentials = "user:secret"

    /// Lets somebody know credentials for the registry, as `docker login` does.
    private func logIn(_ home: Trustctl, _ credentials: String?, _ world: NotaryWorld) throws -> Trustctl {
        var copy = home
        let name = "docker-\(credentials ?? "nobody")"
        var auths: JSONObject = [:]
        if let credentials {
            auths[world.registry.address] = ["auth": .string(Base64.encode(Array(credentials.utf8).span))]
        }
        let text = JSONValue.object(["auths": .object(auths)]).jsonBytes(pretty: false)
        try world.directory.write(text, to: "\(name)/config.json", mode: 0o600)
        copy.environment["DOCKER_CONFIG"] = world.directory.file(name)
        return copy
    }

    @Test func wrongAndMissingCredentialsAreUnauthorized() async throws {
        try await NotaryWorld.with(credentials: Self.credentials) { world in
            try await world.push("1.0")
            let publisher = try logIn(world.publisher, Self.credentials, world)
            for credentials in [nil, "user:wrong"] {
                let home = try logIn(world.publisher, credentials, world)
                let made = try await world.run(home, ["init", world.repository, "--unsafe-unencrypted"])
                try expect(made, Reason.unauthorized.exitCode)
            }
            let made = try await world.succeed(publisher, ["init", world.repository, "--unsafe-unencrypted", "--json"])
            try await world.succeed(publisher, ["sign", "image", world.reference("1.0")])
            try await world.pin(try made.object)
            try await world.verify("1.0", by: try logIn(world.consumer, Self.credentials, world))
            for credentials in [nil, "user:wrong"] {
                let home = try logIn(world.consumer, credentials, world)
                try await world.refuse("1.0", .unauthorized, by: home)
                let signed = try await world.run(
                    try logIn(world.publisher, credentials, world),
                    ["revoke", world.reference("1.0")]
                )
                try expect(signed, Reason.unauthorized.exitCode)
            }
            // Given on the command line.
            let verify = ["verify", world.reference("1.0"), "--username", "user", "--password-stdin"] + world.location
            for (password, status) in [("secret", 0), ("wrong", Reason.unauthorized.exitCode)] {
                let output = try await world.consumer.runAll(verify, input: .bytes(Array("\(password)\n".utf8)))
                #expect(output.exitCode == status, "\(output)")
            }
            // Everything that is written needs more than what is read, and a rotation all rights.
            for arguments in [["signer", "add", world.repository, "alice"], ["key", "rotate", world.repository]] {
                let role = arguments[0] == "key" ? ["--role", "timestamp"] : []
                try await world.succeed(publisher, arguments + role + ["--unsafe-unencrypted"])
            }
            #expect(try await world.signatures(try world.docker()).keys.sorted() == ["1.0"])
        }
    }

    @Test func noMoreIsAskedThanIsNew() async throws {
        try await NotaryWorld.with(credentials: Self.credentials) { world in
            try await world.push("1.0", "2.0")
            let publisher = try logIn(world.publisher, Self.credentials, world)
            let consumer = try logIn(world.consumer, Self.credentials, world)
            let front = try #require(world.front)
            let made = try await world.succeed(publisher, ["init", world.repository, "--unsafe-unencrypted", "--json"])
            try await world.succeed(publisher, ["sign", "image", world.reference("1.0")])
            try await world.pin(try made.object)

            /// The files that were answered, without their digests, in order.
            func asked(_ body: () async throws -> Void) async throws -> [String] {
                front.forgetExchanges()
                try await body()
                let exchanges = front.exchanges
                #expect(exchanges.count { $0.path == "/token" } == 1)
                #expect(exchanges.count { $0.status == 401 } == 1)
                return exchanges.filter { $0.status != 401 && $0.path != "/token" }.map { exchange in
                    let name = exchange.path.split(separator: "/").last ?? ""
                    return name.split(separator: ".").filter { $0.count != 64 }.joined(separator: ".")
                }
            }
            let first = try await asked { try await world.verify("1.0", by: consumer) }
            #expect(first.sorted() == ["root.json", "snapshot.json", "targets.json", "timestamp.json"])
            let second = try await asked { try await world.verify("1.0", by: consumer) }
            #expect(second == ["timestamp.json"])
            try await world.succeed(publisher, ["sign", "image", world.reference("2.0")])
            let third = try await asked { try await world.verify("2.0", by: consumer) }
            #expect(third == ["timestamp.json", "snapshot.json", "targets.json"])
            // A new root is learned of from the snapshot.
            let rotate = ["key", "rotate", world.repository, "--role", "root", "--unsafe-unencrypted"]
            try await world.succeed(publisher, rotate)
            let fourth = try await asked { try await world.verify("2.0", by: consumer) }
            #expect(fourth.count { $0.hasSuffix("root.json") } <= 2, "\(fourth)")
            let fifth = try await asked { try await world.verify("2.0", by: consumer) }
            #expect(fifth == ["timestamp.json"])
        }
    }
}
