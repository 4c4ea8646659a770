import CanonicalJSON
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@Suite struct RootAnchorTests {
    private let repository = RepositorySimulator()
    private let a = SimulatedKey.ed25519(10)
    private let b = SimulatedKey.p256(2)
    private let c = SimulatedKey.ed25519(12)

    /// Why a root is refused as the first one.
    private func refusal(_ anchor: RootAnchor, _ root: [UInt8]) -> TUFError? {
        do {
            _ = try RootStage(anchor: anchor, firstRoot: root, binding: .unbound)
            return nil
        } catch {
            return error
        }
    }

    private func root(_ keys: [SimulatedKey], threshold: Int64, signedBy signers: [SimulatedKey]) -> [UInt8] {
        repository.root.roles[.root] = SimulatedRoleKeys(keys, threshold: threshold)
        return RepositorySimulator.envelope(.object(repository.signed(.root)), signedBy: signers)
    }

    private func pin(_ keys: [SimulatedKey], _ threshold: Int) -> RootAnchor {
        .keys(Set(keys.map(\.computedID)), threshold: threshold)
    }

    @Test func pinnedKeys() {
        let two = root([a, b, c], threshold: 2, signedBy: [a, b])
        #expect(refusal(pin([a], 1), two) == nil)
        #expect(refusal(pin([a, b], 2), two) == nil)
        #expect(refusal(pin([a, b, c], 2), two) == nil)
        #expect(refusal(pin([a, c], 1), two) == nil)
        #expect(refusal(pin([c], 1), two) == .notPinned(required: 1, valid: 0))
        #expect(refusal(pin([a, c], 2), two) == .notPinned(required: 2, valid: 1))
        #expect(refusal(pin([a, b, c], 3), two) == .notPinned(required: 3, valid: 2))
        #expect(refusal(pin([], 0), two) == .notPinned(required: 1, valid: 0))
        #expect(refusal(pin([], -1), two) == .notPinned(required: 1, valid: 0))
        #expect(refusal(pin([a], .max), two) == .notPinned(required: .max, valid: 1))
    }

    /// The pin is met and the root's own threshold is not.
    @Test func ownThreshold() {
        #expect(
            refusal(pin([a], 1), root([a, b], threshold: 2, signedBy: [a]))
                == .thresholdNotMet(role: .root, required: 2, valid: 1)
        )
    }

    /// Whoever makes a root chooses the key ids in it. The pinned ids are computed from the keys.
    @Test func claimedIDs() {
        let impostor = c.named(a.id)
        #expect(
            refusal(pin([a], 1), root([impostor], threshold: 1, signedBy: [impostor]))
                == .notPinned(required: 1, valid: 0)
        )
        // The other way round: a file may call a pinned key what it likes.
        let nickname = a.named("nickname")
        #expect(refusal(pin([a], 1), root([nickname], threshold: 1, signedBy: [nickname])) == nil)
        // A form that computes to another id is another pin.
        let marked = a.with("x", 1)
        #expect(
            refusal(pin([a], 1), root([marked], threshold: 1, signedBy: [marked])) == .notPinned(required: 1, valid: 0)
        )
        #expect(refusal(pin([marked], 1), root([marked], threshold: 1, signedBy: [marked])) == nil)
    }

    /// A pinned key that lists an impostor's numbers: the computed id is over all of the form.
    @Test func impostorsNumbers() {
        var impostor = a
        impostor.json = c.json
        impostor.customID = a.id
        #expect(
            refusal(pin([a], 1), root([impostor], threshold: 1, signedBy: [c.named(a.id)]))
                == .notPinned(required: 1, valid: 0)
        )
    }

    /// One pinned key in two forms, both pinned, is one key.
    @Test func twoFormsOfOnePinnedKey() {
        let marked = a.with("x", 1)
        let file = root([a, marked], threshold: 1, signedBy: [a, marked])
        #expect(refusal(pin([a, marked], 1), file) == nil)
        #expect(refusal(pin([a, marked], 2), file) == .notPinned(required: 2, valid: 1))
    }

    /// The pinned key has another role in this root: it must not make roots.
    @Test func pinnedKeyOfAnotherRole() {
        for role in [RoleName.timestamp, .snapshot, .targets] {
            let repository = RepositorySimulator()
            repository.root.roles[role] = SimulatedRoleKeys([a])
            repository.root.roles[.root] = SimulatedRoleKeys([c])
            let file = RepositorySimulator.envelope(.object(repository.signed(.root)), signedBy: [a, c])
            #expect(refusal(pin([a], 1), file) == .notPinned(required: 1, valid: 0))
            #expect(refusal(pin([c], 1), file) == nil)
        }
    }

    /// A pinned key listed in the root and in no role.
    @Test func pinnedKeyWithoutARole() throws {
        _ = root([c], threshold: 1, signedBy: [])
        var signed = repository.signed(.root)
        var keys = try #require(signed["keys"]?.object)
        keys[a.id] = a.json
        signed["keys"] = .object(keys)
        let file = RepositorySimulator.envelope(.object(signed), signedBy: [a, c])
        #expect(refusal(pin([a], 1), file) == .notPinned(required: 1, valid: 0))
    }

    @Test func unsignedAndForeign() {
        #expect(refusal(pin([a], 1), root([a], threshold: 1, signedBy: [])) == .notPinned(required: 1, valid: 0))
        #expect(refusal(pin([a], 1), root([a], threshold: 1, signedBy: [c])) == .notPinned(required: 1, valid: 0))
        #expect(
            refusal(pin([.of(.root)], 1), repository.file(.timestamp)) == .wrongType(role: .root, found: "timestamp")
        )
        #expect(refusal(pin([a], 1), []) == .notJSON(role: .root, .syntax(offset: 0)))
    }

    // MARK: Root files

    @Test func rootFile() {
        let good = root([a], threshold: 1, signedBy: [a])
        #expect(refusal(.root(good), good) == nil)
        let other = root([a], threshold: 1, signedBy: [a, c])
        #expect(refusal(.root(good), other) == .notPinned(required: 1, valid: 0))
        #expect(refusal(.root(good), good + [0x20]) == .notPinned(required: 1, valid: 0))
    }

    /// The conformance suite's `test_unsigned_initial_root` and `test_invalid_initial_root`: a file that somebody trusts
    /// has to be a root all the same.
    @Test func badRootFile() {
        let unsigned = root([a], threshold: 1, signedBy: [])
        #expect(refusal(.root(unsigned), unsigned) == .thresholdNotMet(role: .root, required: 1, valid: 0))
        var signed = repository.signed(.root)
        signed["version"] = nil
        let versionless = RepositorySimulator.envelope(.object(signed), signedBy: [a])
        #expect(refusal(.root(versionless), versionless) == .malformed(role: .root, field: "signed.version"))
        let long = [UInt8](repeating: 0x20, count: 512_001)
        #expect(refusal(.root(long), long) == .lengthExceeded(role: .root, limit: 512_000))
        let timestamp = repository.file(.timestamp)
        #expect(refusal(.root(timestamp), timestamp) == .wrongType(role: .root, found: "timestamp"))
    }

    /// Expiry of the first root does not matter (§5.2), and neither does its version.
    @Test func expiredRootOfAnyVersion() {
        repository.root.expires = Instant(secondsSinceEpoch: 0)
        repository.root.version = 41
        let file = root([a], threshold: 1, signedBy: [a])
        #expect(refusal(.root(file), file) == nil)
        #expect(refusal(pin([a], 1), file) == nil)
    }

    /// The highest version that is read has a file after it; one more is refused, and nothing traps.
    @Test func highestVersion() throws {
        repository.root.version = Int64.max - 1
        let file = root([a], threshold: 1, signedBy: [a])
        var stage = try RootStage(anchor: .root(file), firstRoot: file, binding: .unbound)
        #expect(stage.next.name == "9223372036854775807.root.json")
        repository.root.version = .max
        let next = root([a], threshold: 1, signedBy: [a])
        #expect(refusal(.root(next), next) == .malformed(role: .root, field: "signed.version"))
        do {
            try stage.rotate(to: next)
            Issue.record("there is no next version")
        } catch {
            #expect(error == .malformed(role: .root, field: "signed.version"))
        }
    }
}
