import TUF
import TrustCrypto

/// How long each role is good for, and what its keys bear.
extension Examination {
    /// The forecast of the top-level roles of a set.
    mutating func forecast(_ set: TrustedSet, from origin: Diagnosis.Origin) {
        self.origin = origin
        let root = set.root.payload
        for role in RoleName.topLevel {
            add(forecast(role, root.roleKeys(role), root.keys, set.common[role]))
            if let roleKeys = root.roleKeys(role) { checkListedTwice(role, roleKeys, root.keys) }
        }
        checkKeySharing()
        guard let issued = set.timestamp.payload.common.issued, issued.seconds(since: now) > Self.clockTolerance else {
            return
        }
        findings.append(
            Finding(
                .issuedInFuture,
                .warning,
                reason: .expired,
                checked: "freshness of the trust data of \(subject)",
                found: "signed at \(issued), in \(SpanWords.words(issued.seconds(since: now))) by this machine's clock",
                at: issued,
                role: .timestamp,
                remedy: Remedy(advice: "set the clock right, of this machine or of the publisher's")
            )
        )
    }

    /// What a root claims of which nothing is verified: keys, and nothing else.
    mutating func forecast(unverified root: Root) {
        origin = .unverified
        roles = RoleName.topLevel.map { forecast($0, root.roleKeys($0), root.keys, $0 == .root ? root.common : nil) }
    }

    /// A role, with its keys.
    func forecast(
        _ role: RoleName,
        _ roleKeys: RoleKeys?,
        _ keys: [KeyID: TUFKey],
        _ common: CommonFields?
    ) -> RoleForecast {
        RoleForecast(
            role: role,
            count: 1,
            name: role.string,
            version: common?.version,
            expires: common?.expires,
            issued: common?.issued,
            threshold: roleKeys?.threshold ?? 0,
            keys: roleKeys.map { inventory.keys($0, keys) } ?? []
        )
    }

    /// Notes a role and what is to be said of it.
    mutating func add(_ forecast: RoleForecast) {
        roles.append(forecast)
        checkExpiry(forecast)
        checkThreshold(forecast)
    }

    // MARK: Expiry

    private mutating func checkExpiry(_ forecast: RoleForecast) {
        guard let expires = forecast.expires else { return }
        let left = expires.seconds(since: now)
        let lifetime =
            forecast.issued.map { expires.seconds(since: $0) }.flatMap { $0 > 0 ? $0 : nil }
            ?? DefaultLifetime.seconds(of: forecast.role)
        let isExpired = expires <= now
        guard isExpired || left <= min(options.horizon, lifetime / 3) else { return }
        // Whether it was signed anew since, nobody knows who cannot look.
        let isKnown = origin != .memory
        let memory = isKnown ? "" : ", by what this machine has seen of it"
        findings.append(
            Finding(
                isExpired ? .roleExpired : .roleExpiresSoon,
                isKnown ? isExpired ? .error : .warning : .note,
                reason: .expired,
                checked: "expiry of the role \(forecast.name) of \(subject)",
                found: isExpired
                    ? "expired at \(expires), \(SpanWords.words(-left)) ago\(memory)"
                    : "expires at \(expires), in \(SpanWords.words(left))\(memory)",
                at: expires,
                role: forecast.role,
                remedy: renewal(of: forecast)
            )
        )
    }

    /// What makes a role good for longer.
    private func renewal(of forecast: RoleForecast) -> Remedy {
        switch forecast.role {
        case .root: Remedy(commands.proposeRoot, then: commands.afterProposal)
        case .timestamp: Remedy(commands.refresh, advice: place(of: [.timestamp]))
        case .snapshot: Remedy(commands.refresh, advice: place(of: [.snapshot, .timestamp]))
        case .targets: Remedy(commands.refresh, advice: place(of: [.targets, .snapshot, .timestamp]))
        default:
            forecast.count > 1
                ? Remedy(commands.refresh, advice: place(of: [.targets, .snapshot, .timestamp]))
                : Remedy(commands.signers, advice: "its signer signs it anew; who that is")
        }
    }

    /// Where a command has to be run that signs roles; nil when it is here.
    func place(of roles: [RoleName]) -> String? {
        let absent = roles.filter { role in !(self.roles.first { $0.role == role }?.canBeSignedHere ?? false) }
        guard !absent.isEmpty else { return nil }
        return "where the \(Self.list(roles)) key\(roles.count == 1 ? " is" : "s are")"
    }

