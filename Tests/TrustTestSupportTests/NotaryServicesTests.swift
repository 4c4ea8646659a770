import Testing
import TrustTestSupport

@Suite struct NotaryServicesTests {
    private let name = "127.0.0.1:5000/team/app"

    /// A collection with the target `1.0`.
    private func publish(_ notary: NotaryProgram, _ directory: TemporaryDirectory) async throws {
        let file = try directory.write("hello\n", to: "hello")
        try await notary.succeed("init", name)
        try await notary.succeed("add", name, "1.0", file)
        try await notary.succeed("publish", name)
    }

    @Test func notaryPublishesToAServerThatSigns() async throws {
        let directory = try TemporaryDirectory()
        try await NotaryServices.with { services in
            let notary = try NotaryProgram(in: directory, server: services.url, certificates: services.certificates)
            try await publish(notary, directory)
            let list = try await notary.succeed("list", name).text
            #expect(list.contains("1.0     5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03    6 "))
            #expect(services.isRunning)
            await services.stop()
            #expect(!services.isRunning)
            // From the cache.
            let cached = try await notary.run("list", name)
            #expect(cached.exitCode == 0)
            #expect(cached.errorText.contains("could not reach"))
        }
    }

    @Test func notaryPublishesToAServerWithASigner() async throws {
        let directory = try TemporaryDirectory()
        var options = NotaryServices.Options()
        options.signing = .signer()
        try await NotaryServices.with(options) { services in
            let notary = try NotaryProgram(in: directory, server: services.url, certificates: services.certificates)
            try await publish(notary, directory)
            try await notary.succeed("key", "rotate", name, "snapshot", "-r")
            #expect(services.log.contains("CreateKey: Created KeyID"))
            await services.stopSigner()
            #expect(try await notary.succeed("list", name).text.contains("1.0"))
            #expect(try await notary.run("publish", name).exitCode == 1)
        }
    }

    @Test func dockerInspectsThroughTheFront() async throws {
        let directory = try TemporaryDirectory()
        try await NotaryServices.with { services in
            try await NotaryFront.with(services, credentials: "user:secret") { front in
                var notary = try NotaryProgram(in: directory, server: front.url, certificates: front.certificates)
                notary.credentials = "user:wrong"
                #expect(try await notary.run("init", name).text.hasSuffix("* fatal: unauthorized\n"))
                notary.credentials = "user:secret"
                try await publish(notary, directory)
                #expect(front.count("POST", "/v2/\(name)/_trust/tuf/") == 1)

                front.forgetExchanges()
                let credentials = ["127.0.0.1:5000": "user:secret"]
                let docker = try DockerTrust(
                    in: directory,
                    server: front.url,
                    certificates: front.certificates,
                    credentials: credentials
                )
                let inspected = try await docker.succeed("inspect", name).text
                #expect(inspected.contains(#""SignedTag": "1.0""#))
                #expect(front.exchanges.first?.description == "GET /v2/ 401")
                #expect(front.count("GET", "/token") == 1)
                #expect(front.count("GET", "/\(name)/_trust/tuf/root.json") == 1)
            }
        }
    }

    @Test func dockerSignsAgainAddsSignersAndRevokes() async throws {
        let directory = try TemporaryDirectory()
        let name = "registry.example/app"
        try await NotaryServices.with { services in
            try await NotaryFront.with(services, credentials: "user:secret", readersNeedNone: true) { front in
                let docker = try DockerTrust(
                    in: directory,
                    server: front.url,
                    certificates: front.certificates,
                    credentials: ["registry.example": "user:secret"]
                )
                try await docker.succeed("key", "generate", "alice", "--dir", directory.path)
                try await docker.succeed("signer", "add", "alice", name, "--key", directory.file("alice.pub"))
                // What docker would push, notary stages with docker's keys: no engine is needed for that.
                var notary = try NotaryProgram(
                    in: directory,
                    name: "docker/trust",
                    server: front.url,
                    certificates: front.certificates,
                    credentials: "user:secret"
                )
                notary.environment["NOTARY_DELEGATION_PASSPHRASE"] = DockerTrust.passphrase
                let file = try directory.write("hello\n", to: "hello")
                try await notary.succeed("add", name, "1.0", file, "-r", "targets/releases", "-p")
                let signed = try await docker.succeed("sign", "\(name):1.0")
                #expect(signed.text.contains("Successfully signed \(name):1.0"))
                #expect(try await docker.succeed("inspect", name).text.contains(#""alice""#))
                try await docker.succeed("revoke", "\(name):1.0")
                #expect(try await docker.succeed("inspect", name).text.contains(#""SignedTags": []"#))
            }
        }
    }

