import CanonicalJSON
import Harness
import TUF

/// Files as the fuzzer makes them up, or as it changes signed ones: no trap, and nothing verifies but what enough honest
/// keys signed.
///
/// The first byte says which file the others change; 0 takes them as they are.
@c(LLVMFuzzerTestOneInput)
public func fuzzEnvelope(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = fuzzInput(start, count)
    guard let choice = input.first else { return 0 }
    let honest = HonestFiles.shared
    let originals = [honest.firstRoot, honest.nextRoot, honest.timestamp] + honest.dishonest
    let choiceCount = originals.count + 1
    let file =
        Int(choice) % choiceCount == 0
        ? Array(input.dropFirst())
        : Edits(bytes: input.dropFirst()).applied(to: originals[Int(choice) % choiceCount - 1])

    let verifies = inspect(file) && verify(file, honest)
    if originals.prefix(3).contains(file) { require(verifies, "an honest file does not verify") }
    return 0
}

/// All payloads of a file that nobody verified. Returns whether it is an envelope.
private func inspect(_ file: [UInt8]) -> Bool {
    guard let envelope = try? Envelope(parsing: file, role: .targets, maximumLength: 1 << 20) else { return false }
    require(envelope.bytes == file, "the bytes changed")
    require(Set(envelope.signatures.map(\.keyID)).count == envelope.signatures.count, "a key id twice")
    if let root = try? envelope.inspect(as: Root.self, role: .root).unverified {
        require(RoleName.topLevel.allSatisfy { root.roleKeys($0) != nil }, "a root without a role")
        require(root.roles.values.allSatisfy { $0.threshold >= 1 }, "a threshold below 1")
    }
    if let snapshot = try? envelope.inspect(as: Snapshot.self, role: .snapshot).unverified {
        require(snapshot.roles.values.allSatisfy { $0.version >= 1 }, "a version below 1")
    }
    if let timestamp = try? envelope.inspect(as: Timestamp.self, role: .timestamp).unverified {
        require(timestamp.snapshot.version >= 1 && timestamp.common.version >= 1, "a version below 1")
    }
    if let targets = try? envelope.inspect(as: Targets.self, role: .targets).unverified { walk(targets) }
    return true
}

private func walk(_ targets: Targets) {
    var count = 0
    do throws(TUFError) {
        try targets.forEach { (path, record) throws(TUFError) in
            count += 1
            require(record.length >= 0, "a length below 0")
            require(try targets.record(for: path) == record, "a target is not found")
        }
        require(count == targets.count, "a target is lost")
    } catch {
        // A digest without the form of its algorithm, or a name that is none, is found when it is read.
    }
}

/// Offers the file as first root, as next root and as timestamp. Returns whether it was taken as any of them.
private func verify(_ file: [UInt8], _ honest: HonestFiles) -> Bool {
    var isTaken = false
    if let stage = try? RootStage(anchor: honest.rootAnchor, firstRoot: file, binding: .unbound) {
        requireHonest(stage.root, .root, honest)
        isTaken = true
    }
    do throws(TUFError) {
        var stage = try RootStage(anchor: .root(honest.firstRoot), firstRoot: honest.firstRoot, binding: .unbound)
        if (try? stage.rotate(to: file)) != nil {
            require(stage.root.payload.common.version == 2, "another version than the next")
            requireHonest(stage.root, .root, honest)
            isTaken = true
        } else {
            require(stage.root.bytes == honest.firstRoot, "a bad root was kept")
        }
        let timestampStage = try stage.close(at: HonestFiles.now)
        if let timestamp = accepted(timestampStage, file) {
            requireHonest(timestamp, .timestamp, honest)
            isTaken = true
        }
    } catch {
        fatalError("the honest root does not verify: \(error)")
    }
    return isTaken
}

private func accepted(_ stage: consuming TimestampStage, _ file: [UInt8]) -> Verified<Timestamp>? {
    do throws(TUFError) {
        return try stage.accept(file).timestamp
    } catch {
        return nil
    }
}

private func requireHonest<Payload>(_ verified: Verified<Payload>, _ role: RoleName, _ honest: HonestFiles) {
    let signed = (try? JSONDocument(parsing: verified.bytes))?.root["signed"]
    guard let canonical = try? signed?.canonicalBytes() else { fatalError("verified without a canonical form") }
    require(honest.canonical[role]?.contains(canonical) == true, "verified what nobody signed")
}
