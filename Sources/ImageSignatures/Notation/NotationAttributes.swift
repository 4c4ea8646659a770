/// What a notation signature says of itself under its signature (Notary Project, "Signed Attributes").
struct NotationAttributes: Sendable, Hashable {
    /// The names of the attributes, the same in both kinds of envelope.
    enum Name {
        static let scheme = "io.cncf.notary.signingScheme"
        static let signingTime = "io.cncf.notary.signingTime"
        static let authenticSigningTime = "io.cncf.notary.authenticSigningTime"
        static let expiry = "io.cncf.notary.expiry"
        static let plugin = "io.cncf.notary.verificationPlugin"
    }

    /// What the time of signing is worth.
    enum Scheme: String, Sendable {
        /// The signer's word: the certificates must be valid now.
        case x509 = "notary.x509"
        /// That of an authority that is trusted for it: the certificates must have been valid then.
        case signingAuthority = "notary.x509.signingAuthority"
    }

    let scheme: Scheme
    /// When it was signed, in seconds since the epoch.
    let signedAt: Int64
    /// From when on it does not count.
    let expiry: Int64?

    /// Checks attributes against each other.
    ///
    /// - Parameters:
    ///   - scheme: The text of the scheme.
    ///   - times: The times that are there, by name.
    ///   - critical: What must be understood, by name.
    ///   - hasPlugin: Whether a program of the signer's is to verify.
    /// - Throws: ``SignatureProblem`` for a scheme that is not known, times that are missing or contradict each other, and
    ///   anything that must be understood and is not.
    init(
        scheme: String?,
        times: [String: Int64],
        critical: [String],
        hasPlugin: Bool
    ) throws(SignatureProblem) {
        guard let scheme else { throw .malformed(Name.scheme) }
        guard let known = Scheme(rawValue: scheme) else { throw .algorithm(SignatureProblem.cut(scheme)) }
        let timeName = known == .x509 ? Name.signingTime : Name.authenticSigningTime
        let otherName = known == .x509 ? Name.authenticSigningTime : Name.signingTime
        guard times[otherName] == nil else { throw .malformed(otherName) }
        guard let signedAt = times[timeName] else { throw .malformed(timeName) }
        guard !hasPlugin else { throw .critical(Name.plugin) }

        var must = [Name.scheme]
        if known == .signingAuthority { must.append(Name.authenticSigningTime) }
        if times[Name.expiry] != nil { must.append(Name.expiry) }
        for name in critical where !must.contains(name) { throw .critical(SignatureProblem.cut(name)) }
        for name in must where critical.count(where: { $0 == name }) != 1 { throw .critical(name) }
        if let expiry = times[Name.expiry], expiry <= signedAt { throw .malformed(Name.expiry) }
        self.scheme = known
        self.signedAt = signedAt
        expiry = times[Name.expiry]
    }
}
