import Testing
import TrustTestSupport

/// What callers should not do, or do rarely. `Callers/misuse.c` says what is expected; here it is run.
@Suite(.timeLimit(.minutes(10))) struct MisuseTests {
    @Test(arguments: ["options", "questions", "flight", "threads", "random", "process"])
    func theHeaderKeepsItsPromises(part: String) async throws {
        let installation = try await Installation.shared
        let program = try await installation.compile(Installation.source("misuse.c"), as: "misuse-\(part)")
        try await SignedImages.with { images in
            let asksForSigned = ["threads", "random", "process"].contains(part)
            let output = try await installation.run([
                program, part, asksForSigned ? images.policy : images.anyPolicy, try images.newState(),
                images.good.reference,
            ])
            #expect(output.exitCode == 0 && output.text.hasSuffix("good\n"), "\(part): \(output)")
        }
    }

    @Test func theEnvironmentIsNotRead() async throws {
        let installation = try await Installation.shared
        let caller = try await installation.compile(Installation.source("caller.c"), as: "environment")
        try await SignedImages.with { images in
            // Each of these would make trustctl fail, or find something.
            let nobody = try images.directory.makeDirectory("nobody")
            try images.directory.write(#"{"credsStore": "missing"}"#, to: "nobody/config.json")
            let output = try await installation.run(
                [caller, images.policy, try images.newState(), images.good.reference],
                variables: [
                    "HTTP_PROXY": "socks5://nowhere", "https_proxy": "socks5://nowhere", "TRUSTCTL_HOME": "/nowhere",
                    "DOCKER_CONFIG": nobody, "REGISTRY_AUTH_FILE": "/nowhere", "HOME": nobody,
                    "NIO_SINGLETON_GROUP_LOOP_COUNT": "1000",
                ]
            )
            #expect(output.exitCode == 0 && output.errorText == "", "\(output)")
            #expect(output.text.hasPrefix("blocking trusted 0 \(images.good.digest)\n"), "\(output)")
        }
    }
}
