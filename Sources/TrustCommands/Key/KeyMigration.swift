import CanonicalJSON
import ContentTrust
import KeyStorage
import TUF
import TUFClient
import TrustCrypto

/// Brings keys of other programs into a key store, those that are chosen.
struct KeyMigration {
    /// Which keys are wanted.
    enum Choice {
        case all
        case ids([String])
        case ask
    }

    let listing: ForeignKeyListing
    let choice: Choice
    let new: NewKeyOptions
    let passphrases: PassphraseOptions
    /// What opens the keys.
    let source: any PassphraseSource
    let json: Bool
    let context: CommandContext

    /// - Returns: ``Reason/trusted`` when all that was chosen is in the store, else the first reason why not.
    func run(_ home: TrustHome) async throws(Refusal) -> Reason {
        let chosen = try chosenKeys()
        var reason = Reason.trusted
        // What cannot be read was said with the list, and is no failure of keys that were named.
        if case .all = choice { reason = showProblems() }
        let opener = KeyOpener(source: source)
        let fresh = NewPassphrases(passphrases.source(context))
        for key in chosen {
            do throws(Refusal) {
                try await bring(key, opener, fresh, into: new.store(home))
            } catch {
                KeyText.show(
                    error,
                    location: key.path,
                    subject: KeyImport.title,
                    json: json,
                    on: context.console
                )
                if reason == .trusted { reason = error.reason }
            }
        }
        return reason
    }

    private func bring(
        _ key: ForeignKey,
        _ opener: KeyOpener,
        _ fresh: NewPassphrases,
        into store: any KeyStore
    ) async throws(Refusal) {
        let attributes = try new.attributes(for: key, canOverride: false)
        do throws(KeyStorageError) {
            let (opened, answer) = try await opener.open(key, attributes)
            let id = new.id(of: opened)
            if let present = try await new.presentRecord(id, in: store) {
                context.console.note("there already: the \(KeyText.line(present))")
                return
            }
            let now = SystemClock().now()
            let record: KeyRecord
            if new.unsafeUnencrypted, let own = store as? FileKeyStore {
                record = try await own.addUnencryptedUnsafe(opened, attributes, created: now)
            } else {
                let passphrase: Passphrase
                if let answer, answer.passphrase.bytes.count >= Passphrase.minimumLength {
                    passphrase = answer.passphrase
                } else {
                    passphrase = try await fresh.passphrase(for: attributes, keyID: id, new.kind)
                }
                record = try await store.add(opened, attributes, passphrase: passphrase, created: now)
            }
            KeyText.show(record, done: "brought in the", json: json, on: context.console)
        } catch {
            throw Refusal.keys(error, checked: key.title)
        }
    }

    private func chosenKeys() throws(Refusal) -> [ForeignKey] {
        switch choice {
        case .all: return listing.keys
        case .ids(let ids):
            var keys: [ForeignKey] = []
            for text in ids { keys.append(try key(text)) }
            return keys
        case .ask:
            show()
            _ = showProblems()
            guard !listing.keys.isEmpty else { return [] }
            return try asked()
        }
    }

    private func key(_ text: String) throws(Refusal) -> ForeignKey {
        let checked = "--key \(ReferenceText.shortened(text))"
        let digits = text.lowercased()
        guard digits.utf8.count >= KeySelection.minimumLength else {
            throw Refusal(
                .usage,
                checked: checked,
                found: "not the id of a key",
                expected: "the id that notary computes, or the first \(KeySelection.minimumLength) digits or more"
            )
        }
        let found = listing.keys.filter { $0.notaryID?.string.utf8.starts(with: digits.utf8) == true }
        guard let key = found.first else {
            if let problem = listing.problems.first(where: { $0.path.contains(digits) }) {
                throw Refusal.keys(problem.error, checked: checked)
            }
            throw Refusal(.keyUnavailable, checked: checked, found: "no such key among the \(listing.keys.count) found")
        }
        guard Set(found.map(\.notaryID)).count == 1 else {
            throw Refusal(.usage, checked: checked, found: "\(found.count) keys", expected: "more digits")
        }
        return key
    }

    private func asked() throws(Refusal) -> [ForeignKey] {
        let question = "Bring in which of them? Numbers, all, or nothing:"
        guard let answer = Confirmation.answer(question, context) else {
            throw Refusal(
                .usage,
                checked: "the choice of keys",
                found: "none, and no terminal to ask at",
                next: "run the same command with --all, or with --key ID for each key"
            )
        }
        if answer == "all" { return listing.keys }
        var keys: [ForeignKey] = []
        for word in answer.split(whereSeparator: { $0 == " " || $0 == "," }) {
            guard let number = Int(word), listing.keys.indices.contains(number - 1) else {
                throw Refusal(
                    .usage,
                    checked: "the choice of keys",
                    found: ReferenceText.shortened(String(word)),
                    expected: "numbers from 1 to \(listing.keys.count), or all"
                )
            }
            keys.append(listing.keys[number - 1])
        }
        return keys
    }

    private func show() {
        let console = context.console
        guard !json else {
            console.result(lines: listing.keys.map { JSONValue.object($0.json).line })
            return
        }
        guard !listing.keys.isEmpty else {
            console.note("no keys")
            return
        }
        var table = Table(header: ["#", "ROLE", "REPOSITORY", "KEY ID", "FILE"])
        for (index, key) in listing.keys.enumerated() {
            table.add([
                String(index + 1), key.role?.string ?? "", key.repository ?? "", key.notaryID?.string ?? "",
                key.path + (key.isEncrypted ? "" : ", NOT ENCRYPTED"),
            ])
        }
        console.result(lines: table.lines)
    }

    private func showProblems() -> Reason {
        KeyText.show(listing.problems, subject: KeyImport.title, json: json, on: context.console)
    }
}

/// New passphrases, each typed once: one for root keys, one for all others.
private actor NewPassphrases {
    private let source: any PassphraseSource
    private var root: Passphrase?
    private var others: Passphrase?

    init(_ source: any PassphraseSource) {
        self.source = source
    }

    func passphrase(
        for attributes: KeyAttributes,
        keyID: KeyID,
        _ kind: KeyStoreKind
    ) async throws(KeyStorageError) -> Passphrase {
        let isRoot = attributes.role == .root
        if let typed = isRoot ? root : others { return typed }
        let answer = try await source.newPassphrase(for: attributes, keyID: keyID, kind: kind)
        if answer.isTyped, isRoot { root = answer.passphrase }
        if answer.isTyped, !isRoot { others = answer.passphrase }
        return answer.passphrase
    }
}

extension ForeignKey {
    /// The key, for people.
    fileprivate var title: String { "the \(role.map { "\($0) " } ?? "")key \(notaryID?.string ?? "") in \(path)" }

    /// The members of the object of `--json` output.
    fileprivate var json: JSONObject {
        [
            "reason": .string(Reason.trusted.code),
            "exitCode": 0,
            "form": .string(form.rawValue),
            "notaryKeyID": .optional(notaryID?.string),
            "role": .optional(role?.string),
            "repository": .optional(repository),
            "location": .string(path),
            "encrypted": .boolean(isEncrypted),
        ]
    }
}
