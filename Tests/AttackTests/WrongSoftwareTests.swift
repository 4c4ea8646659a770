import CanonicalJSON
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

/// "Wrong software installation": the client asks for one thing and gets another that is signed as well. Here the thing is
/// a tag, and what it may get is the digest that is signed for that very tag.
@Suite struct WrongSoftwareTests {
    private func digest(_ text: String) -> String {
        let bytes = Array(text.utf8)
        return Digest.compute(.sha256, over: bytes.span).hex
    }

    /// Each tag has its own digest, and the content of another tag has not.
    @Test func otherTagsContent() async throws {
        let scene = await Scene()
        let set = try await scene.client.trustedSet(from: scene.honest)
        for (tag, content) in [("1.0", "the first image"), ("2.0", "image 2"), ("3.0", "image 3")] {
            let record = try #require(try set.record(for: TargetPath(tag)))
            #expect(record.digest(.sha256)?.hex == digest(content))
            for other in ["the first image", "image 2", "image 3"] where other != content {
                #expect(record.digest(.sha256)?.hex != digest(other))
            }
        }
    }

    /// A tag that is nearly the signed one is not signed.
    @Test(arguments: [
        "", "1", "1.", "1.00", "1.0 ", " 1.0", "1.0\n", "1.0\u{0}", "01.0", "１.0", "1.0/", "/1.0", "./1.0",
        "1.0/../1.0",
        "*", "?.0", "1.0\u{301}", "V1", "v1", "\u{e9}", "2.0,1.0",
    ])
    func nearlyTheTag(_ tag: String) async throws {
        let scene = await Scene {
            $0.setTarget("v1.0", to: "v")
            $0.setTarget("e\u{301}", to: "decomposed")
        }
        let set = try await scene.client.trustedSet(from: scene.honest)
        guard !tag.isEmpty else { return }
        #expect(try set.record(for: TargetPath(tag)) == nil)
    }

    /// Records cannot be exchanged under the owner's signature.
    @Test func exchangedRecords() async throws {
        let scene = await Scene(listsHashes: false)
        let signature = SimulatedKey.of(.targets).signatureEntry(
            over: RepositorySimulator.canonical(.object(scene.attacker.signed(.targets)))
        )
        var targets = scene.attacker.targets.targets
        (targets["1.0"], targets["2.0"]) = (targets["2.0"], targets["1.0"])
        scene.attacker.targets.targets = targets
        let file = JSONValue.object(["signatures": [signature], "signed": .object(scene.attacker.signed(.targets))])
        scene.attacker.replace(.targets, with: file.jsonBytes(pretty: false))
        #expect(
            await scene.newcomer().refresh(from: scene.attacker)
                == .refused(.thresholdNotMet(role: .targets, required: 1, valid: 0))
        )
        // Who has the owner's file does not even ask for another of the same version.
        await scene.expect(Scene.good)
    }

    /// A tag under two names that look alike: one of them twice in the file, or once in each spelling of a letter.
    @Test func twoSpellings() async throws {
        let scene = await Scene {
            $0.setTarget("caf\u{e9}", to: "composed")
            $0.setTarget("cafe\u{301}", to: "decomposed")
        }
        let set = try await scene.client.trustedSet(from: scene.honest)
        #expect(try set.record(for: TargetPath("caf\u{e9}"))?.digest(.sha256)?.hex == digest("composed"))
        #expect(try set.record(for: TargetPath("cafe\u{301}"))?.digest(.sha256)?.hex == digest("decomposed"))
    }

    @Test func oneTagTwice() async throws {
        let scene = await Scene(listsHashes: false)
        let text = String(decoding: scene.attacker.file(.targets), as: UTF8.self)
        let record = try #require(scene.attacker.targets.targets["2.0"])
        let other = String(decoding: record.jsonBytes(pretty: false), as: UTF8.self)
        for name in [#""1.0""#, #""\u0031.0""#] {
            let doubled = text.replacing("\"targets\":{", with: "\"targets\":{\(name):\(other),", maxReplacements: 1)
            scene.attacker.replace(.targets, with: Array(doubled.utf8))
            #expect(
                await scene.newcomer().refresh(from: scene.attacker)
                    == .refused(.notJSON(role: .targets, .duplicateKey("1.0")))
            )
        }
    }

    /// A revoked tag is gone, and does not come back with an older file.
    @Test func revokedTag() async throws {
        let scene = await Scene()
        scene.honest.targets.targets["3.0"] = nil
        scene.honest.publish()
        let set = try await scene.client.trustedSet(from: scene.honest)
        #expect(try set.record(for: TargetPath("3.0")) == nil)
        scene.attacker.serveOnly(scene.history[2])
        #expect(
            await scene.client.refresh(from: scene.attacker)
                == .refused(.rollback(role: .timestamp, known: 4, offered: 3))
        )
    }
}
