import Testing
import TrustCrypto
import TrustTestSupport
import TrustTransport

@testable import OCIRegistry

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Files and helper programs as they are found on a machine.
@Suite(.timeLimit(.minutes(1))) struct CredentialLookupTests {
    /// A directory of its own for each test.
    final class Home: Sendable {
        let path: String

        init() throws {
            path = "/tmp/trustctl-auth-\(SecureRandom.uuid())"
            try #require(mkdir(path, 0o700) == 0)
        }

        deinit {
            for name in ["docker-credential-test", "config.json", "auth.json", "got"] { unlink("\(path)/\(name)") }
            rmdir(path)
        }

        func write(_ name: String, _ text: String) throws {
            try DurableFile.write(Array(text.utf8).span, to: "\(path)/\(name)", mode: 0o600)
        }

        func helper(_ script: String) async throws {
            try await TestProgram.write(script, to: "\(path)/docker-credential-test")
        }

        func read(_ name: String) throws -> String {
            String(decoding: try #require(try DurableFile.read("\(path)/\(name)", limit: 1 << 16)), as: UTF8.self)
        }

        var environment: [String: String] { ["DOCKER_CONFIG": path, "PATH": "\(path):/usr/bin:/bin", "HERE": path] }
    }

    let target = CredentialTarget(registry: "r.example", path: "team/app")
    let helpers = #"{"credHelpers":{"r.example":"test"},"auths":{"r.example":{"auth":"dTpw"}}}"#

    func look(
        _ home: Home,
        adding extra: [String: String] = [:],
        timeout: Duration = .seconds(20)
    ) async throws(RegistryAuthError) -> String? {
        let environment = home.environment.merging(extra) { $1 }
        let lookup = CredentialLookup(environment: environment, helperTimeout: timeout)
        return DockerConfigTests.text(try await lookup.credential(for: target))
    }

    @Test func nothingAnywhere() async throws {
        let home = try Home()
        #expect(try await look(home) == "anonymous")
        #expect(try await look(home, adding: ["DOCKER_CONFIG": ""]) == "anonymous")
        #expect(try await look(home, adding: ["DOCKER_CONFIG": "", "HOME": home.path]) == "anonymous")
    }

    @Test func precedence() async throws {
        let home = try Home()
        try home.write("config.json", #"{"auths":{"r.example":{"auth":"dTpw"}}}"#)
        try home.write("auth.json", #"{"auths":{"r.example/team":{"auth":"dDpw"}}}"#)
        #expect(try await look(home) == "basic u:p")
        let authFile = ["REGISTRY_AUTH_FILE": "\(home.path)/auth.json"]
        #expect(try await look(home, adding: authFile) == "basic t:p")
        // The file that was named decides alone.
        try home.write("auth.json", "{}")
        #expect(try await look(home, adding: authFile) == "anonymous")
    }

    @Test func filesThatCannotBeRead() async throws {
        let home = try Home()
        let missing = "\(home.path)/no-such-file"
        await #expect(throws: RegistryAuthError.configUnreadable(.other(path: missing, errno: ENOENT))) {
            try await look(home, adding: ["REGISTRY_AUTH_FILE": missing])
        }
        await #expect(throws: RegistryAuthError.configUnreadable(.wrongFileType(path: home.path))) {
            try await look(home, adding: ["REGISTRY_AUTH_FILE": home.path])
        }
        try home.write("config.json", "{")
        await #expect(throws: RegistryAuthError.configMalformed(path: "\(home.path)/config.json", field: "")) {
            try await look(home)
        }
    }

    @Test func aHelperAnswers() async throws {
        let home = try Home()
        try home.write("config.json", helpers)
        try await home.helper(
            #"""
            cat > "$HERE/got"; echo " $*" >> "$HERE/got"
            echo '{"ServerURL":"https://r.example","Username":"helped","Secret":"s3cret"}'
            """#
        )
        #expect(try await look(home) == "basic helped:s3cret")
        #expect(try home.read("got") == "r.example get\n")
        try await home.helper(#"echo '{"Username":"<token>","Secret":"refresh"}'"#)
        #expect(try await look(home) == "identity refresh")
    }

    @Test func dockerHubHasItsOldName() async throws {
        let home = try Home()
        try home.write("config.json", #"{"credsStore":"test"}"#)
        try await home.helper(#"cat > "$HERE/got"; echo '{"Username":"hub","Secret":"s"}'"#)
        let lookup = CredentialLookup(environment: home.environment)
        let found = try await lookup.credential(for: CredentialTarget(registry: "docker.io", path: "library/alpine"))
        #expect(DockerConfigTests.text(found) == "basic hub:s")
        #expect(try home.read("got") == "https://index.docker.io/v1/")
    }

    @Test(arguments: [
        "echo 'credentials not found in native keychain'; exit 1",
        "echo 'no credentials server URL'; exit 1",
        #"echo '{"ServerURL":"","Username":"","Secret":""}'"#,
    ])
    func aHelperWithoutTheCredential(script: String) async throws {
        let home = try Home()
        try home.write("config.json", helpers)
        try await home.helper(script)
        #expect(try await look(home) == "basic u:p")
        try home.write("config.json", #"{"credsStore":"test"}"#)
        #expect(try await look(home) == "anonymous")
    }

    @Test(arguments: [
        (
            "echo 'the keychain is locked'; exit 1",
            RegistryAuthError.helperFailed("test", message: "the keychain is locked")
        ),
        ("echo 'boom' >&2; exit 3", .helperFailed("test", message: "boom")),
        ("exit 3", .helperFailed("test", message: "exit status 3")),
        ("kill -9 $$", .helperFailed("test", message: "killed by signal 9")),
        (#"echo '{"Username":"u","Secret":"hunter2"}'; exit 1"#, .helperFailed("test", message: "exit status 1")),
        ("exit 0", .helperMalformed("test")),
        ("echo nonsense", .helperMalformed("test")),
        (#"echo '{"Username":"u"}'"#, .helperMalformed("test")),
        (#"echo '{"Username":5,"Secret":"x"}'"#, .helperMalformed("test")),
        (#"echo '{"Username":"a:b","Secret":"x"}'"#, .helperMalformed("test")),
        ("yes", .helperMalformed("test")),
    ])
    func aHelperThatFails(script: String, error: RegistryAuthError) async throws {
        let home = try Home()
        try home.write("config.json", helpers)
        try await home.helper(script)
        await #expect(throws: error) { try await look(home) }
    }

    @Test func aHelperThatHangs() async throws {
        let home = try Home()
        try home.write("config.json", helpers)
        try await home.helper("exec sleep 60")
        let began = ContinuousClock.now
        await #expect(throws: RegistryAuthError.helperTimedOut("test")) {
            try await look(home, timeout: .milliseconds(200))
        }
        #expect(began.duration(to: .now) < .seconds(25))
    }

    /// A helper may start an agent, which inherits its output.
    @Test func aHelperThatLeavesAnAgentBehind() async throws {
        let home = try Home()
        try home.write("config.json", helpers)
        try await home.helper(#"sleep 30 & echo '{"Username":"u","Secret":"agent"}'"#)
        let began = ContinuousClock.now
        #expect(try await look(home) == "basic u:agent")
        #expect(began.duration(to: .now) < .seconds(25))
    }

    @Test func aHelperThatIsTalkative() async throws {
        let home = try Home()
        try home.write("config.json", helpers)
        try await home.helper(#"head -c 1000000 /dev/zero >&2; echo '{"Username":"u","Secret":"loud"}'"#)
        #expect(try await look(home) == "basic u:loud")
    }

    /// `yes` ends when nobody reads it any more.
    @Test func aHelperThatLeavesATalkerBehind() async throws {
        let home = try Home()
        try home.write("config.json", helpers)
        try await home.helper(#"yes >&2 & echo '{"Username":"u","Secret":"s"}'"#)
        let began = ContinuousClock.now
        #expect(try await look(home, timeout: .seconds(3)) == "basic u:s")
        #expect(began.duration(to: .now) < .seconds(25))
    }

    @Test func cancellation() async throws {
        let home = try Home()
        try home.write("config.json", helpers)
        try await home.helper("exec sleep 60")
        let task = Task { try await look(home) }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        await #expect(throws: RegistryAuthError.transport(TransportError(.cancelled))) { try await task.value }
    }

    @Test(arguments: ["absent", "../test", "a b", "", "x/y", "$(id)", String(repeating: "a", count: 129)])
    func helpersThatAreNotThere(name: String) async throws {
        let home = try Home()
        try await home.helper(#"echo '{"Username":"u","Secret":"s"}'"#)
        let helper = CredentialHelper(environment: home.environment)
        await #expect(throws: RegistryAuthError.helperNotFound(name)) {
            try await helper.credential(for: "r.example", from: name)
        }
    }

    @Test func relativePathsAreNotSearched() async throws {
        let home = try Home()
        try await home.helper("echo x")
        #expect(ProgramSearch.find("docker-credential-test", in: ["PATH": ":.:tmp:\(home.path)"]) != nil)
        #expect(ProgramSearch.find("docker-credential-test", in: ["PATH": ":.:tmp"]) == nil)
    }
}
