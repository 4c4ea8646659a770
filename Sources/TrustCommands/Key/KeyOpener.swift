import KeyStorage
import TrustCrypto

/// Opens keys of other programs, and asks for each passphrase once: what has opened one key is tried on the next.
actor KeyOpener {
    private let source: any PassphraseSource
    private var known: [PassphraseAnswer] = []

    /// - Parameter source: Where passphrases come from.
    init(source: any PassphraseSource) {
        self.source = source
    }

    /// Opens a key.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - attributes: What it is for.
    /// - Returns: The key, and what opened it; nil for a key that is open to everybody.
    /// - Throws: ``KeyStorageError``.
    func open(
        _ key: ForeignKey,
        _ attributes: KeyAttributes
    ) async throws(KeyStorageError) -> (key: PrivateKey, answer: PassphraseAnswer?) {
        // cosign encrypts with nothing when nothing is typed.
        if !key.isEncrypted || key.form == .cosign {
            do throws(KeyStorageError) {
                return (try await key.open(nil), nil)
            } catch .keyFile(_, .passphraseRequired) {
                // As most keys do.
            } catch {
                throw error
            }
        }
        for answer in known {
            do throws(KeyStorageError) {
                return (try await key.open(answer.passphrase), answer)
            } catch .keyFile(_, .wrongPassphrase) {
                continue
            } catch {
                throw error
            }
        }
        let request = PassphraseRequest(
            role: attributes.role,
            repository: attributes.repository,
            keyID: key.notaryID,
            purpose: .existing,
            kind: key.form == .notary ? .notary : .own
        )
        let missing = KeyStorageError.keyFile(path: key.path, .passphraseRequired)
        let opened = try await source.open(request, withoutAnswer: missing) { answer async throws(KeyStorageError) in
            (key: try await key.open(answer.passphrase), answer: answer)
        }
        known.append(opened.answer)
        return (opened.key, opened.answer)
    }
}
