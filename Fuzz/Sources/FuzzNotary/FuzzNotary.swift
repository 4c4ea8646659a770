import CanonicalJSON
import Harness
import TUF
import TrustCrypto

/// Metadata of Notary v1, and time stamps of RFC 3161: no trap, and nothing verifies but what the honest keys of the corpus
/// have signed. The first byte says what the others are.
@c(LLVMFuzzerTestOneInput)
public func fuzzNotary(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = fuzzInput(start, count)
    guard let choice = input.first else { return 0 }
    let file = Array(input.dropFirst())
    switch choice % 6 {
    case 0:
        inspect(file, as: Root.self, role: .root)
        verifyRoot(file)
    case 1: inspect(file, as: Timestamp.self, role: .timestamp)
    case 2: inspect(file, as: Snapshot.self, role: .snapshot)
    case 3: inspectTargets(file, role: .targets)
    case 4: inspectTargets(file, role: releases)
    default: readToken(file)
    }
    return 0
}

private let releases: RoleName = {
    guard let name = try? RoleName("targets/releases") else { fatalError("no name of a role") }
    return name
}()

/// The first root of the corpus: its key, by Notary's id, and the SHA-256 of what that has signed.
private let honest: (key: RootAnchor, signed: String) = {
    let id = "617ad0c822ab6dfe64033864f1d8fb4b913663d1bc9a07d8a54118b34e70c3f9"
    guard let key = try? KeyID(id) else { fatalError("no id of a key") }
    return (.keys([key], threshold: 1), "535e1fa95614fcda76f6aafee6b183822c85d2c757fa3cfc54579cf413dcaa42")
}()

private func verifyRoot(_ file: [UInt8]) {
    let stage = try? RootStage(anchor: honest.key, firstRoot: file, binding: .notary(gun: "example.com/app"))
    guard let stage else { return }
    guard let canonical = try? JSONDocument(parsing: stage.root.bytes).root["signed"]?.canonicalBytes() else {
        fatalError("verified without a canonical form")
    }
    let signed = Digest.compute(.sha256, over: canonical.span).hex
    require(signed == honest.signed, "verified what nobody signed")
}

private func envelope(_ file: [UInt8], _ role: RoleName) -> Envelope? {
    try? Envelope(parsing: file, role: role, maximumLength: 1 << 20, dialect: .notary)
}

private func inspect<Payload: RolePayload>(_ file: [UInt8], as type: Payload.Type, role: RoleName) {
    guard let envelope = envelope(file, role) else { return }
    require(envelope.bytes == file, "the bytes changed")
    _ = try? envelope.inspect(as: type, role: role)
}

private func inspectTargets(_ file: [UInt8], role: RoleName) {
    guard let targets = try? envelope(file, role)?.inspect(as: Targets.self, role: role).unverified else { return }
    do throws(TUFError) {
        try targets.forEach { (path, record) throws(TUFError) in
            let found = try targets.record(for: path)
            require(found == record, "a record is not found again")
        }
    } catch {
        // A digest that has not the length of its algorithm is refused when its record is asked for.
        return
    }
}

private func readToken(_ file: [UInt8]) {
    guard let token = try? TimeStampToken(der: file) else { return }
    let digest = Digest.compute(.sha256, over: file.span)
    require((try? token.verify(digest, trusting: [])) == nil, "a time stamp that nobody vouches for")
}