    @Test func tokensAreGoodForTheirScopeOnly() async throws {
        try await NotaryServices.with { services in
            try await NotaryFront.with(services, credentials: "user:secret", readersNeedNone: true) { front in
                func ask(_ target: String, _ options: String...) async throws -> String {
                    try await runSuccessfully(Command("curl", ["-si"] + options + [front.plainURL + target])).text
                }
                func token(_ scope: String, _ options: String...) async throws -> String {
                    let command = Command("curl", ["-s"] + options + ["\(front.plainURL)/token?scope=\(scope)"])
                    let text = try await runSuccessfully(command).text
                    return "Authorization: Bearer \(text.split(separator: "\"")[3])"
                }
                let upload = "/v2/a:1/b/_trust/tuf/"
                let challenge = #"Bearer realm="\#(front.plainURL)/token",service="test-notary","#
                #expect(try await ask(upload + "root.json").contains(challenge + #"scope="repository:a:1/b:pull""#))
                let reading = try await token("repository:a:1/b:pull")
                #expect(try await ask(upload + "root.json", "-H", reading).contains("METADATA_NOT_FOUND"))
                #expect(try await ask("/v2/a:1/c/_trust/tuf/root.json", "-H", reading).contains("insufficient_scope"))
                let refused = try await ask(upload, "-H", reading, "-d", "x")
                #expect(refused.contains(#":push,pull",error="insufficient_scope"#))
                let writing = try await token("repository:a:1/b:pull,push", "-u", "user:secret")
                #expect(try await ask(upload, "-H", writing, "-d", "x").contains("MALFORMED_UPLOAD"))
                #expect(try await ask(upload, "-X", "DELETE", "-H", writing).contains("insufficient_scope"))
                let all = try await token("repository:a:1/b:*", "-u", "user:secret")
                #expect(try await ask(upload, "-X", "DELETE", "-H", all).hasPrefix("HTTP/1.1 200"))
            }
        }
    }

    @Test func theFrontMisbehavesWhereItIsTold() async throws {
        let directory = try TemporaryDirectory()
        try await NotaryServices.with { services in
            try await NotaryFront.with(services) { front in
                let notary = try NotaryProgram(in: directory, server: front.url, certificates: front.certificates)
                try await publish(notary, directory)
                try await notary.succeed("remove", name, "1.0", "-p")
                #expect(try await notary.succeed("list", name).text.contains("No targets present"))
                func ask(_ base: String, _ file: String = "timestamp.json") async throws -> String {
                    let url = "\(base)/v2/\(name)/_trust/tuf/\(file)"
                    let trust = ["--cacert", front.certificates.certificate]
                    return try await run(Command("curl", ["-s", "-w", "%{http_code}"] + trust + [url])).text
                }
                // Large enough for the server to send it in chunks.
                let root = try await ask(services.url, "root.json")
                #expect(root.hasSuffix("200"))
                #expect(try await ask(front.url, "root.json") == root)
                #expect(try await ask(front.plainURL, "root.json") == root)
                #expect(try await ask(front.url).contains(#""version":2"#))
                front.answer("/timestamp.json", with: .version(1))
                #expect(try await ask(front.url).contains(#""version":1"#))
                front.answer("/timestamp.json", with: .collection("other"))
                #expect(try await ask(front.url).hasSuffix("404"))
                front.answer("/timestamp.json", with: .status("500 Internal Server Error"))
                #expect(try await ask(front.url) == "500")
                front.answer("/timestamp.json", with: .page)
                #expect(try await ask(front.url).hasPrefix("<!DOCTYPE html>"))
                front.answer("/timestamp.json", with: .handler(Faults.close))
                #expect(try await ask(front.url) == "000")
                front.answer("/timestamp.json", with: nil)
                #expect(try await ask(front.url).hasSuffix("200"))
                await front.stop()
                #expect(try await ask(front.url) == "000")
            }
        }
    }
}
