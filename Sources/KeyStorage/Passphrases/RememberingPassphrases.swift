import Synchronization

/// Asks another source, and remembers its last answer: what opened a key, once the key is open.
package final class RememberingPassphrases: PassphraseSource {
    private let source: any PassphraseSource
    private let answer = Mutex<PassphraseAnswer?>(nil)

    /// Wraps a source.
    ///
    /// - Parameter source: Who is asked.
    package init(_ source: any PassphraseSource) {
        self.source = source
    }

    /// The last answer.
    package var last: PassphraseAnswer? { answer.withLock { $0 } }

    /// Asks.
    ///
    /// - Parameter request: What the passphrase is needed for.
    /// - Returns: What the other source answers.
    /// - Throws: What the other source throws.
    package func passphrase(for request: PassphraseRequest) async throws(KeyStorageError) -> PassphraseAnswer? {
        let fresh = try await source.passphrase(for: request)
        answer.withLock { $0 = fresh }
        return fresh
    }
}
