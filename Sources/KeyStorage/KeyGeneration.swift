package import TrustCrypto

/// Making keys, off the threads that all tasks share: an RSA key takes seconds.
package enum KeyGeneration {
    /// Makes a key.
    ///
    /// - Parameter algorithm: Its algorithm.
    /// - Returns: The key, which is nowhere stored.
    /// - Throws: ``KeyStorageError/crypto(_:)``.
    package static func key(_ algorithm: KeyAlgorithm) async throws(KeyStorageError) -> PrivateKey {
        try await BlockingWork.run(on: BlockingWork.derivation) { () throws(KeyStorageError) in
            do throws(CryptoError) {
                return try PrivateKey.generate(algorithm)
            } catch {
                throw .crypto(error)
            }
        }
    }
}
