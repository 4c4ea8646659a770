import CanonicalJSON
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@Suite struct EnvelopeTests {
    private let repository = RepositorySimulator()
    private let good = SimulatedKey.of(.targets)

    private var signed: JSONValue { .object(repository.signed(.targets)) }
    private var entry: JSONValue { good.signatureEntry(over: RepositorySimulator.canonical(signed)) }

    private func refusal(_ signatures: JSONValue, limits: TUFLimits = TUFLimits()) -> TUFError? {
        refusal(ofFile: ["signatures": signatures, "signed": signed], limits: limits)
    }

    private func refusal(ofFile file: JSONValue, limits: TUFLimits = TUFLimits()) -> TUFError? {
        var judge = Judge(repository)
        judge.limits = limits
        return judge.refusal(of: file.jsonBytes(pretty: false), as: .targets)
    }

    private static func entry(_ id: String, _ signature: String) -> JSONValue {
        ["keyid": .string(id), "sig": .string(signature)]
    }

    private let notMet = TUFError.thresholdNotMet(role: .targets, required: 1, valid: 0)

    // MARK: Form

    @Test func members() {
        let field = { (name: String) in TUFError.malformed(role: .targets, field: name) }
        #expect(refusal(ofFile: ["signed": signed]) == field("signatures"))
        #expect(refusal(ofFile: ["signatures": [entry]]) == field("signed"))
        for other in [.null, true, 1, "x", []] as [JSONValue] {
            #expect(refusal(ofFile: ["signatures": [entry], "signed": other]) == field("signed"))
        }
        for other in [.null, true, 1, "x", [:], .object(["0": entry])] as [JSONValue] {
            #expect(refusal(ofFile: ["signatures": other, "signed": signed]) == field("signatures"))
        }
        for other in [.null, true, 1, "x", [], ["x"]] as [JSONValue] {
            #expect(refusal(ofFile: other) == field("envelope"))
            #expect(refusal([entry, other]) == field("signatures"))
        }
        for other in [.null, true, 1, [], [:]] as [JSONValue] {
            #expect(refusal([entry, ["keyid": "x", "sig": other]]) == field("signatures.sig"))
            #expect(refusal([entry, ["keyid": other, "sig": "00"]]) == field("signatures.keyid"))
        }
        #expect(refusal([["keyid": "x"]]) == field("signatures.sig"))
        #expect(refusal([["sig": "00"]]) == field("signatures.keyid"))
        #expect(refusal([]) == notMet)
        #expect(refusal(ofFile: ["signatures": [entry], "signed": signed, "x": [1]]) == nil)
    }

    @Test(arguments: ["", " ", "a b", "é", "a\n", String(repeating: "a", count: 129), "\u{0}", "\u{7f}"])
    func badKeyIDs(_ id: String) {
        #expect(refusal([entry, Self.entry(id, "00")]) == .malformed(role: .targets, field: "signatures.keyid"))
    }

    /// An id is any printable text (TAP 12).
    @Test(arguments: ["a", "A:b/c", String(repeating: "~", count: 128), "\\\""])
    func oddKeyIDs(_ id: String) {
        let key = good.named(id)
        repository.root.roles[.targets] = SimulatedRoleKeys([key])
        repository.roots[1] = RepositorySimulator.envelope(
            .object(repository.signed(.root)),
            signedBy: [.of(.root)]
        )
        #expect(refusal([key.signatureEntry(over: RepositorySimulator.canonical(signed))]) == nil)
        #expect(refusal([entry]) == notMet)
    }

    @Test(arguments: [
        "", "{", "[]x", "{}{}", "\u{feff}{}", "{\"signed\":}", "nul", "{'signed':1}", "{\"a\":1,}", "// x\n{}",
        "\"\u{1}\"",
    ])
    func notJSON(_ text: String) {
        let found = Judge(repository).refusal(of: Array(text.utf8), as: .targets)
        guard case .notJSON(role: .targets, .syntax) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
    }

    @Test func notText() {
        let judge = Judge(repository)
        let file = repository.file(.targets)
        #expect(
            judge.refusal(of: [0x22, 0xff, 0x22], as: .targets) == .notJSON(role: .targets, .invalidUTF8(offset: 1))
        )
        #expect(
            judge.refusal(of: Array(#""\ud800""#.utf8), as: .targets)
                == .notJSON(role: .targets, .loneSurrogate(offset: 1))
        )
        #expect(judge.refusal(of: file + [0], as: .targets) == .notJSON(role: .targets, .syntax(offset: file.count)))
        #expect(judge.refusal(of: Array(file.dropLast()), as: .targets) != nil)
        #expect(judge.refusal(of: [0x1f, 0x8b] + file, as: .targets) == .notJSON(role: .targets, .syntax(offset: 0)))
    }

    /// What is signed is the canonical form: white space, order and escapes of the file are free.
    @Test func otherSpellings() throws {
        let judge = Judge(repository)
        let file = JSONValue.object(["signatures": [entry], "signed": signed])
        #expect(judge.refusal(of: file.jsonBytes(pretty: true) + Array(" \n".utf8), as: .targets) == nil)
        let text = String(decoding: file.jsonBytes(pretty: false), as: UTF8.self)
        let escaped = text.replacing("\"targets\"", with: #""\u0074argets""#)
        #expect(escaped != text)
        #expect(judge.refusal(of: Array(escaped.utf8), as: .targets) == nil)
        let doubled = text.replacing(
            "\"expires\":",
            with: #""expires":"2030-01-01T00:00:00Z","\u0065xpires":"#,
            maxReplacements: 1
        )
        #expect(
            judge.refusal(of: Array(doubled.utf8), as: .targets) == .notJSON(role: .targets, .duplicateKey("expires"))
        )
    }

    // MARK: Limits

    /// Nothing is read of a file that is too long, whatever is in it.
    @Test func length() {
        var limits = TUFLimits()
        let file = repository.file(.targets)
        limits.targetsLength = file.count
        var judge = Judge(repository)
        judge.limits = limits
        #expect(judge.refusal(of: file, as: .targets) == nil)
        #expect(
            judge.refusal(of: file + [0x20], as: .targets) == .lengthExceeded(role: .targets, limit: file.count)
        )
        let zeros = [UInt8](repeating: 0, count: 5_000_001)
        #expect(Judge(repository).refusal(of: zeros, as: .targets) == .lengthExceeded(role: .targets, limit: 5_000_000))
        #expect(
            Judge(repository).refusal(of: zeros, as: .snapshot) == .lengthExceeded(role: .snapshot, limit: 2_000_000)
        )
        #expect(
            Judge(repository).refusal(of: zeros, as: .timestamp) == .lengthExceeded(role: .timestamp, limit: 16_384)
        )
        #expect(Judge(repository).refusal(of: zeros, as: .root) == .lengthExceeded(role: .root, limit: 512_000))
    }

    @Test func depth() {
        var deep = JSONValue.array([])
        for _ in 0..<60 { deep = [deep] }
        repository.targets.fields["x"] = deep
        #expect(refusal([entry]) == nil)
        repository.targets.fields["x"] = [[[deep]]]
        #expect(refusal([entry]) == .notJSON(role: .targets, .tooDeep(limit: 64)))
        let brackets = [UInt8](repeating: 0x5b, count: 1_000_000)
        #expect(Judge(repository).refusal(of: brackets, as: .targets) == .notJSON(role: .targets, .tooDeep(limit: 64)))
    }

    @Test func signatureCount() {
        var limits = TUFLimits()
        limits.signatures = 3
        let junk = (0..<3).map { Self.entry("k\($0)", "00") }
        #expect(refusal(.array([entry] + junk.prefix(2)), limits: limits) == nil)
        #expect(
            refusal(.array([entry] + junk), limits: limits) == .malformed(role: .targets, field: "signatures")
        )
        let many = (0..<1024).map { Self.entry("k\($0)", "00") }
        #expect(refusal(.array(many)) == notMet)
        #expect(refusal(.array(many + [entry])) == .malformed(role: .targets, field: "signatures"))
    }

    // MARK: Signatures

    /// §4.2.1: ids in `signatures` are unique. Also where the threshold is met, and for keys that nobody knows.
    @Test func duplicateKeyIDs() throws {
        let id = try KeyID(good.id)
        #expect(refusal([entry, entry]) == .duplicateSignature(role: .targets, id))
        #expect(refusal([entry, Self.entry(good.id, "")]) == .duplicateSignature(role: .targets, id))
        #expect(refusal([Self.entry(good.id, "00"), entry]) == .duplicateSignature(role: .targets, id))
        let unknown = try KeyID("unknown")
        #expect(
            refusal([entry, Self.entry("unknown", "00"), Self.entry("unknown", "01")])
                == .duplicateSignature(role: .targets, unknown)
        )
        #expect(refusal([entry, Self.entry("Unknown", "00"), Self.entry("unknown", "00")]) == nil)
    }

    /// CVE-2020-6173 and tuf-on-ci's data: what is no good signature is passed over beside a good one, and is none alone.
    @Test(arguments: [
        "", "0", "00", "zz", "0x00", " ", "not hex", String(repeating: "0", count: 128),
        String(repeating: "f", count: 128),
        String(repeating: "00", count: 10_000), "é", "\u{0}",
    ])
    func junk(_ text: String) {
        #expect(refusal([entry, Self.entry("unknown", text), Self.entry(SimulatedKey.of(.root).id, text)]) == nil)
        #expect(refusal([Self.entry("unknown", text)]) == notMet)
        #expect(refusal([Self.entry(good.id, text)]) == notMet)
    }

    @Test func changedSignatures() throws {
        let bytes = good.signature(over: RepositorySimulator.canonical(signed))
        let upper = Hex.encode(bytes.span).uppercased()
        #expect(refusal([Self.entry(good.id, upper)]) == nil)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect(refusal([Self.entry(good.id, Hex.encode(changed.span))]) == notMet)
        }
        for changed in [bytes + [0], bytes.dropLast() + [], [0] + bytes, bytes + bytes] {
            #expect(refusal([Self.entry(good.id, Hex.encode(changed.span))]) == notMet)
        }
    }

    /// A signature of one role's file is none of another's: `_type` is under it.
    @Test func foreignMessages() {
        let other = RepositorySimulator.canonical(.object(repository.signed(.snapshot)))
        #expect(refusal([good.signatureEntry(over: other)]) == notMet)
        #expect(refusal([good.signatureEntry(over: signed.jsonBytes(pretty: true))]) == notMet)
    }

    // MARK: Reading without trust

    @Test func inspection() throws {
        let file = JSONValue.object(["signatures": [], "signed": signed])
        let envelope = try Envelope(parsing: file.jsonBytes(pretty: false), role: .targets, maximumLength: 10_000)
        #expect(envelope.signatures.isEmpty)
        #expect(try envelope.inspect(as: Targets.self, role: .targets).unverified.count == 1)
        #expect(throws: TUFError.wrongType(role: .snapshot, found: "targets")) {
            try envelope.inspect(as: Snapshot.self, role: .snapshot)
        }
    }
}
