import ArgumentParser
import ContentTrust
import OCI
import TUF
import Testing
import TrustCrypto

@testable import TrustCommands

/// Every command that `trustctl doctor` suggests is one of ours, with the arguments that it has.
@Suite struct SuggestedByDoctorTests {
    private static func commands() throws -> SuggestedCommands {
        var options = SuggestedOptions()
        options.home = " --home /srv/home"
        options.keyStores = " --key-store /media/a --key-store /media/b"
        options.store = " --trust-repository registry.example.com/trust"
        options.network = " --plain-http --ca-cert /etc/ca.pem"
        let name = try RepositoryName(parsing: "registry.example.com/team/app")
        return SuggestedCommands(subject: .registry(name), options: options)
    }

    @Test func parse() throws {
        let commands = try Self.commands()
        let digest = Digest.compute(over: [UInt8]().span)
        let key = try KeyID(digest.hex)
        let pin = Pin(
            scope: .repository("registry.example.com/team/app"),
            anchor: .keys([key], threshold: 1),
            signedName: "registry.example.com/original",
            allowsUnnamed: true
        )
        let all = [
            commands.refresh, commands.refresh(resigning: .targets, lifetime: 86_400),
            commands.refresh(resigning: .snapshot, lifetime: 100), commands.rebin(8), commands.initialize,
            commands.proposeRoot, commands.proposeKey(.root), commands.signProposal, commands.applyProposal,
            commands.inspect, commands.sign("1.0", digest), commands.revoke("1.0"), commands.add(pin),
            commands.add(pin, replacing: true), commands.listKeys, commands.protect(key), commands.export(key),
            commands.remove(key), commands.rotate(.timestamp), commands.signers,
            commands.signWaiting(try RoleName("alice")), commands.discard(try RoleName("alice")),
        ]
        for command in all {
            let words = command.split(separator: " ").map(String.init)
            #expect(words.first == "trustctl")
            #expect(throws: Never.self, "\(command)") { try Trustctl.parseAsRoot(Array(words.dropFirst())) }
            #expect(command.contains(" --home /srv/home"), "\(command)")
        }
    }

    @Test func refusesCodesThatNoFindingHas() {
        #expect(throws: (any Error).self) { try Trustctl.parseAsRoot(["doctor", "app", "--ignore", "role-expire"]) }
        #expect(throws: Never.self) { try Trustctl.parseAsRoot(["doctor", "app", "--ignore", "role-expired"]) }
        #expect(throws: (any Error).self) { try Trustctl.parseAsRoot(["doctor", "app", "--fail-on", "note"]) }
        #expect(throws: (any Error).self) { try Trustctl.parseAsRoot(["doctor"]) }
    }
}
