import TUF
import Testing
import TrustCrypto
import TrustTestSupport

/// "Mix-and-match": files that were all good at some time, but never together.
@Suite struct MixAndMatchTests {
    private func digest(_ bytes: [UInt8]?) -> Digest {
        let bytes = bytes ?? []
        return Digest.compute(.sha256, over: bytes.span)
    }

    /// All mixtures of timestamp, snapshot and targets of three publications, each under the name that is asked for. A
    /// newcomer takes those that belong together, and no others.
    @Test(arguments: [true, false])
    func allMixtures(_ listsHashes: Bool) async {
        let scene = await Scene(listsHashes: listsHashes)
        for timestamp in 1...3 {
            for snapshot in 1...3 {
                for targets in 1...3 {
                    let mirror = scene.honest.copy()
                    let files = scene.history.map(\.self)
                    mirror.serveOnly([
                        "1.root.json": files[0]["1.root.json"] ?? [],
                        "timestamp.json": files[timestamp - 1]["timestamp.json"] ?? [],
                        "\(timestamp).snapshot.json": files[snapshot - 1]["\(snapshot).snapshot.json"] ?? [],
                        "\(snapshot).targets.json": files[targets - 1]["\(targets).targets.json"] ?? [],
                    ])
                    let outcome = await scene.newcomer().refresh(from: mirror)
                    if timestamp == snapshot, snapshot == targets {
                        let version = Int64(timestamp)
                        #expect(outcome == .trusted(1, version, version, version))
                        continue
                    }
                    let role: RoleName = timestamp != snapshot ? .snapshot : .targets
                    let expected = role == .snapshot ? timestamp : snapshot
                    let found = role == .snapshot ? snapshot : targets
                    let comment: Comment = "\(timestamp) \(snapshot) \(targets)"
                    guard listsHashes else {
                        let mismatch = TUFError.versionMismatch(
                            role: role,
                            expected: Int64(expected),
                            found: Int64(found)
                        )
                        #expect(outcome == .refused(mismatch), comment)
                        continue
                    }
                    let wanted = files[expected - 1]["\(expected).\(role.string).json"] ?? []
                    let given = files[found - 1]["\(found).\(role.string).json"] ?? []
                    let refusal: UpdateOutcome
                    if given.count > wanted.count {
                        refusal = .source(.tooLong(limit: wanted.count))
                    } else if given.count < wanted.count {
                        let lengths = (Int64(wanted.count), Int64(given.count))
                        refusal = .refused(.lengthMismatch(role: role, expected: lengths.0, found: lengths.1))
                    } else {
                        refusal = .refused(.hashMismatch(role: role, expected: digest(wanted)))
                    }
                    #expect(outcome == refusal, comment)
                }
            }
        }
    }

    /// Who has seen the newest set takes no mixture with older files, and keeps what he has.
    @Test func oldTargetsUnderTheNewSnapshot() async {
        let scene = await Scene(listsHashes: false)
        scene.honest.publish()
        let mirror = scene.honest.copy()
        mirror.replace(.targets, with: scene.history[2]["3.targets.json"] ?? [])
        #expect(
            await scene.client.refresh(from: mirror)
                == .refused(.versionMismatch(role: .targets, expected: 4, found: 3))
        )
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 4, 4))
    }

    /// Two files of one version, both signed by the owner at different times: the hash tells which one belongs here.
    @Test func twoFilesOfOneVersion() async {
        let scene = await Scene()
        let other = scene.honest.copy()
        other.setTarget("3.0", to: "IMAGE 3")
        other.publish()
        scene.honest.publish()
        let mirror = scene.honest.copy()
        mirror.replace(.targets, with: other.file(.targets))
        let refusal = TUFError.hashMismatch(role: .targets, expected: digest(scene.honest.file(.targets)))
        #expect(await scene.client.refresh(from: mirror) == .refused(refusal))
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 4, 4))
    }

    /// A file of one role in another's place.
    @Test func filesOfOtherRoles() async {
        let scene = await Scene(listsHashes: false)
        scene.honest.publish()
        for role in RoleName.topLevel {
            for other in RoleName.topLevel where other != role {
                let mirror = scene.honest.copy()
                mirror.replace(role, with: scene.honest.file(other))
                // Each role has its own key, which did not sign the other's file.
                #expect(
                    await scene.newcomer().refresh(from: mirror)
                        == .refused(.thresholdNotMet(role: role, required: 1, valid: 0))
                )
            }
        }
    }

    /// One key for all roles, as some publishers have it: `_type` tells the files apart.
    @Test func filesOfOtherRolesWithOneKey() async {
        var keys: [RoleName: SimulatedKey] = [:]
        for role in RoleName.topLevel { keys[role] = .ed25519(8) }
        let honest = RepositorySimulator(keys: keys)
        honest.listsHashes = false
        honest.link()
        for role in RoleName.topLevel {
            for other in RoleName.topLevel where other != role {
                let mirror = honest.copy()
                mirror.replace(role, with: honest.file(other))
                #expect(
                    await SimulatedClient(pinning: honest).refresh(from: mirror)
                        == .refused(.wrongType(role: role, found: other.string))
                )
            }
        }
    }
}
