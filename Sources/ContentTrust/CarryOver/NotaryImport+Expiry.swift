import TUF
import TUFClient

/// What is past its time in a collection. When its server is gone, nobody renews anything.
extension NotaryImport {
    /// Whether the collection is read from copied files, in which nothing can be renewed.
    var isCopy: Bool {
        if case .notaryFiles = source { true } else { false }
    }

    func expiredRoles(_ state: NotaryState) -> [RoleName] {
        let now = session.clock.now()
        var common = state.set.common
        if let releases = state.delegated[Dialect.releases] { common[Dialect.releases] = releases.payload.common }
        return common.filter { $0.value.expires <= now }.keys.sorted()
    }

    /// Why verifiers refuse the root for its certificates; nil when they are good. The root itself may be good for years.
    func expiredCertificates(_ state: NotaryState, _ notary: NotaryReader) -> TUFError? {
        do throws(TUFError) {
            try state.set.root.checkCertificates(for: .notary(gun: notary.repository), at: session.clock.now())
            return nil
        } catch {
            return error
        }
    }

    /// Refuses what a verifier would refuse, in the order in which it would.
    func refuse(
        _ expired: [RoleName],
        _ certificates: TUFError?,
        _ notary: NotaryReader
    ) throws(Refusal) {
        let checked = "trust data of \(gun) in \(notary.store.name)"
        if let role = expired.first, certificates == nil || role == .root {
            throw Refusal(
                .expired,
                checked: checked,
                found: "\(role) expired",
                next: next(renewedBy: "trustctl refresh \(gun.argument)\(source.arguments)")
            )
        }
        guard let certificates else { return }
        let refusal = Refusal.metadata(certificates, checked: checked, pin: notary.pin, subject: gun)
        throw Refusal(
            refusal.reason,
            checked: refusal.checked,
            found: refusal.found,
            next: next(renewedBy: "trustctl key rotate \(gun.argument) --role root --key ID\(source.arguments)"),
            cause: certificates
        )
    }

    private func next(renewedBy command: String) -> String {
        let last = "if nobody can renew it any more, and you mean it: --accept-expired"
        return isCopy ? last : "where its keys are: \(command); \(last)"
    }
}
