import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// What `trustctl doctor` says of a registry that has lost, damaged, rolled back or exchanged trust data, or cannot be
/// asked.
@Suite(.timeLimit(.minutes(8))) struct DoctorStoreTests {
    /// The file in the registry's storage that holds a file of the set which readers see.
    private static func blob(_ name: String, in world: World) async throws -> String {
        try #require(try await find(name, in: world))
    }

    private static func find(_ name: String, in world: World) async throws -> String? {
        let manifest = try await runSuccessfully(
            Command(
                "curl",
                [
                    "-sSf", "-H", "Accept: application/vnd.oci.image.manifest.v1+json",
                    "\(world.registry.url)/v2/team/app/manifests/trust-data",
                ]
            )
        )
        let layers = try JSONValue(parsing: manifest.standardOutput)["layers"]?.array ?? []
        let layer = layers.first { $0["annotations"]?["tuf.io/filename"]?.string == name }
        return layer?["digest"]?.string.map(world.registry.blobFile)
    }

    /// That of a hash bin, of which one was signed twice.
    private static func bin(_ number: Int, in world: World) async throws -> String {
        for version in [2, 1] {
            if let blob = try await find("\(version).bins-\(number).json", in: world) { return blob }
        }
        throw FixtureError.missing("no bin \(number)")
    }

    private static func damage(_ path: String) throws {
        var bytes = try Files.read(path)
        bytes[bytes.count / 2] ^= 1
        try Files.write(bytes, to: path)
    }

    // MARK: Files

    @Test(arguments: ["1.root.json", "2.snapshot.json", "2.targets.json", "timestamp.json"], [true, false])
    func aFileThatIsDamagedOrLost(name: String, isDamaged: Bool) async throws {
        try await World.with { world in
            try await world.signed()
            // Whoever has seen the file does not ask for it again, and notices nothing.
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            let blob = try await Self.blob(name, in: world)
            if isDamaged { try Self.damage(blob) } else { try Files.remove(blob) }
            let code = isDamaged ? "file-damaged" : "file-lost"
            for trustctl in [world.publisher, world.consumer, try await pinned(world)] {
                let found = try await Diagnosed(trustctl, world.repository)
                #expect(found.problems == ["\(code) error"], "\(found.output)")
                #expect(found.output.exitCode == (isDamaged ? Reason.badSignature : .badResponse).exitCode)
                #expect(try found.finding(code)["checked"]?.string?.hasPrefix("\(name) of ") == true)
                #expect(found.object["files"]?["checked"] != found.object["files"]?["all"])
            }
            let found = try await Diagnosed(world.publisher, world.repository)
            if isDamaged, name == "1.root.json" {
                // The operator's part.
                #expect(try found.finding(code)["next"]?.string?.contains("operator") == true)
                try Files.remove(blob)
            }
            try await found.mend(code, on: world.publisher)
            #expect(try await Diagnosed(world.publisher, world.repository).problems == [])
            let reader = try await pinned(world)
            #expect(try await Diagnosed(reader, world.repository).problems == [])
            try expect(try await reader.run("verify", world.reference("1.0")), 0)
        }
    }

    /// A machine that knows the pin and nothing else.
    private func pinned(_ world: World) async throws -> Trustctl {
        let stranger = try world.stranger()
        try world.directory.makeDirectory("\(stranger.home.split(separator: "/").last ?? "")/trust")
        try Files.setMode("\(stranger.home)/trust", 0o700)
        try Files.copy("\(world.publisher.home)/trust/pins.json", to: "\(stranger.home)/trust/pins.json")
        return stranger
    }

    @Test func hashBinsAreReadToo() async throws {
        try await World.with { world in
            try await world.push("1.0")
            try await world.pin(try await world.initialize("--bins", "4"))
            try await world.sign("1.0")
            let healthy = try await Diagnosed(world.publisher, world.repository)
            #expect(healthy.problems == [])
            #expect(healthy.object["files"] == ["checked": 8, "all": 8])
            #expect(healthy.object["roles"]?["bins-0 to bins-3"]?["count"] == 4)
            #expect(healthy.object["tags"] == ["checked": 1, "all": 1])
            let blob = try await Self.bin(2, in: world)
            try Self.damage(blob)
            let damaged = try await Diagnosed(world.publisher, world.repository)
            #expect(damaged.problems == ["file-damaged error"], "\(damaged.output)")
            #expect(try damaged.finding("file-damaged")["role"] == "bins-2")
            #expect(damaged.object["files"] == ["checked": 7, "all": 8])
            try Files.remove(blob)
            let lost = try await Diagnosed(world.publisher, world.repository)
            #expect(lost.problems == ["file-lost error"])
            #expect(try lost.finding("file-lost")["command"]?.string == "trustctl refresh \(world.repository)")
            // Whoever signs a tag does not look at all files, and is told what mends it where the registry does.
            try await world.push("2.0")
            let signing = try await world.publisher.runAll(["sign", "image", world.reference("2.0")])
            try expect(signing, Reason.badResponse.exitCode)
            #expect(signing.description.contains("trustctl refresh puts it back"))
            try await lost.mend("file-lost", on: world.publisher)
            #expect(try await Diagnosed(world.publisher, world.repository).problems == [])
        }
    }

    // MARK: Time

    @Test func aRegistryThatWasRolledBack() async throws {
        try await World.with { world in
            try await world.signed()
            let backup = try world.registry.backUp()
            try await world.push("2.0", "two")
            try await world.sign("2.0")
            try expect(try await world.consumer.run("verify", world.reference("2.0")), 0)
            try world.registry.restore(backup)
            for trustctl in [world.consumer, world.publisher] {
                let found = try await Diagnosed(trustctl, world.repository)
                #expect(found.problems == ["rollback error"], "\(found.output)")
                #expect(found.output.exitCode == Reason.rollback.exitCode)
                #expect(try found.finding("rollback")["found"] == "snapshot 2, targets 2, timestamp 2")
                #expect(
                    try found.finding("rollback")["expected"]
                        == "snapshot 3, targets 3, timestamp 3 or higher, which this machine has seen"
                )
            }
            try await Diagnosed(world.publisher, world.repository).mend("rollback", on: world.publisher)
            // The image of 2.0 went with the backup.
            let mended = try await Diagnosed(world.consumer, world.repository)
            #expect(mended.problems == ["tag-missing warning"])
            #expect(mended.output.exitCode == 0)
        }
    }

    /// What is put back lies under an older root, whose keys signed what the newer one's did not.
    @Test func aBackupFromBeforeARotation() async throws {
        try await World.with { world in
            try await world.signed()
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            let backup = try world.registry.backUp()
            try expect(try await world.publisher.runAll(RotateTests.rotate(world, "timestamp", "targets")), 0)
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            try world.registry.restore(backup)
            try expect(try await world.consumer.run("verify", world.reference("1.0")), Reason.badSignature.exitCode)
            for trustctl in [world.consumer, world.publisher] {
                let found = try await Diagnosed(trustctl, world.repository)
                #expect(found.problems == ["rollback error"], "\(found.output)")
                #expect(found.output.exitCode == Reason.badSignature.exitCode)
                #expect(try found.finding("rollback")["expected"]?.string?.hasPrefix("root 2, ") == true)
            }
            try await Diagnosed(world.publisher, world.repository).mend("rollback", on: world.publisher)
            #expect(try await Diagnosed(world.consumer, world.repository).problems == [])
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
        }
    }

    @Test func trustDataThatIsGone() async throws {
        try await World.with { world in
            try await world.signed()
            let tags = world.registry.tagsDirectory("team/app")
            for name in try Files.names(in: tags) where name.hasPrefix("trust-data") {
                try Files.remove("\(tags)/\(name)")
            }
            for trustctl in [world.consumer, world.publisher] {
                let found = try await Diagnosed(trustctl, world.repository)
                #expect(found.problems == ["trust-data-missing error"], "\(found.output)")
                #expect(found.output.exitCode == Reason.trustDataMissing.exitCode)
            }
            let publisher = try await Diagnosed(world.publisher, world.repository)
            #expect(publisher.object["rolesFrom"] == "memory")
            #expect(try publisher.finding("trust-data-missing")["next"]?.string?.hasPrefix("this machine") == true)
            try await publisher.mend("trust-data-missing", on: world.publisher)
            #expect(try await Diagnosed(world.consumer, world.repository).problems == [])
        }
    }

    @Test func anAnnouncementThatNobodyMerged() async throws {
        try await World.with { world in
            try await world.signed()
            let tags = world.registry.tagsDirectory("team/app")
            try Files.copy("\(tags)/trust-data", to: world.directory.file("old"))
            try await world.push("2.0", "two")
            try await world.sign("2.0")
            // A stalled publisher's late write has put the pointer back.
            try Files.remove("\(tags)/trust-data")
            try Files.copy(world.directory.file("old"), to: "\(tags)/trust-data")
            let reader = try await pinned(world)
            let found = try await Diagnosed(reader, world.repository)
            #expect(found.problems == ["announcement-pending warning"], "\(found.output)")
            #expect(try found.finding("announcement-pending")["found"]?.string?.hasPrefix("snapshot 3") == true)
            let publisher = try await Diagnosed(world.publisher, world.repository)
            #expect(publisher.problems == ["rollback error", "announcement-pending warning"])
            try await publisher.mend("announcement-pending", on: world.publisher)
            #expect(try await Diagnosed(reader, world.repository).problems == [])
            // Nonsense in a slot is in nobody's way.
            let slot = try #require(try Files.names(in: tags).first { $0.hasPrefix("trust-data.") })
            try Files.remove("\(tags)/\(slot)")
            try Files.copy("\(tags)/1.0", to: "\(tags)/\(slot)")
            let nonsense = try await Diagnosed(reader, world.repository)
            #expect(nonsense.problems == [])
            _ = try nonsense.finding("announcement-unreadable")
        }
    }

    // MARK: Foreign and hostile trust data

    @Test func withoutAPinNothingIsClaimed() async throws {
        try await World.with { world in
            let stranger = try world.stranger()
            let unsigned = try await Diagnosed(stranger, world.repository)
            #expect(unsigned.problems == ["unsigned-repository error"])
            try await world.signed()
            let found = try await Diagnosed(stranger, world.repository)
            #expect(found.problems == ["no-pin error"], "\(found.output)")
            #expect(found.output.exitCode == Reason.noPin.exitCode)
            #expect(found.object["verified"] == false && found.object["rolesFrom"] == "unverified")
            #expect(found.object["roles"]?["timestamp"]?["expires"] == .null)
            let text = try await stranger.run("doctor", world.repository)
            #expect(text.text.contains("UNVERIFIED"))
            try await found.mend("no-pin", on: stranger)
            #expect(try await Diagnosed(stranger, world.repository).problems == [])
        }
    }

    @Test func somebodyElsesTrustData() async throws {
        try await World.with { world in
            try await world.signed()
            let other = "\(world.registry.address)/team/other"
            // The same root key, another repository; then another root key.
            try expect(try await world.publisher.run("init", other, "--unsafe-unencrypted"), 0)
            try await Skopeo(world.registry).copy("team/other:trust-data", to: "team/app:trust-data")
            let foreign = try await Diagnosed(world.consumer, world.repository)
            #expect(foreign.problems == ["wrong-repository error"], "\(foreign.output)")
            #expect(foreign.output.exitCode == Reason.wrongRepository.exitCode)
            let evil = try world.stranger()
            let wanted = "\(world.registry.address)/team/evil"
            try expect(try await evil.run("init", wanted, "--unsafe-unencrypted", "--name", world.repository), 64)
            try expect(try await evil.run("init", wanted, "--unsafe-unencrypted"), 0)
            try await Skopeo(world.registry).copy("team/evil:trust-data", to: "team/app:trust-data")
            let wrong = try await Diagnosed(try await pinned(world), world.repository)
            #expect(wrong.problems == ["wrong-root error"], "\(wrong.output)")
            #expect(wrong.output.exitCode == Reason.wrongRoot.exitCode)
            #expect(wrong.object["roles"] == [:])
        }
    }

    @Test func whatIsNoTrustData() async throws {
        try await World.with { world in
            try await world.signed()
            let tags = world.registry.tagsDirectory("team/app")
            try Files.remove("\(tags)/trust-data")
            try Files.copy("\(tags)/1.0", to: "\(tags)/trust-data")
            let found = try await Diagnosed(world.consumer, world.repository)
            #expect(found.problems == ["bad-signature error"], "\(found.output)")
            #expect(found.output.exitCode == Reason.badSignature.exitCode)
        }
    }

    @Test func pinsThatOthersCanWrite() async throws {
        try await World.with { world in
            try await world.signed()
            let pins = "\(world.consumer.home)/trust/pins.json"
            try Files.setMode(pins, 0o666)
            let found = try await Diagnosed(world.consumer, world.repository)
            #expect(found.problems == ["storage error"], "\(found.output)")
            #expect(found.output.exitCode == Reason.storage.exitCode)
            #expect(found.object["verified"] == false)
        }
    }

    // MARK: The registry

    @Test func aRegistryThatIsDown() async throws {
        try await World.with { world in
            try await world.signed()
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            await world.registry.stop()
            let found = try await Diagnosed(world.consumer, world.repository)
            #expect(found.problems == ["unreachable error"], "\(found.output)")
            #expect(found.output.exitCode == Reason.unreachable.exitCode)
            #expect(found.object["rolesFrom"] == "memory")
            #expect(found.object["roles"]?["timestamp"]?["version"] == 2)
        }
    }

    @Test func tagsThatMovedOrWereLost() async throws {
        try await World.with { world in
            let image = try await world.signed()
            try await world.tag(image, "2.0")
            try await world.sign("2.0")
            try await world.push("evil", "evil")
            try await Skopeo(world.registry).copy("team/app:evil", to: "team/app:1.0")
            try Files.remove("\(world.registry.tagsDirectory("team/app"))/2.0")
            let found = try await Diagnosed(world.publisher, world.repository)
            #expect(found.problems == ["tag-moved warning", "tag-missing warning"], "\(found.output)")
            #expect(found.output.exitCode == 0)
            #expect(try found.finding("tag-moved")["tag"] == "1.0")
            #expect(try found.finding("tag-moved")["expected"]?.string?.hasPrefix(image.digest) == true)
            let without = try await Diagnosed(world.publisher, world.repository, "--no-tags")
            #expect(without.problems == [] && without.object["tags"] == .null)
            try await found.mend("tag-moved", on: world.publisher)
            try await found.mend("tag-missing", on: world.publisher)
            #expect(try await Diagnosed(world.publisher, world.repository).problems == [])
        }
    }

    // MARK: Other stores

    @Test func suggestionsCarryTheOptionsThatWereGiven() async throws {
        let world = try await LocalWorld()
        let store = world.directory.file("a store")
        try Files.copy(world.store, to: store)
        var elsewhere = world.publisher
        elsewhere.environment["TRUSTCTL_HOME"] = nil
        let options = ["--store", "dir:\(store)", "--home", world.publisher.home]
        let healthy = try await Diagnosed(
            elsewhere,
            world.layout,
            options[0],
            options[1],
            options[2],
            options[3],
            "--ignore",
            "no-spare-key"
        )
        #expect(healthy.problems == [], "\(healthy.output)")
        #expect(healthy.object["signedRepository"]?.string == LocalWorld.name)
        try Files.remove("\(store)/2.targets.json")
        let lost = try await Diagnosed(elsewhere, world.layout, options[0], options[1], options[2], options[3])
        #expect(lost.problems == ["file-lost error"], "\(lost.output)")
        #expect(try lost.finding("file-lost")["next"]?.string?.hasPrefix("copy the directory again") == true)
        #expect(
            try lost.finding("no-spare-key")["command"]?.string
                == "trustctl root propose \(world.layout) --out root-proposal.json --store 'dir:\(store)' "
                + "--home \(world.publisher.home) --add-key root=new-root-key.pem"
        )
    }
}
