public import TUF
public import TrustCrypto

/// What ``TrustDoctor`` found out about the trust data of one repository.
public struct Diagnosis: Sendable {
    /// Where ``roles`` were read.
    public enum Origin: String, Sendable, Hashable {
        /// In the store, verified from the pin upwards, but for expiry.
        case store
        /// In what this machine has seen, verified the same way; the store's could not be.
        case memory
        /// In the store, and nothing of it is verified: it is only to be shown.
        case unverified
        /// Nowhere.
        case nowhere
    }

    /// How much of something was looked at.
    public struct Extent: Sendable, Hashable {
        /// How many were looked at.
        public internal(set) var checked: Int
        /// How many there are.
        public internal(set) var all: Int
    }

    /// Whose trust data.
    public let subject: Subject
    /// The name that pins and memory know it by.
    public let repository: String
    /// Where the trust data lies.
    public let store: String
    /// The pin that it was verified by.
    public let pin: Pin?
    /// The time of all expiry tests.
    public let examinedAt: Instant
    /// Where ``roles`` were read.
    public let origin: Origin
    /// The roles: the top-level ones, then delegated ones; hash bins are one of them together.
    public let roles: [RoleForecast]
    /// What was found, the worst first; among errors, what a verifier is refused for.
    public let findings: [Finding]
    /// Files of the set that were read and hashed; nil when the set could not be opened.
    public let files: Extent?
    /// Signed tags that were compared with what the registry serves; nil when none were to be.
    public let tags: Extent?

    /// The worst severity of the findings; nil when there are none.
    public var worst: Severity? { findings.first?.severity }

    /// How many findings have a severity.
    public func count(_ severity: Severity) -> Int { findings.count { $0.severity == severity } }

    /// The answer to a monitor.
    ///
    /// - Parameter threshold: The severity from which on a finding counts.
    /// - Returns: ``Reason/trusted``, the reason of the first error, or ``Reason/warning`` for anything less that counts.
    public func reason(failingOn threshold: Severity = .error) -> Reason {
        guard let first = findings.first, first.severity >= threshold else { return .trusted }
        return first.severity == .error ? first.reason ?? .internalDefect : .warning
    }
}

extension Diagnosis {
    /// The same without the findings of some codes, which somebody knows and bears.
    ///
    /// - Parameter codes: The codes.
    /// - Returns: What is left.
    public func leavingOut(_ codes: Set<String>) -> Diagnosis {
        Diagnosis(
            subject: subject,
            repository: repository,
            store: store,
            pin: pin,
            examinedAt: examinedAt,
            origin: origin,
            roles: roles,
            findings: findings.filter { !codes.contains($0.code.string) },
            files: files,
            tags: tags
        )
    }
}

/// A role, or all hash bins together: how long it is good for, and whose keys keep it so.
public struct RoleForecast: Sendable, Hashable {
    /// The role; of hash bins the first one.
    public let role: RoleName
    /// How many roles these are: 1, or the number of hash bins.
    public let count: Int
    /// Its name as it is shown: that of the role, or `bins-0 to bins-f`.
    public let name: String
    /// The version; nil where it is not known, and for bins.
    public let version: Int64?
    /// When it expires, or the first of the bins; nil where that is not known.
    public let expires: Instant?
    /// When it was signed, as it says itself; nil in trust data of other tools, and for bins.
    public let issued: Instant?
    /// How many keys must sign.
    public let threshold: Int
    /// The keys, each once.
    public let keys: [RoleKey]

    /// How many of the keys can be lost with the role still being signed; negative when they are too few already.
    public var spareKeys: Int { keys.count { $0.publicKey != nil } - threshold }

    /// How many of the keys are on this machine.
    public var keysHere: Int { keys.count { $0.place != nil } }

    /// Whether this machine can sign it, passphrases aside.
    public var canBeSignedHere: Bool { keysHere >= threshold }
}

/// A key of a role.
public struct RoleKey: Sendable, Hashable {
    /// The id that TUF computes for it.
    public let keyID: KeyID
    /// The key; nil for one of a kind that is not known, which counts for nothing.
    public let publicKey: PublicKey?
    /// The file that holds it on this machine; nil when there is none.
    public let place: String?
    /// Whether that file needs a passphrase; nil when there is none.
    public let isEncrypted: Bool?
}
