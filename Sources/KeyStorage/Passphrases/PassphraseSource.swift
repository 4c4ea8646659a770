public import TUF
public import TrustCrypto

/// What a passphrase is needed for.
public struct PassphraseRequest: Sendable, Hashable {
    /// Whether the passphrase opens something or will from now on.
    public enum Purpose: String, Sendable, Hashable {
        /// It opens a key that exists.
        case existing
        /// It will protect a key from now on.
        case new
    }

    /// The role that the key signs for.
    public let role: RoleName
    /// The repository that the key belongs to; nil where it may serve many.
    public let repository: String?
    /// The key's id, where it is known already.
    public let keyID: KeyID?
    /// Whether the key exists.
    public let purpose: Purpose
    /// Whose key store the key is in.
    public let kind: KeyStoreKind
    /// 1 when nothing has been tried, and one more for each passphrase that was wrong.
    public internal(set) var attempt: Int

    /// Describes what a passphrase is needed for.
    ///
    /// - Parameters:
    ///   - role: The role that the key signs for.
    ///   - repository: The repository that the key belongs to; nil where it may serve many.
    ///   - keyID: The key's id, where it is known already.
    ///   - purpose: Whether the key exists.
    ///   - kind: Whose key store the key is in.
    ///   - attempt: 1 when nothing has been tried, and one more for each passphrase that was wrong.
    public init(
        role: RoleName,
        repository: String?,
        keyID: KeyID?,
        purpose: Purpose,
        kind: KeyStoreKind = .own,
        attempt: Int = 1
    ) {
        self.role = role
        self.repository = repository
        self.keyID = keyID
        self.purpose = purpose
        self.kind = kind
        self.attempt = attempt
    }

    /// Describes what a passphrase is needed for, of a stored key.
    ///
    /// - Parameters:
    ///   - record: The key's record.
    ///   - purpose: Whether the passphrase opens the key or will from now on.
    public init(_ record: KeyRecord, purpose: Purpose) {
        self.init(
            role: record.role,
            repository: record.repository,
            keyID: record.keyID,
            purpose: purpose,
            kind: record.kind
        )
    }
}

/// A passphrase and where it came from.
public struct PassphraseAnswer: Sendable {
    /// The passphrase.
    public let passphrase: Passphrase
    /// Where it came from, for people: "the environment variable …".
    public let origin: String
    /// Whether asking again may bring another answer: somebody typed it.
    public let isTyped: Bool

    /// Makes an answer.
    ///
    /// - Parameters:
    ///   - passphrase: The passphrase.
    ///   - origin: Where it came from, for people.
    ///   - isTyped: Whether asking again may bring another answer.
    public init(passphrase: Passphrase, origin: String, isTyped: Bool = false) {
        self.passphrase = passphrase
        self.origin = origin
        self.isTyped = isTyped
    }
}

/// Something that knows passphrases, or whom to ask for them.
public protocol PassphraseSource: Sendable {
    /// Finds a passphrase.
    ///
    /// - Parameter request: What it is needed for.
    /// - Returns: The passphrase, or nil when this source has none for this request.
    /// - Throws: ``KeyStorageError`` when the source should have had one and failed.
    func passphrase(for request: PassphraseRequest) async throws(KeyStorageError) -> PassphraseAnswer?
}

extension KeyStore {
    /// Opens a key, asking for its passphrase if it has one; a typed passphrase may be wrong twice.
    ///
    /// - Parameters:
    ///   - record: The key's record, from this store.
    ///   - source: Where passphrases come from.
    /// - Returns: The key.
    /// - Throws: ``KeyStorageError``; ``KeyStorageError/passphraseRequired(_:)`` when the source has none.
    public func unlock(
        _ record: KeyRecord,
        asking source: any PassphraseSource
    ) async throws(KeyStorageError) -> PrivateKey {
        guard record.isEncrypted else { return try await unlock(record.keyID, passphrase: nil) }
        return try await source.open(
            PassphraseRequest(record, purpose: .existing),
            withoutAnswer: .passphraseRequired(record.keyID)
        ) { answer async throws(KeyStorageError) in
            do throws(KeyStorageError) {
                return try await unlock(record.keyID, passphrase: answer.passphrase)
            } catch .wrongPassphrase {
                throw .wrongPassphrase(record.keyID, origin: answer.origin)
            } catch {
                throw error
            }
        }
    }
}

extension PassphraseSource {
    /// How often a passphrase may be typed.
    private static var attempts: Int { 3 }

    /// Opens something with this source's passphrases; a typed one may be wrong twice.
    ///
    /// - Parameters:
    ///   - request: What is to be opened.
    ///   - missing: What is thrown when the source has no passphrase.
    ///   - body: Opens it with one passphrase.
    /// - Returns: What `body` returns.
    /// - Throws: ``KeyStorageError``; what `body` throws.
    package func open<Value>(
        _ request: PassphraseRequest,
        withoutAnswer missing: KeyStorageError,
        _ body: (PassphraseAnswer) async throws(KeyStorageError) -> Value
    ) async throws(KeyStorageError) -> Value {
        var request = request
        while true {
            guard let answer = try await passphrase(for: request) else { throw missing }
            do throws(KeyStorageError) {
                return try await body(answer)
            } catch {
                guard error.isWrongPassphrase, answer.isTyped, request.attempt < Self.attempts else { throw error }
                request.attempt += 1
            }
        }
    }

    /// Finds the passphrase for a key that is about to be stored.
    ///
    /// - Parameters:
    ///   - attributes: What the key is for.
    ///   - keyID: The key's id, where it is known already.
    ///   - kind: Whose key store it goes into.
    /// - Returns: A passphrase of at least ``Passphrase/minimumLength`` bytes, and where it came from.
    /// - Throws: ``KeyStorageError``.
    public func newPassphrase(
        for attributes: KeyAttributes,
        keyID: KeyID?,
        kind: KeyStoreKind = .own
    ) async throws(KeyStorageError) -> PassphraseAnswer {
        let request = PassphraseRequest(
            role: attributes.role,
            repository: attributes.repository,
            keyID: keyID,
            purpose: .new,
            kind: kind
        )
        guard let answer = try await passphrase(for: request) else {
            throw .noPassphraseSource(role: attributes.role, ways: PassphraseChain.ways(for: request))
        }
        try answer.passphrase.requireStrength()
        return answer
    }
}
