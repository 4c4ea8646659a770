package import TUF
package import TrustCrypto

/// The commands that mend what was found, as a shell reads them.
package struct SuggestedCommands: Sendable {
    /// Whose trust data.
    let subject: Subject
    let options: SuggestedOptions

    /// Commands for a subject.
    package init(subject: Subject, options: SuggestedOptions) {
        self.subject = subject
        self.options = options
    }

    private var verifying: String { options.store + options.network + options.home }
    private var publishing: String { options.keyStores + verifying }
    private var keys: String { options.keyStores + options.home }

    /// Signs anew what expires, and puts back what a store has lost.
    package var refresh: String { "trustctl refresh \(subject.argument)\(publishing)" }
    /// Signs a role anew whether it expires or not: whoever chooses its lifetime has it signed.
    package func refresh(resigning role: RoleName, lifetime: Int64) -> String {
        let time = lifetime % 86_400 == 0 ? "\(lifetime / 86_400)d" : "\(lifetime)s"
        return "\(refresh) --\(role)-expires \(time)"
    }
    /// Spreads the tags over another number of bins.
    package func rebin(_ bins: Int) -> String { "trustctl rebin \(subject.argument) --bins \(bins)\(publishing)" }
    /// Makes the trust data.
    package var initialize: String { "trustctl init \(subject.argument)\(publishing)" }
    /// Writes a proposal for a root that is good for longer.
    package var proposeRoot: String {
        "trustctl root propose \(subject.argument) --out \(Self.proposal)\(publishing)"
    }
    /// Writes a proposal for a root with one more key of a role.
    package func proposeKey(_ role: RoleName) -> String {
        proposeRoot + " --add-key \(role)=\(Self.publicKey)"
    }
    /// What follows upon a proposal.
    package var afterProposal: String {
        "\(signProposal) where the root keys are, and \(applyProposal)"
    }
    /// Signs a proposal.
    package var signProposal: String { "trustctl root sign \(Self.proposal)\(keys)" }
    /// Publishes a proposal.
    package var applyProposal: String { "trustctl root apply \(subject.argument) \(Self.proposal)\(publishing)" }
    /// Replaces the key of a role.
    package func rotate(_ role: RoleName) -> String {
        "trustctl key rotate \(subject.argument) --role \(role)\(publishing)"
    }
    /// Says who signs delegated roles.
    package var signers: String { "trustctl signer list \(subject.argument)\(verifying)" }
    /// Adds a signature to a signer's change that waits.
    package func signWaiting(_ signer: RoleName) -> String {
        "trustctl signer sign \(subject.argument) \(ShellWord.quoted(signer.string))\(publishing)"
    }
    /// Throws a signer's change away that waits.
    package func discard(_ signer: RoleName) -> String {
        "trustctl signer sign --discard \(subject.argument) \(ShellWord.quoted(signer.string))\(publishing)"
    }
    /// Shows what there is.
    package var inspect: String { "trustctl inspect \(subject.argument)\(verifying)" }
    /// Signs a tag as a digest.
    package func sign(_ tag: String, _ digest: Digest) -> String {
        "trustctl sign image \(subject.argument(tag: tag)) --digest \(digest)\(publishing)"
    }
    /// Takes a tag out.
    package func revoke(_ tag: String) -> String { "trustctl revoke \(subject.argument(tag: tag))\(publishing)" }
    /// Adds a pin, or puts it in the place of another.
    package func add(_ pin: Pin, replacing: Bool = false) -> String {
        pin.command + (replacing ? " --replace" : "") + options.home
    }
    /// Shows the keys of this machine.
    package var listKeys: String { "trustctl key list\(keys)" }
    /// Gives a key a passphrase.
    package func protect(_ key: KeyID) -> String { "trustctl key passwd \(key)\(keys)" }
    /// Writes a key to another medium.
    package func export(_ key: KeyID) -> String { "trustctl key export \(key) --output root-key.pem\(keys)" }
    /// Removes a key.
    package func remove(_ key: KeyID) -> String { "trustctl key remove \(key)\(keys)" }

    /// The text of a refusal, with the options that its commands leave out.
    func completed(_ next: String?) -> String? {
        guard let next else { return nil }
        for bare in ["trustctl refresh \(subject.argument)", "trustctl refresh REPO"] where next.hasSuffix(bare) {
            return next.dropLast(bare.count) + refresh
        }
        return next
    }

    private static let proposal = "root-proposal.json"
    private static let publicKey = "new-root-key.pem"
}
