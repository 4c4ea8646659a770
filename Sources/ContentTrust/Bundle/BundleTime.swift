public import TUF
public import TrustCrypto

/// What says when a bundle was made. Only what was verified counts.
public enum BundleEvidence: String, Sendable, Hashable {
    /// A time stamp (RFC 3161) by a service that one of the given authorities certified.
    case timeStamp = "rfc3161"
    /// The timestamp role, which says itself when it was signed.
    case timestampRole = "timestamp-role"
    /// Nothing: the time is the bundle's own word, or the caller's.
    case none
}

/// The time that a verdict holds for, and what says so.
public struct BundleTime: Sendable, Hashable {
    /// The time that the verdict holds for.
    public let at: Instant
    /// What says that the bundle's contents existed at ``made``.
    public let evidence: BundleEvidence
    /// When the contents existed by that evidence.
    public let made: Instant
    /// The time stamping service, as its certificate names it.
    public let authority: String?
}

/// How the time of a bundle is found.
public struct BundleTimeRule: Sendable {
    /// Authorities that certify time stamping services. When there are any, a bundle must have a time stamp, and only that
    /// counts: it could have been taken out.
    public var authorities: [Certificate] = []
    /// The time that the verdict must hold for; nil takes that of the evidence.
    public var demanded: Instant?

    /// The time of the evidence, without authorities.
    public init() {}
}

extension TrustBundle {
    /// How far evidence may lie in the future of this machine's clock: clocks differ.
    private static var clockTolerance: Int64 { 300 }

    /// The time to verify for. Where the timestamp role says it, it is yet to be verified: ``TrustVerifier`` does so.
    func time(_ rule: BundleTimeRule, now: Instant, name: String) throws(Refusal) -> BundleTime {
        let found = try made(rule.authorities, name: name)
        let at = rule.demanded ?? found.at
        func wrong(_ found: String, expected: String) -> Refusal {
            Refusal(.expired, checked: "the time of the bundle \(name)", found: found, expected: expected)
        }
        for time in [found.at, at] where time.seconds(since: now) > Self.clockTolerance {
            throw wrong("\(time)", expected: "not in the future of this machine's clock (\(now))")
        }
        guard found.evidence == .none || found.at <= at else {
            throw wrong("made at \(found.at)", expected: "no later than the time that was asked for, \(at)")
        }
        return BundleTime(at: at, evidence: found.evidence, made: found.at, authority: found.authority)
    }

    private func made(_ authorities: [Certificate], name: String) throws(Refusal) -> BundleTime {
        if !authorities.isEmpty {
            let checked = "the time stamp of the bundle \(name)"
            guard let timeStamp else {
                throw Refusal(.badSignature, checked: checked, found: "none", expected: "one, as authorities are given")
            }
            do throws(TimeStampError) {
                let statement = try timeStamp.verify(contentDigest, trusting: authorities)
                let time = Instant(secondsSinceEpoch: statement.time)
                return BundleTime(at: time, evidence: .timeStamp, made: time, authority: statement.authority)
            } catch {
                throw Refusal.timeStamp(error, checked: checked)
            }
        }
        if dialect == .tuf1, let issued {
            return BundleTime(at: issued, evidence: .timestampRole, made: issued, authority: nil)
        }
        return BundleTime(at: created, evidence: .none, made: created, authority: nil)
    }

    /// When the timestamp claims to have been signed.
    private var issued: Instant? {
        guard let bytes = metadata[.timestamp] else { return nil }
        let limit = TUFLimits().timestampLength
        let envelope = try? Envelope(parsing: bytes, role: .timestamp, maximumLength: limit, dialect: dialect)
        let claims = try? envelope?.inspect(as: Timestamp.self, role: .timestamp).unverified
        return claims?.common.issued
    }
}

extension Refusal {
    /// A time stamp that there is not, or that is not believed.
    package static func timeStamp(_ error: TimeStampError, checked: String) -> Refusal {
        func refusal(_ reason: Reason, _ found: String, next: String? = nil) -> Refusal {
            Refusal(reason, checked: checked, found: found, next: next, cause: error)
        }
        switch error {
        case .malformed: return refusal(.badSignature, "not a time stamp of RFC 3161")
        case .limitExceeded: return refusal(.badSignature, "longer than it may be")
        case .refused(let status): return refusal(.badResponse, "the service refused, with PKIStatus \(status)")
        case .otherContent: return refusal(.badSignature, "one over something else")
        case .untrusted(let problem):
            return refusal(
                .badSignature,
                "no signature that the authorities vouch for: \(problem)",
                next: "if another authority certifies the service: --tsa-ca FILE"
            )
        }
    }
}
