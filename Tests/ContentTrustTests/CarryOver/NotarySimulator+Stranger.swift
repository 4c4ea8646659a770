import TUF
import TrustCrypto
import TrustTestSupport

extension NotarySimulator {
    /// The first root, which also lists another key, whose certificate is for another collection; one of both has to sign, and the
    /// own one does.
    ///
    /// - Parameters:
    ///   - stranger: The other key.
    ///   - name: The other collection.
    /// - Returns: The file.
    /// - Throws: What making or signing it throws.
    mutating func rootListing(_ stranger: PrivateKey, certifiedFor name: String) async throws -> [UInt8] {
        let expires = SimulatedClock.start.advanced(bySeconds: 86_400)
        let certificate = try RootCertificate.make(
            key: stranger,
            commonName: name,
            notBefore: SimulatedClock.start.secondsSinceEpoch,
            notAfter: expires.secondsSinceEpoch
        )
        guard let foreign = TUFKey(notaryCertificate: try CertificateBundle([certificate])), let key = keys[.root]
        else {
            throw FixtureError.missing("a root key")
        }
        let own = try listed(.root)
        var listing = [own, foreign]
        var roles: [RoleName: RoleKeys] = [.root: RoleKeys(keyIDs: listing.map(\.computedID), threshold: 1)]
        for role in [RoleName.targets, .snapshot, .timestamp] {
            let key = try listed(role)
            listing.append(key)
            roles[role] = RoleKeys(keyIDs: [key.computedID], threshold: 1)
        }
        let draft = NotaryDraft(rootWithKeys: listing, roles: roles, version: 1, expires: expires)
        return try await draft.signed(by: [SigningKey(keyID: own.computedID, signer: key)]).bytes
    }
}