    /// `targets, snapshot and timestamp`
    static func list(_ roles: [RoleName]) -> String {
        let words = roles.map(\.string)
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return "\(words.dropLast().joined(separator: ", ")) and \(last)"
    }

    // MARK: Thresholds

    private mutating func checkThreshold(_ forecast: RoleForecast) {
        let checked = "keys of the role \(forecast.name) of \(subject)"
        let usable = forecast.keys.count { $0.publicKey != nil }
        func finding(
            _ code: FindingCode,
            _ severity: Severity,
            _ found: String,
            expected: String? = nil,
            reason: Reason? = nil,
            remedy: Remedy? = nil
        ) -> Finding {
            Finding(
                code,
                severity,
                reason: reason,
                checked: checked,
                found: found,
                expected: expected,
                role: forecast.role,
                remedy: remedy
            )
        }
        let unknown = forecast.keys.filter { $0.publicKey == nil }.map(\.keyID.string)
        if !unknown.isEmpty {
            findings.append(
                finding(
                    .keyUnknown,
                    forecast.spareKeys > 0 ? .note : .warning,
                    "of a kind that is not known here, so that they count for nothing: "
                        + unknown.joined(separator: ", ")
                )
            )
        }
        for key in forecast.keys {
            guard case .rsa(let bits) = key.publicKey?.algorithm, bits < 3072 else { continue }
            findings.append(
                finding(
                    .keyWeak,
                    .note,
                    "\(key.keyID) is an RSA key of \(bits) bits",
                    expected: "ECDSA P-256, Ed25519, or RSA with 3072 bits",
                    remedy: replacement(of: forecast)
                )
            )
        }
        switch forecast.spareKeys {
        case ..<0:
            findings.append(
                finding(
                    .thresholdUnreachable,
                    .error,
                    "\(usable) that can be used",
                    expected: "at least the \(forecast.threshold) that must sign",
                    reason: .keyUnavailable,
                    remedy: replacement(of: forecast)
                )
            )
        case 0 where forecast.role == .root:
            findings.append(
                finding(
                    .noSpareKey,
                    .warning,
                    "\(forecast.threshold) of \(usable) must sign: if one is lost, no root can follow, and everybody "
                        + "has to pin anew",
                    expected: "at least \(forecast.threshold + 1) keys, on different media",
                    reason: .keyUnavailable,
                    remedy: Remedy(
                        commands.proposeKey(.root),
                        advice: "make another root key on another medium (trustctl key generate --role root, trustctl "
                            + "key export --public-key), and",
                        then: commands.afterProposal
                    )
                )
            )
        case 0 where forecast.threshold > 1:
            findings.append(
                finding(
                    .noSpareKey,
                    .note,
                    "all \(usable) must sign: if one is lost, the role cannot be signed until a new root replaces it",
                    reason: .keyUnavailable
                )
            )
        default: break
        }
    }

    private func replacement(of forecast: RoleForecast) -> Remedy {
        RoleName.topLevel.contains(forecast.role)
            ? Remedy(commands.rotate(forecast.role))
            : Remedy(commands.signers, advice: "its signer makes a new key; who that is")
    }

    /// One key for several roles: whoever gets it from the machine that has the least guarded of them has all of them.
    private mutating func checkKeySharing() {
        for (index, one) in roles.enumerated() {
            for other in roles.dropFirst(index + 1) {
                let keys = Set(one.keys.compactMap(\.publicKey))
                for key in other.keys {
                    guard let publicKey = key.publicKey, keys.contains(publicKey) else { continue }
                    findings.append(
                        Finding(
                            .keyShared,
                            .warning,
                            checked: "keys of the roles \(one.name) and \(other.name) of \(subject)",
                            found: "\(key.keyID) speaks for both",
                            expected: "a key of its own for each",
                            role: other.role,
                            remedy: Remedy(commands.rotate(other.role))
                        )
                    )
                }
            }
        }
    }

    /// A role that lists one key under several ids looks as if it bore more losses than it does.
    mutating func checkListedTwice(_ role: RoleName, _ roleKeys: RoleKeys, _ keys: [KeyID: TUFKey]) {
        var seen: [PublicKey: KeyID] = [:]
        for id in roleKeys.keyIDs {
            guard let key = keys[id]?.publicKey else { continue }
            guard let first = seen[key] else {
                seen[key] = id
                continue
            }
            findings.append(
                Finding(
                    .keyListedTwice,
                    .warning,
                    checked: "keys of the role \(role) of \(subject)",
                    found: "\(first) and \(id) are one key, which counts once",
                    role: role
                )
            )
        }
    }
}
