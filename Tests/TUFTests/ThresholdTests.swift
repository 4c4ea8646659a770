import CanonicalJSON
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

/// The one function that counts signatures, through the stages.
@Suite struct ThresholdTests {
    /// The outcome for targets metadata whose role has some keys and a threshold, and that some keys sign.
    private func refusal(
        keys: [SimulatedKey],
        threshold: Int64,
        signedBy signers: [SimulatedKey],
        listing ids: [String]? = nil
    ) -> TUFError? {
        let repository = RepositorySimulator()
        repository.root.roles[.targets] = SimulatedRoleKeys(keys, threshold: threshold)
        var root = repository.signed(.root)
        if let ids {
            var roles = root["roles"]?.object ?? [:]
            roles["targets"] = ["keyids": .array(ids.map { .string($0) }), "threshold": .integer(threshold)]
            root["roles"] = .object(roles)
        }
        repository.roots[1] = RepositorySimulator.envelope(.object(root), signedBy: [.of(.root)])
        repository.signers[.targets] = signers
        let judge = Judge(repository)
        return judge.refusal(of: repository.file(.targets), as: .targets)
    }

    private func notMet(_ required: Int, _ valid: Int) -> TUFError {
        .thresholdNotMet(role: .targets, required: required, valid: valid)
    }

    private let a = SimulatedKey.ed25519(10)
    private let b = SimulatedKey.ed25519(11)
    private let c = SimulatedKey.p256(1)

    @Test func counts() {
        let keys = [a, b, c]
        for threshold in 1...5 {
            for mask in 0..<8 {
                let signers = keys.indices.filter { mask & 1 << $0 != 0 }.map { keys[$0] }
                let expected = signers.count >= threshold ? nil : notMet(threshold, signers.count)
                #expect(refusal(keys: keys, threshold: Int64(threshold), signedBy: signers) == expected)
            }
        }
        // More than there are keys: the root is good, and the role has no voice.
        #expect(refusal(keys: keys, threshold: .max, signedBy: keys) == notMet(.max, 3))
        #expect(refusal(keys: [], threshold: 1, signedBy: keys) == notMet(1, 0))
    }

    @Test func orderDoesNotMatter() {
        for signers in [[a, b, c], [c, b, a], [b, a, c]] {
            #expect(refusal(keys: [b, c, a], threshold: 3, signedBy: signers) == nil)
        }
    }

