import CanonicalJSON
import Testing
import TrustCrypto
import TrustTestSupport

@testable import TUF

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite struct RoleDraftTests {
    private let expires = SimulatedClock.start.advanced(bySeconds: 86_400)

    private func signingKey(_ key: SimulatedKey) throws -> SigningKey {
        SigningKey(keyID: try KeyID(key.id), signer: key.privateKey)
    }

    private func tufKey(_ key: SimulatedKey) -> TUFKey {
        TUFKey(publicKey: key.privateKey.publicKey, scheme: key.scheme)
    }

    private func record(_ content: String) -> TargetRecord {
        let bytes = Array(content.utf8)
        return TargetRecord(length: Int64(bytes.count), hashes: [Digest.compute(.sha256, over: bytes.span)])
    }

    /// A set made with drafts alone, with a key of another kind for each role.
    private func files(
        targets changes: [TargetPath: TargetRecord?]
    ) async throws -> (root: SignedFile, timestamp: SignedFile, snapshot: SignedFile, targets: SignedFile) {
        let keys: [RoleName: SimulatedKey] = [
            .root: .rsa, .timestamp: .ed25519(1), .snapshot: .p256(0), .targets: .p384,
        ]
        func draft(_ role: RoleName) -> RoleDraft {
            RoleDraft(
                role: role,
                version: 1,
                expires: expires,
                issued: SimulatedClock.start,
                repository: "example.com/a"
            )
        }
        func sign(_ draft: RoleDraft) async throws -> SignedFile {
            try await draft.signed(by: [signingKey(keys[draft.role] ?? .rsa)])
        }
        var root = draft(.root)
        root.setRoles(keys.mapValues { ([tufKey($0)], 1) })
        var targets = draft(.targets)
        targets.changeTargets(changes)
        let targetsFile = try await sign(targets)
        var snapshot = draft(.snapshot)
        snapshot.setRecords([.targets: targetsFile.record])
        let snapshotFile = try await sign(snapshot)
        var timestamp = draft(.timestamp)
        timestamp.setSnapshot(snapshotFile.record)
        return (try await sign(root), try await sign(timestamp), snapshotFile, targetsFile)
    }

    private func verify(
        _ files: (root: SignedFile, timestamp: SignedFile, snapshot: SignedFile, targets: SignedFile)
    ) throws(TUFError) -> TrustedSet {
        let root = try RootStage(
            anchor: .keys([SimulatedKey.rsa.computedID], threshold: 1),
            firstRoot: files.root.bytes,
            binding: .repository("example.com/a")
        )
        return try root.close(at: SimulatedClock.start).accept(files.timestamp.bytes).accept(files.snapshot.bytes)
            .accept(files.targets.bytes)
    }

    @Test func roundTrip() async throws {
        let files = try await files(targets: [TargetPath("1.0"): record("a"), TargetPath("é"): record("b")])
        let set = try verify(files)
        #expect(try set.record(for: TargetPath("1.0")) == record("a"))
        #expect(try set.record(for: TargetPath("e\u{301}")) == nil)
        #expect(set.targets.payload.common.specVersion == "1.0.34")
        #expect(set.targets.payload.common.issued == SimulatedClock.start)
        #expect(set.targets.payload.common.expires == expires)
        #expect(set.root.payload.consistentSnapshot)
        #expect(files.root.file.name == "1.root.json")
        #expect(files.timestamp.file.name == "timestamp.json")
        #expect(files.targets.file.name == "1.targets.json")
        #expect(files.snapshot.record.length == Int64(files.snapshot.bytes.count))
        #expect(set.verifiedAt == SimulatedClock.start)
        #expect(set.earliestExpiry.at == expires)
        for file in [set.root.bytes, set.timestamp.bytes, set.snapshot.bytes, set.targets.bytes] {
            let text = String(decoding: file, as: UTF8.self)
            #expect(text.utf8.elementsEqual(file))
        }
    }

    /// Any JSON parser has to read what is published: no raw control characters, as the canonical form has them.
    @Test func standardJSON() async throws {
        let odd = try TargetPath("tag\n\u{1}\"\\/\u{7f}\u{2028}\u{10ffff}")
        let files = try await files(targets: [odd: record("a")])
        _ = try verify(files)
        for file in [files.root, files.timestamp, files.snapshot, files.targets] {
            #expect(file.bytes.allSatisfy { $0 >= 0x20 })
            let read = try JSONDecoder().decode(AnyJSON.self, from: Data(file.bytes))
            #expect(read.value == (try JSONValue(parsing: file.bytes)))
        }
    }

    @Test func fractionsOfExpiryAreDropped() throws {
        let late = Instant(secondsSinceEpoch: 1_800_000_000, nanoseconds: 999_999_999)
        let draft = RoleDraft(role: .targets, version: 3, expires: late, issued: nil, repository: nil)
        #expect(draft.signed["expires"] == "2027-01-15T08:00:00Z")
        #expect(draft.signed[TrustDataField.repository] == nil)
        #expect(draft.signed[TrustDataField.issued] == nil)
        #expect(draft.signed["version"] == 3)
    }

    // MARK: Editing

    /// What another tool wrote into the file stays there, at every level.
    @Test func unknownFieldsArePreserved() async throws {
        let repository = RepositorySimulator()
        repository.targets.fields["x-tool"] = ["a": [1, .null, "é"]]
        repository.targets.fields["spec_version"] = "1.0"
        repository.targets.fields["delegations"] = ["keys": [:], "roles": [], "x": 1]
        var target = try #require(repository.targets.targets["1.0"]?.object)
        target["x-record"] = true
        target["custom"] = ["x": [1]]
        repository.targets.targets["1.0"] = .object(target)
        let set = try Judge(repository).trustedSet()
        var draft = RoleDraft(editing: set.targets, role: .targets)
        draft.changeTargets([try TargetPath("2.0"): record("b")])
        draft.setVersion(2, expires: expires, issued: nil)
        draft.setField("x-new", to: "x")
        var expected = set.targets.envelope.signedValue.object ?? [:]
        expected["targets"] = ["1.0": .object(target), "2.0": record("b").json]
        expected["version"] = 2
        expected["expires"] = .string(expires.description)
        expected["x-new"] = "x"
        #expect(draft.signed == expected)
        let file = try await draft.signed(by: [signingKey(.of(.targets))])
        let envelope = try Envelope(parsing: file.bytes, role: .targets, maximumLength: 100_000)
        #expect(envelope.signedValue == .object(expected))
        draft.setField("x-new", to: nil)
        #expect(draft.signed["x-new"] == nil)
    }

    /// Merging against the obvious way, with names whose order by characters is another than by bytes.
    @Test func mergingTargets() throws {
        let names = [
            "a", "b", "B", "e\u{301}", "\u{e9}", "f", "z", "\u{ffff}", "\u{10000}", "10", "9", "a/b", "a b", "~",
        ]
        var seed: UInt64 = 7
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        for _ in 0..<200 {
            var draft = RoleDraft(role: .targets, version: 1, expires: expires, issued: nil, repository: nil)
            var expected: JSONObject = [:]
            for round in 0..<3 {
                var changes: [TargetPath: TargetRecord?] = [:]
                for name in names where next(2) == 0 {
                    let path = try TargetPath(name)
                    if next(3) == 0 {
                        changes[path] = .some(nil)
                        expected[name] = nil
                    } else {
                        let new = record("\(name) \(round) \(next(5))")
                        changes[path] = new
                        expected[name] = new.json
                    }
                }
                draft.changeTargets(changes)
                #expect(draft.signed["targets"]?.object == expected)
                let keys = draft.signed["targets"]?.object?.keys ?? []
                #expect(keys.elementsEqual(keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }))
            }
        }
    }

    @Test func manyTargets() throws {
        var draft = RoleDraft(role: .targets, version: 1, expires: expires, issued: nil, repository: nil)
        var changes: [TargetPath: TargetRecord?] = [:]
        for index in 0..<10_000 { changes[try TargetPath("v\(index)")] = record("\(index)") }
        draft.changeTargets(changes)
        #expect(draft.signed["targets"]?.object?.count == 10_000)
        draft.changeTargets(changes.mapValues { _ in nil })
        #expect(draft.signed["targets"]?.object?.isEmpty == true)
        draft.changeTargets([:])
        #expect(draft.signed["targets"] == [:])
    }

    // MARK: Root

    @Test func keysOfARoot() throws {
        var draft = RoleDraft(role: .root, version: 1, expires: expires, issued: nil, repository: nil)
        let keys = (0..<6).map { tufKey(.ed25519($0)) }
        draft.setRoles([
            .root: ([keys[0], keys[1]], 2), .timestamp: ([keys[2]], 1), .snapshot: ([keys[2]], 1),
            .targets: ([keys[3]], 1),
        ])
        #expect(Set(draft.signed["keys"]?.object?.keys ?? []) == Set(keys[0...3].map(\.computedID.string)))
        #expect(draft.signed["roles"]?["root"]?["threshold"] == 2)
        #expect(draft.signed["consistent_snapshot"] == true)
        // Who has no role any more goes, with the key.
        draft.setRoles([.targets: ([keys[4]], 1), .root: ([keys[5]], 1)])
        #expect(
            Set(draft.signed["keys"]?.object?.keys ?? []) == Set([keys[2], keys[4], keys[5]].map(\.computedID.string))
        )
        #expect(draft.signed["roles"]?["timestamp"]?["keyids"] == [.string(keys[2].computedID.string)])
    }

    /// A root of another tool: its fields, its further roles and its forms of keys outlive a rotation.
    @Test func editingAForeignRoot() async throws {
        let repository = RepositorySimulator()
        let odd = SimulatedKey.ed25519(9).with("x-tuf-on-ci-keyowner", "@someone")
        repository.root.roles[.targets] = SimulatedRoleKeys([odd])
        var root = repository.signed(.root)
        var roles = try #require(root["roles"]?.object)
        var keys = try #require(root["keys"]?.object)
        roles["targets"] = ["keyids": [.string(odd.id)], "threshold": 1, "x-expiry-period": 365]
        roles["mirrors"] = ["keyids": ["mirror-key"], "threshold": 1, "x": 1]
        keys["mirror-key"] = SimulatedKey.ed25519(8).json
        root["roles"] = .object(roles)
        root["keys"] = .object(keys)
        repository.roots[1] = RepositorySimulator.envelope(.object(root), signedBy: [.of(.root)])
        let set = try Judge(repository).trustedSet()
        #expect(set.root.payload.roleKeys(try RoleName("mirrors"))?.keyIDs.map(\.string) == ["mirror-key"])
        var draft = RoleDraft(editing: set.root, role: .root)
        let oddKey = try #require(set.root.payload.keys[KeyID(odd.id)])
        draft.setRoles([.targets: ([oddKey, tufKey(.p256(0))], 1), .timestamp: ([tufKey(.p256(1))], 1)])
        draft.setVersion(2, expires: expires, issued: nil)
        #expect(draft.signed["roles"]?["targets"]?["x-expiry-period"] == 365)
        #expect(draft.signed["roles"]?["mirrors"] == roles["mirrors"])
        #expect(draft.signed["keys"]?["mirror-key"] == keys["mirror-key"])
        #expect(draft.signed["keys"]?[odd.id] == odd.json)
        #expect(draft.signed["keys"]?[SimulatedKey.of(.timestamp).id] == nil)
        let file = try await draft.signed(by: [signingKey(.of(.root))])
        #expect(Judge(repository).refusal(of: file.bytes, as: .root) == nil)
    }

    // MARK: Signing

    @Test func signaturesComeInTheOrderOfKeyIDs() async throws {
        var draft = RoleDraft(role: .targets, version: 1, expires: expires, issued: nil, repository: nil)
        draft.changeTargets([:])
        let keys = try (0..<5).map { try signingKey(.ed25519($0)) }
        let file = try await draft.signed(by: keys.reversed())
        let envelope = try Envelope(parsing: file.bytes, role: .targets, maximumLength: 100_000)
        #expect(envelope.signatures.map(\.keyID) == keys.map(\.keyID).sorted())
        // Ed25519 and the writer are deterministic: what is the same has the same hash.
        #expect(try await draft.signed(by: keys) == file)
    }

    @Test func signerThatFails() async throws {
        struct Broken: Signer {
            var publicKey: PublicKey { SimulatedKey.of(.targets).privateKey.publicKey }
            var scheme: SignatureScheme { .ed25519 }
            func sign(_ message: [UInt8]) async throws(CryptoError) -> [UInt8] { throw .signingFailed }
        }
        let draft = RoleDraft(role: .targets, version: 1, expires: expires, issued: nil, repository: nil)
        let key = SigningKey(keyID: try KeyID("x"), signer: Broken())
        await #expect(throws: TUFError.signingFailed(role: .targets, .signingFailed)) {
            try await draft.signed(by: [key])
        }
        var number = draft
        number.setField("x", to: .number(try #require(JSONNumber("1.5"))))
        await #expect(throws: TUFError.notJSON(role: .targets, .notCanonicalizable(number: "1.5"))) {
            try await number.signed(by: [key])
        }
    }
}

/// What a strict parser of the standard library makes of a document.
private struct AnyJSON: Decodable {
    let value: JSONValue

    private struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Name.self) {
            var object: JSONObject = [:]
            for key in container.allKeys {
                object[key.stringValue] = try container.decode(AnyJSON.self, forKey: key).value
            }
            value = .object(object)
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [JSONValue] = []
            while !container.isAtEnd { elements.append(try container.decode(AnyJSON.self).value) }
            value = .array(elements)
        } else {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                value = .null
            } else if let boolean = try? container.decode(Bool.self) {
                value = .boolean(boolean)
            } else if let integer = try? container.decode(Int64.self) {
                value = .integer(integer)
            } else {
                value = .string(try container.decode(String.self))
            }
        }
    }
}
