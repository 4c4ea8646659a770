import CanonicalJSON
import ContentTrust
import Synchronization
import Testing
import TrustCrypto
import TrustTestSupport

/// A registry that answers what it should not, after it was known as a good one.
@Suite(.timeLimit(.minutes(8))) struct HostileRegistryTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let handler: RawServer.Handler
        let reason: Reason
        var timeout = "20s"
    }

    static let faults: [Fault] = [
        Fault(testDescription: "401", handler: Faults.status("401 Unauthorized"), reason: .badResponse),
        Fault(
            testDescription: "401 with a challenge",
            handler: Faults.status("401 Unauthorized", headers: [("WWW-Authenticate", "Basic realm=\"r\"")]),
            reason: .unauthorized
        ),
        Fault(
            testDescription: "403",
            handler: Faults.status("403 Forbidden", text: #"{"errors":[{"code":"DENIED","message":"no"}]}"#),
            reason: .unauthorized
        ),
        Fault(testDescription: "404 of something else", handler: Faults.status("404 Not Found"), reason: .badResponse),
        Fault(
            testDescription: "404 with another code",
            handler: Faults.status("404 Not Found", text: #"{"errors":[{"code":"UNSUPPORTED"}]}"#),
            reason: .badResponse
        ),
        Fault(
            testDescription: "429",
            handler: Faults.status("429 Too Many Requests", headers: [("Retry-After", "3600")]),
            reason: .unreachable
        ),
        Fault(testDescription: "500", handler: Faults.status("500 Internal Server Error"), reason: .unreachable),
        Fault(
            testDescription: "HTML",
            handler: Faults.status("200 OK", headers: [("Content-Type", "text/html")], text: "<html>log in</html>"),
            reason: .badResponse
        ),
        Fault(testDescription: "redirect loop", handler: Faults.redirectLoop, reason: .badResponse),
        Fault(testDescription: "endless redirects", handler: Faults.endlessRedirects, reason: .badResponse),
        Fault(testDescription: "endless body", handler: Faults.endlessBody, reason: .badResponse),
        Fault(testDescription: "endless headers", handler: Faults.endlessHeaders, reason: .badResponse),
        Fault(
            testDescription: "slow trickle",
            handler: Faults.trickle(every: .milliseconds(100)),
            reason: .unreachable,
            timeout: "2s"
        ),
        Fault(testDescription: "silence", handler: Faults.silence, reason: .unreachable, timeout: "2s"),
        Fault(testDescription: "cut connection", handler: Faults.close, reason: .unreachable),
        Fault(testDescription: "reset connection", handler: Faults.reset, reason: .unreachable),
        Fault(testDescription: "not HTTP", handler: Faults.bytes("SSH-2.0-OpenSSH_9.2\r\n"), reason: .badResponse),
    ]

    @Test(arguments: faults) func isNeverTakenForNothingThere(fault: Fault) async throws {
        try await World.with(fronted: true) { world in
            try await world.signed()
            let patient = ["verify", world.reference("1.0")]
            let verify = patient + ["--timeout", fault.timeout]
            let good = try await world.consumer.runAll(patient)
            try expect(good, 0)
            let inspected = try await world.publisher.run("inspect", world.repository, "--json").object
            world.front?.fail(fault.handler)
            try await expectRefusal(world.consumer, verify, fault.reason)
            try await expectRefusal(
                world.publisher,
                ["refresh", world.repository, "--timeout", fault.timeout],
                fault.reason,
                schema: "publish"
            )
            // A stranger learns no more than that it could not be looked.
            let stranger = try world.stranger()
            let answer = try await stranger.runAll(["init", world.repository, "--timeout", fault.timeout, "--json"])
            #expect(try answer.object["reason"] == .string(fault.reason.code))
            // Nothing was lost.
            world.front?.fail(nil)
            #expect(try await world.consumer.runAll(patient).text == good.text)
            #expect(
                try await world.publisher.run("inspect", world.repository, "--json").object["roles"]
                    == inspected["roles"]
            )
        }
    }

    /// A registry on a file system does not find a blob while another publisher uploads the same one. One that has lost it says
    /// so again and again, and the publisher is told what mends it.
    @Test(arguments: [3, 1000]) func aBlobThatIsNotFoundForAMoment(times: Int) async throws {
        try await World.with(fronted: true) { world in
            let front = try #require(world.front)
            try await world.signed()
            try await world.push("2.0")
            let left = Mutex(times)
            front.change { request, answer in
                guard request.method == "PUT", request.path.contains("/manifests/trust-data") else { return }
                let isLost = left.withLock { left in
                    left -= 1
                    return left >= 0
                }
                guard isLost else { return }
                answer.status = "400 Bad Request"
                answer.body = Array(#"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}"#.utf8)
            }
            let output = try await world.publisher.runAll(["sign", "image", world.reference("2.0")])
            front.change(nil)
            guard times > 3 else {
                try expect(output, 0)
                try expect(try await world.consumer.run("verify", world.reference("2.0")), 0)
                return
            }
            try expect(output, Reason.badResponse.exitCode)
            #expect(output.description.contains("trustctl refresh puts it back"))
            #expect(times - left.withLock(\.self) < 20)
        }
    }

    @Test func credentialsAreFoundWhereDockerKeepsThem() async throws {
        var options = DockerRegistry.Options()
        options.authentication = .basic(["alice": "secret"])
        try await World.with(options) { world in
            let image = try await world.images.makeImage("1.0")
            try await Skopeo(world.registry, credentials: "alice:secret").push(world.images, "1.0", to: "team/app:1.0")
            let initialize = ["init", world.repository, "--unsafe-unencrypted"]
            try await expectRefusal(world.publisher, initialize, .unauthorized, schema: "init")
            let login = initialize + ["--username", "alice", "--password-stdin"]
            let password = "not-\(SecureRandom.uuid())"
            let wrong = try await world.publisher.runAll(login, input: .bytes(Array("\(password)\n".utf8)))
            try expect(wrong, 21)
            #expect(!wrong.description.contains(password))
            try expect(try await world.publisher.runAll(login, input: .bytes(Array("secret\n".utf8))), 0)

            let auth = #"{"auths": {"\#(world.registry.address)": {"auth": "YWxpY2U6c2VjcmV0"}}}"#
            let file = try world.directory.write(auth, to: "docker/config.json", mode: 0o600)
            let docker = ["DOCKER_CONFIG": world.directory.file("docker")]
            let sign = ["sign", "image", world.reference("1.0")]
            try expect(try await world.publisher.runAll(sign, variables: docker), 0)
            let podman = ["REGISTRY_AUTH_FILE": file]
            let answer = try await world.publisher.runAll(["verify", world.reference("1.0")], variables: podman)
            #expect(answer.text == "\(world.repository)@\(image.digest)\n")

            let helper = """
                read server
                echo "{\\"ServerURL\\": \\"$server\\", \\"Username\\": \\"alice\\", \\"Secret\\": \\"secret\\"}"
                env > '\(world.directory.file("helper-environment"))'
                """
            try world.directory.makeDirectory("bin")
            try await TestProgram.write(helper, to: world.directory.file("bin/docker-credential-test"))
            try world.directory.write(#"{"credsStore": "test"}"#, to: "helper/config.json")
            let variables = [
                "DOCKER_CONFIG": world.directory.file("helper"),
                "PATH": "\(world.directory.file("bin")):/usr/bin:/bin",
            ]
            try expect(try await world.publisher.runAll(["verify", world.reference("1.0")], variables: variables), 0)
            let seen = String(decoding: try Files.read(world.directory.file("helper-environment")), as: UTF8.self)
            #expect(seen.contains("DOCKER_CONFIG="))
            #expect(!seen.contains("_PASSPHRASE"))
        }
    }

    @Test func aPasswordGoesToOneRegistryOnly() async throws {
        let directory = try TemporaryDirectory()
        let answer = try await Trustctl(in: directory).runAll(
            ["verify", "one.example/a:1", "two.example/a:1", "--username", "a", "--password-stdin"],
            input: .bytes(Array("secret\n".utf8))
        )
        try expect(answer, 64)
        #expect(answer.errorText.contains("references to 2 registries: one.example, two.example"))
    }

    @Test func tlsIsVerified() async throws {
        var options = DockerRegistry.Options()
        let authority = try await CertificateAuthority()
        options.tls = authority
        try await World.with(options) { world in
            let image = try await world.push("1.0")
            let initialize = ["init", world.repository, "--unsafe-unencrypted"]
            try await expectRefusal(world.publisher, initialize, .unreachable, schema: "init")
            let trusting = ["--ca-cert", authority.certificate]
            try expect(try await world.publisher.runAll(initialize + trusting), 0)
            try expect(try await world.publisher.runAll(["sign", "image", world.reference("1.0")] + trusting), 0)
            let answer = try await world.publisher.runAll(["verify", world.reference("1.0")] + trusting)
            #expect(answer.text == "\(world.repository)@\(image.digest)\n")
            let noCertificate = try world.directory.write("no certificate", to: "ca.txt")
            try expect(
                try await world.publisher.runAll(["verify", world.reference("1.0"), "--ca-cert", noCertificate]),
                64
            )
        }
    }
}
