import CanonicalJSON
import KeyStorage
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

/// What a thief of online keys does and no program of ours: versions that leave no room for the next.
extension World {
    /// Signs the present set anew with the publisher's keys, and with the highest version in some roles.
    ///
    /// - Parameter roles: The roles, timestamp among them; snapshot too where it is targets.
    /// - Throws: What reading, signing and writing throws.
    func fastForward(_ roles: [RoleName]) async throws {
        var manifest = try JSONValue(parsing: try await get("manifests/trust-data"))
        var timestamp = try JSONValue(parsing: try await file("timestamp.json", manifest))
        var meta = try #require(timestamp["signed"]?["meta"]?["snapshot.json"]?.object)
        let version = try #require(meta["version"]?.integer)
        if roles.contains(.snapshot) {
            let former = "\(version).snapshot.json"
            var snapshot = try JSONValue(parsing: try await file(former, manifest))
            if roles.contains(.targets) {
                let present = try #require(snapshot["signed"]?["meta"]?["targets.json"]?["version"]?.integer)
                let name = "\(present).targets.json"
                var targets = try JSONValue(parsing: try await file(name, manifest))
                targets = try await resigned(targets, .targets) { $0["version"] = .integer(Self.highest) }
                let bytes = targets.jsonBytes(pretty: false)
                manifest = try await replacing(name, by: "\(Self.highest).targets.json", bytes, in: manifest)
                snapshot = try await resigned(snapshot, .snapshot) { signed in
                    var all = signed["meta"]?.object ?? [:]
                    all["targets.json"] = Self.record(bytes)
                    signed["meta"] = .object(all)
                }
            }
            snapshot = try await resigned(snapshot, .snapshot) { $0["version"] = .integer(Self.highest) }
            let bytes = snapshot.jsonBytes(pretty: false)
            manifest = try await replacing(former, by: "\(Self.highest).snapshot.json", bytes, in: manifest)
            meta = try #require(Self.record(bytes).object)
        }
        let named = meta
        timestamp = try await resigned(timestamp, .timestamp) { signed in
            signed["meta"] = ["snapshot.json": .object(named)]
            signed["version"] = .integer(Self.highest)
        }
        let bytes = timestamp.jsonBytes(pretty: false)
        manifest = try await replacing("timestamp.json", by: "timestamp.json", bytes, in: manifest)
        let path = try directory.write(manifest.jsonBytes(pretty: false), to: "forged.json")
        try await curl(
            "-X",
            "PUT",
            "-H",
            "Content-Type: application/vnd.oci.image.manifest.v1+json",
            "--data-binary",
            "@\(path)",
            "\(url)/manifests/trust-data"
        )
    }

    private static var highest: Int64 { CommonFields.maximumVersion }
    private var url: String { "\(registry.url)/v2/team/app" }

    private static func digest(_ bytes: [UInt8]) -> Digest { Digest.compute(over: bytes.span) }

    private static func record(_ bytes: [UInt8]) -> JSONValue {
        [
            "version": .integer(highest), "length": .integer(Int64(bytes.count)),
            "hashes": ["sha256": .string(digest(bytes).hex)],
        ]
    }

    private func resigned(
        _ file: JSONValue,
        _ role: RoleName,
        _ change: (inout JSONObject) -> Void
    ) async throws -> JSONValue {
        var signed = try #require(file["signed"]?.object)
        change(&signed)
        let id = try #require(file["signatures"]?.array?.first?["keyid"]?.string)
        let key = try await KeyTransfer.read("\(publisher.home)/keys/\(id).key", passphrase: nil)
        let signature = try await key.sign(try JSONValue.object(signed).canonicalBytes())
        return [
            "signatures": [["keyid": .string(id), "sig": .string(Hex.encode(signature.span))]],
            "signed": .object(signed),
        ]
    }

    private func replacing(
        _ name: String,
        by newName: String,
        _ bytes: [UInt8],
        in manifest: JSONValue
    ) async throws -> JSONValue {
        let digest = Self.digest(bytes)
        let blob = try directory.write(bytes, to: "forged.blob")
        let script = """
            location=$(curl -sSf -i -X POST "$1/blobs/uploads/" | tr -d '\\r' | sed -n 's/^[Ll]ocation: //p')
            curl -sSf -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" "$location&digest=$3"
            """
        try await runSuccessfully(Command("bash", ["-ec", script, "bash", url, blob, digest.description]))
        var layers = try #require(manifest["layers"]?.array)
        let index = try #require(layers.firstIndex { $0["annotations"]?["tuf.io/filename"] == .string(name) })
        var layer = try #require(layers[index].object)
        layer["digest"] = .string(digest.description)
        layer["size"] = .integer(Int64(bytes.count))
        layer["annotations"] = ["tuf.io/filename": .string(newName)]
        layers[index] = .object(layer)
        var object = try #require(manifest.object)
        object["layers"] = .array(layers)
        return .object(object)
    }

    private func file(_ name: String, _ manifest: JSONValue) async throws -> [UInt8] {
        let layer = manifest["layers"]?.array?.first { $0["annotations"]?["tuf.io/filename"] == .string(name) }
        return try await get("blobs/\(try #require(layer?["digest"]?.string))")
    }

    private func get(_ path: String) async throws -> [UInt8] {
        try await curl("-H", "Accept: application/vnd.oci.image.manifest.v1+json", "\(url)/\(path)").standardOutput
    }

    @discardableResult
    private func curl(_ arguments: String...) async throws -> ProcessOutput {
        try await runSuccessfully(Command("curl", ["-sSf"] + arguments))
    }
}
