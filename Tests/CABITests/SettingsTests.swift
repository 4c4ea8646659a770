import Foundation
import Testing
import TrustTestSupport

/// Options of the library, each seen to count.
@Suite(.timeLimit(.minutes(5))) struct SettingsTests {
    /// A program that asks with options, for one image.
    private struct Asker {
        let installation: Installation
        let program: String
        let policy: String
        let reference: String

        init(_ policy: String, _ reference: String) async throws {
            installation = try await Installation.shared
            let name = "settings-\(UInt32.random(in: 0...UInt32.max))"
            program = try await installation.compile(Installation.source("settings.c"), as: name)
            self.policy = policy
            self.reference = reference
        }

        @discardableResult
        func expect(_ answer: String, _ state: String, _ options: [String]) async throws -> String {
            let output = try await installation.run([program, policy, state, reference] + options)
            #expect(output.exitCode == 0 && output.text.hasPrefix("\(answer): "), "\(options): \(output)")
            return output.text
        }
    }

    @Test func authoritiesAndCredentials() async throws {
        let authority = try await CertificateAuthority()
        var options = DockerRegistry.Options()
        options.authentication = .basic(["alice": "secret"])
        options.tls = authority
        try await DockerRegistry.with(options) { registry in
            let directory = try TemporaryDirectory("trustctl-c")
            let publisher = try Trustctl(in: directory)
            func credentials(_ password: String, to name: String) throws -> String {
                let entry = Data("alice:\(password)".utf8).base64EncodedString()
                return try directory.write(#"{"auths": {"\#(registry.address)": {"auth": "\#(entry)"}}}"#, to: name)
            }
            let right = try credentials("secret", to: "right.json")
            let wrong = try credentials("guess", to: "wrong.json")
            let images = try await TestImages()
            _ = try await images.makeImage("1.0", layers: ["hello"])
            try await Skopeo(registry, credentials: "alice:secret").push(images, "1.0", to: "team/app:1.0")
            let repository = "\(registry.address)/team/app"
            let variables = ["REGISTRY_AUTH_FILE": right]
            let certificate = ["--ca-cert", authority.certificate]
            for command in [
                publisher.command(["init", repository, "--unsafe-unencrypted"] + certificate, variables: variables),
                publisher.command(["sign", "image", "\(repository):1.0"] + certificate, variables: variables),
            ] { try await runSuccessfully(command) }
            let policy = try directory.write(#"{"version": 1, "rules": [{"repositories": ["*"]}]}"#, to: "policy.json")
            let asker = try await Asker(policy, "\(repository):1.0")
            var states = 0
            func expect(_ answer: String, _ options: String...) async throws {
                states += 1
                let state = try directory.makeDirectory("state-\(states)")
                try Files.setMode(state, 0o700)
                try await asker.expect(answer, state, options)
            }
            let trusting = "certificate_authorities_path=\(authority.certificate)"
            let known = "credentials_path=\(right)"
            try await expect("unreachable", known)
            try await expect("unauthorized", trusting)
            try await expect("unauthorized", trusting, "credentials_path=\(wrong)")
            // Nothing is pinned: the trust data was read.
            try await expect("no-pin", trusting, known)
            // A file that would be missed only by the first registry that asks for it.
            try await expect("error storage", trusting, "credentials_path=\(directory.file("none.json"))")
            let broken = try directory.write("{", to: "broken.json")
            try await expect("error unauthorized", trusting, "credentials_path=\(broken)")
        }
    }

    @Test func proxies() async throws {
        let directory = try TemporaryDirectory("trustctl-c")
        let policy = try directory.write(#"{"version": 1, "rules": [{"repositories": ["*"]}]}"#, to: "policy.json")
        let asker = try await Asker(policy, "registry.invalid/team/app:1")
        let state = try directory.makeDirectory("state")
        try Files.setMode(state, 0o700)
        let closed = "https_proxy=http://127.0.0.1:1"
        let through = try await asker.expect("unreachable", state, [closed])
        #expect(through.contains("through proxy http://127.0.0.1:1"), "\(through)")
        let around = try await asker.expect("unreachable", state, [closed, "no_proxy=registry.invalid"])
        #expect(!around.contains("proxy"), "\(around)")
    }

    @Test func maximumAge() async throws {
        try await SignedImages.with { images in
            let asker = try await Asker(images.policy, images.good.reference)
            let state = try images.newState()
            try await asker.expect("trusted", state, [])
            await images.registry.stop()
            try await asker.expect("trusted", state, ["maximum_age=3600"])
            try await asker.expect("unreachable", state, ["maximum_age=0"])
            try await asker.expect("error usage", state, ["maximum_age=3601"])
        }
    }
}
