import CanonicalJSON
import TrustTestSupport

@testable import TUF

/// The reader of an object that a test made.
func reader(_ value: JSONValue, role: RoleName = .root, path: String = "signed") throws -> ObjectReader {
    try ObjectReader(JSONDocument(parsing: value.jsonBytes(pretty: false)).root, role: role, path: path)
}

/// A key as it is read from metadata.
func readKey(_ value: JSONValue) throws -> TUFKey {
    try TUFKey(decoding: reader(value, path: "signed.keys.k"))
}

/// Takes the files of a simulated repository through the stages, with one of them replaced.
struct Judge {
    var repository: RepositorySimulator
    var anchor: RootAnchor
    var binding: RepositoryBinding
    var now = SimulatedClock.start
    var limits = TUFLimits()

    /// A judge who trusts the repository's first root, and lets its parents list versions only, so that any file can be
    /// put in another's place.
    init(_ repository: RepositorySimulator) {
        self.repository = repository
        repository.listsHashes = false
        repository.link()
        anchor = .root(repository.roots[1] ?? [])
        binding = repository.repository.map { .repository($0) } ?? .unbound
    }

    /// The set of all files.
    func trustedSet(replacing role: RoleName? = nil, with bytes: [UInt8] = []) throws(TUFError) -> TrustedSet {
        var root = try RootStage(anchor: anchor, firstRoot: repository.roots[1] ?? [], binding: binding, limits: limits)
        if role == .root { try root.rotate(to: bytes) }
        let timestamp = try root.close(at: now)
        let snapshot = try timestamp.accept(role == .timestamp ? bytes : repository.file(.timestamp))
        let targets = try snapshot.accept(role == .snapshot ? bytes : repository.file(.snapshot))
        return try targets.accept(role == .targets ? bytes : repository.file(.targets))
    }

    /// What the files say of a delegated role.
    func listed(_ role: RoleName) throws -> ListedTargets {
        var roles = DelegatedRoles(of: try trustedSet())
        while true {
            let missing = try roles.missing()
            if let found = missing.first(where: { $0.role == role }) { return found }
            guard !missing.isEmpty else { throw TUFError.roleNotListed(role) }
            for listed in missing { roles.insert(try listed.load(repository.file(listed.role))) }
        }
    }

    /// Why a file is refused in the place of a role's own one; nil when it is not. A root comes as the second one.
    func refusal(of bytes: [UInt8], as role: RoleName) -> TUFError? {
        do {
            if role == .root {
                var stage = try RootStage(
                    anchor: anchor,
                    firstRoot: repository.roots[1] ?? [],
                    binding: binding,
                    limits: limits
                )
                try stage.rotate(to: bytes)
                return nil
            }
            _ = try trustedSet(replacing: role, with: bytes)
            return nil
        } catch {
            return error
        }
    }
}
