import CanonicalJSON
import ContentTrust
import Testing
import TrustCrypto
import TrustTestSupport

/// Every corrupted field of every metadata file.
@Suite(.timeLimit(.minutes(5))) struct CorruptionTests {
    /// A value of the same type, and another one.
    private static func corrupted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null: .boolean(true)
        case .boolean(let value): .boolean(!value)
        case .integer(let value): .integer(value + 1)
        case .number: .integer(0)
        case .string(let text):
            .string(text.hasSuffix("0") ? String(text.dropLast()) + "1" : String(text.dropLast()) + "0")
        case .array(let elements): .array(elements.isEmpty ? [.null] : Array(elements.dropLast()))
        case .object(let members): members.isEmpty ? ["x": .null] : .object(JSONObject())
        }
    }

    /// All documents that differ from `value` in one place, with the path of the place.
    private static func corruptions(_ value: JSONValue, _ path: String = "$") -> [(path: String, value: JSONValue)] {
        var all = [(path, corrupted(value))]
        switch value {
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                for (place, changed) in corruptions(element, "\(path)[\(index)]") {
                    var copy = elements
                    copy[index] = changed
                    all.append((place, .array(copy)))
                }
            }
        case .object(let members):
            for (key, member) in members {
                var without = members
                without[key] = nil
                all.append(("\(path).\(key) removed", .object(without)))
                for (place, changed) in corruptions(member, "\(path).\(key)") {
                    var copy = members
                    copy[key] = changed
                    all.append((place, .object(copy)))
                }
            }
        default: break
        }
        return all
    }

    /// Somebody who has the publisher's pins, and has seen nothing.
    private static func consumer(
        in world: LocalWorld,
        _ name: String
    ) throws -> Trustctl {
        let publisher = world.publisher
        let consumer = try publisher.withHome(world.directory, name)
        try world.directory.makeDirectory("\(name)/trust")
        try Files.setMode("\(consumer.home)/trust", 0o700)
        try Files.copy("\(publisher.home)/trust/pins.json", to: "\(consumer.home)/trust/pins.json")
        return consumer
    }

    @Test(arguments: ["1.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"])
    func isRefused(file: String) async throws {
        let world = try await LocalWorld()
        let path = "\(world.store)/\(file)"
        let original = try Files.read(path)
        let document = try JSONValue(parsing: original)
        let resolve = ["resolve", world.reference, "--json"] + world.location
        // Everything the publisher signed, and the signature itself.
        let cases = Self.corruptions(document)
        #expect(cases.count > 20)
        for (number, corruption) in cases.enumerated() {
            let consumer = try Self.consumer(in: world, "consumer-\(number)")
            try Files.write(corruption.value.jsonBytes(pretty: false), to: path)
            let answer = try await consumer.runAll(resolve)
            let reason = try answer.object["reason"]?.string
            // A root that is not signed by the pinned key is not the pinned root.
            let expected = file.hasSuffix("root.json") ? ["bad-signature", "wrong-root"] : ["bad-signature"]
            #expect(reason.map(expected.contains) == true, "\(corruption.path): \(reason ?? "")")
            try Schema.check(try answer.object, "verify")
            guard number % 20 == 0 else { continue }
            // Nothing of it stuck.
            try Files.write(original, to: path)
            let good = try await consumer.runAll(resolve)
            #expect(try good.object["digest"] == .string(world.image.digest), "\(corruption.path): \(good)")
        }
    }

    @Test(arguments: ["1.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"])
    func filesThatAreNoMetadataAreRefused(file: String) async throws {
        let world = try await LocalWorld()
        let path = "\(world.store)/\(file)"
        let original = try Files.read(path)
        let contents: [[UInt8]] = [
            [], Array("{}".utf8), Array("<html>".utf8), Array(original.dropLast(10)), original + original,
            Array(repeating: UInt8(ascii: "["), count: 100_000), Array(repeating: 0, count: 1000),
        ]
        for bytes in contents {
            let consumer = try Self.consumer(in: world, "consumer-\(SecureRandom.uuid())")
            try Files.write(bytes, to: path)
            let answer = try await consumer.runAll(["resolve", world.reference, "--json"] + world.location)
            #expect(answer.exitCode == 12, "\(bytes.count) bytes: \(answer)")
        }
    }
}
