import ContentTrust
import Testing

/// The commands of a refusal lead to where it was looked.
@Suite struct SuggestedOptionsTests {
    private static let options: SuggestedOptions = {
        var options = SuggestedOptions()
        options.home = " --home H"
        options.keyStores = " --key-store K"
        options.store = " --store notary"
        options.network = " --ca-cert C"
        return options
    }()

    @Test(
        arguments: [
            ("signed tags: trustctl list r.example/a", " --store notary --ca-cert C --home H", ""),
            ("if you publish it: trustctl init r.example/a", " --key-store K --store notary --ca-cert C --home H", ""),
            ("trustctl init r.example/a", " --key-store K --ca-cert C --home H", " --store dir:x"),
            ("the publisher runs: trustctl refresh REPO", " --store notary", "; or wait"),
            ("look (trustctl inspect r.example/a", " --store notary --ca-cert C --home H", ") and run it again"),
            ("trustctl list 'oci:my images'", " --store notary --ca-cert C --home H", ""),
            ("trustctl list 'oci:it'\\''s mine'", " --store notary --ca-cert C --home H", ", all of it"),
            ("trustctl signer add r.example/a", " --key-store K --store notary --ca-cert C --home H", " NAME --tag x"),
            (
                "trustctl revoke --signer n r.example/a:1", " --key-store K --store notary --ca-cert C --home H",
                "; or the publisher"
            ),
            ("to see what there is: trustctl key list", " --key-store K --home H", "; else: --key-store DIR"),
            ("trustctl key remove 0123abc", " --key-store K --home H", ""),
            ("trustctl pin add r.example/a", " --home H", " --root-key ID"),
            ("trustctl refresh puts it back, and trustctl doctor names it", "", ""),
            ("a file of trustctl init, or trustctl list", "", ""),
            ("trustctl initialise r.example/a", "", ""),
        ]
    )
    func completes(before: String, options: String, after: String) {
        let refusal = Refusal(.usage, checked: "c", found: "f", next: before + after)
        #expect(refusal.completed(by: Self.options).next == before + options + after)
        #expect(refusal.completed(by: SuggestedOptions()) == refusal)
    }

    @Test func eachCommandGetsItsOwn() {
        let next = "trustctl pin remove r.example/a; trustctl init r.example/a; ask"
        let refusal = Refusal(.usage, checked: "c", found: "f", next: next).completed(by: Self.options)
        #expect(
            refusal.next == "trustctl pin remove r.example/a --home H; trustctl init r.example/a --key-store K "
                + "--store notary --ca-cert C --home H; ask"
        )
    }
}