    /// CVE-2026-23992.
    @Test(arguments: [0, -1, Int64.min])
    func thresholdBelowOne(_ threshold: Int64) {
        for signers in [[], [a]] {
            #expect(
                refusal(keys: [a], threshold: threshold, signedBy: signers)
                    == .malformed(role: .root, field: "signed.roles.targets.threshold")
            )
        }
    }

    /// CVE-2020-6174, tough's advisories, go-tuf #733: one key counts once, whatever names and forms it goes by.
    @Test func oneKeyUnderManyIDs() throws {
        let twin = a.named("twin")
        #expect(refusal(keys: [a, twin], threshold: 2, signedBy: [a, twin]) == notMet(2, 1))
        #expect(refusal(keys: [a, twin, b], threshold: 2, signedBy: [a, twin, b]) == nil)
        #expect(refusal(keys: [a, twin], threshold: 1, signedBy: [twin]) == nil)
        // A bad signature under the first id does not use the key up.
        var liar = a
        liar.json = b.json
        #expect(refusal(keys: [liar, twin, b.named("b")], threshold: 2, signedBy: [liar, twin, b.named("b")]) == nil)
        // Other members, another case of the digits, another spelling of the PEM: still the same numbers.
        let raw = try #require(a.json["keyval"]?["public"]?.string)
        let upper = a.with("keyval", ["public": .string(raw.uppercased())])
        let marked = a.with("x-unknown", 1)
        #expect(upper.id != a.id && marked.id != a.id)
        #expect(refusal(keys: [a, upper, marked], threshold: 2, signedBy: [a, upper, marked]) == notMet(2, 1))
        let pem = c.privateKey.publicKey.pem
        let spaced = c.with("keyval", ["public": .string("\n\(pem)\n")])
        let renamed = c.with("keytype", "ecdsa-sha2-nistp256")
        let point = c.privateKey.publicKey.spkiDER.suffix(65) + []
        let hex = c.with("keyval", ["public": .string(Hex.encode(point.span))])
        #expect(Set([c, spaced, renamed, hex].map(\.id)).count == 4)
        #expect(
            refusal(keys: [c, spaced, renamed, hex], threshold: 2, signedBy: [c, spaced, renamed, hex]) == notMet(2, 1)
        )
        for form in [spaced, renamed, hex] { #expect(refusal(keys: [form], threshold: 1, signedBy: [form]) == nil) }
    }

    /// One RSA key under both of its schemes is one key, not two.
    @Test func oneKeyUnderTwoSchemes() {
        let keys = [SimulatedKey.rsa, .rsaPKCS1v15]
        #expect(keys[0].id != keys[1].id)
        #expect(refusal(keys: keys, threshold: 1, signedBy: [keys[0]]) == nil)
        #expect(refusal(keys: keys, threshold: 1, signedBy: [keys[1]]) == nil)
        #expect(refusal(keys: keys, threshold: 2, signedBy: keys) == notMet(2, 1))
    }

    @Test func repeatedKeyIDsOfARole() {
        #expect(refusal(keys: [a], threshold: 2, signedBy: [a], listing: [a.id, a.id]) == notMet(2, 1))
        #expect(refusal(keys: [a], threshold: 1, signedBy: [a], listing: [a.id, a.id]) == nil)
    }

    /// Ids without a key, keys of other roles and keys of no role count for nothing.
    @Test func strangers() {
        #expect(
            refusal(keys: [a], threshold: 1, signedBy: [.of(.root), .of(.snapshot), .of(.timestamp), b]) == notMet(1, 0)
        )
        #expect(refusal(keys: [a, b], threshold: 1, signedBy: [b], listing: [a.id]) == notMet(1, 0))
        #expect(refusal(keys: [a], threshold: 1, signedBy: [b], listing: [a.id, b.id]) == notMet(1, 0))
        #expect(refusal(keys: [a], threshold: 1, signedBy: [b.named(a.id)]) == notMet(1, 0))
        #expect(refusal(keys: [a], threshold: 1, signedBy: [a, b, .of(.root)]) == nil)
    }

    /// TAP 9: a key verifies under the scheme it is listed with and under no other, also where both would fit the key.
    @Test func schemesAreBoundToKeys() {
        let pss = SimulatedKey.rsa
        let pkcs1 = SimulatedKey.rsaPKCS1v15
        #expect(refusal(keys: [pss], threshold: 1, signedBy: [pkcs1.named(pss.id)]) == notMet(1, 0))
        #expect(refusal(keys: [pkcs1], threshold: 1, signedBy: [pss.named(pkcs1.id)]) == notMet(1, 0))
        for key in [a, c, .p384, pss] {
            #expect(refusal(keys: [key], threshold: 1, signedBy: [key]) == nil)
            for scheme in ["ed25519ph", "rsassa-pss-sha512", "ecdsa-sha2-nistp521", "none", ""] {
                let odd = key.with("scheme", .string(scheme))
                #expect(refusal(keys: [odd], threshold: 1, signedBy: [odd]) == notMet(1, 0))
                #expect(refusal(keys: [odd, b], threshold: 1, signedBy: [odd, b]) == nil)
            }
            for scheme in SignatureScheme.allCases where scheme != key.scheme {
                let odd = key.with("scheme", .string(scheme.rawValue))
                #expect(refusal(keys: [odd], threshold: 1, signedBy: [odd]) == notMet(1, 0))
            }
        }
    }

    /// Keys of kinds that are not known beside those that are.
    @Test func unknownKinds() {
        let oidc = a.with("keytype", "sigstore-oidc").with("scheme", "Fulcio").with(
            "keyval",
            ["identity": "x", "issuer": "y"]
        )
        #expect(refusal(keys: [oidc, b], threshold: 1, signedBy: [oidc, b]) == nil)
        #expect(refusal(keys: [oidc, b], threshold: 2, signedBy: [oidc, b]) == notMet(2, 1))
    }

    /// The ids that are reported are those of the file, one for each key that was counted.
    @Test func signers() throws {
        let repository = RepositorySimulator()
        repository.root.roles[.targets] = SimulatedRoleKeys([a, a.named("twin"), b], threshold: 2)
        repository.roots[1] = RepositorySimulator.envelope(.object(repository.signed(.root)), signedBy: [.of(.root)])
        repository.signers[.targets] = [a.named("twin"), a, b, c]
        let set = try Judge(repository).trustedSet()
        #expect(Set(set.targets.signers.map(\.string)) == ["twin", b.id])
        #expect(set.root.signers.map(\.string) == [SimulatedKey.of(.root).id])
    }
}
