import Foundation
import KeyStorage
import TrustCrypto
import TrustTestSupport

/// The key directories that docker and notary have written, `fixtures/keys/notary` and `notary-old`.
enum NotaryFixture {
    struct Key {
        /// Below `private`.
        let file: String
        let id: String
        let role: String
        let repository: String?
        /// The fixture with its public half.
        let name: String

        func publicKey() throws -> PublicKey {
            try PublicKey(pem: String(decoding: contents("\(fixtures)/\(name).pub.pem"), as: UTF8.self))
        }
    }

    static var passphrase: Passphrase { Passphrase("correct horse battery staple") }

    static let root = "61ab89b154e23acb0bd387f3f3f0823885119dd2a6a2c3a325864109d3581b6d"
    static let targets = "923a49d862ded691e27d723c2f4a7c6d12e7ae4d1b8702a58964c60629cf2441"
    static let alice = "df44812c12c97237727bbe94be8e141d85050451f289fa5b4c52c847caadc94a"
    static let bob = "13064184d1644c951a4b6da0c546ad3ca8b9136b53ad4f42b6176d3299b6aea6"

    /// Ordered by path.
    static let today = [
        Key(file: "\(bob).key", id: bob, role: "bob", repository: nil, name: "p256.sec1-with-parameters"),
        Key(file: "\(root).key", id: root, role: "root", repository: nil, name: "p256"),
        Key(file: "\(targets).key", id: targets, role: "targets", repository: testRepository, name: "p384"),
        Key(file: "\(alice).key", id: alice, role: "alice", repository: nil, name: "rsa2048"),
    ]

    /// Ordered by path.
    static let old = [
        Key(file: "root_keys/\(root)_root.key", id: root, role: "root", repository: nil, name: "p256"),
        Key(file: "tuf_keys/\(alice).key", id: alice, role: "targets/releases", repository: nil, name: "rsa2048"),
        Key(
            file: "tuf_keys/\(testRepository)/\(bob).key",
            id: bob,
            role: "snapshot",
            repository: testRepository,
            name: "p256.sec1-with-parameters"
        ),
        Key(
            file: "tuf_keys/\(testRepository)/\(targets)_targets.key",
            id: targets,
            role: "targets",
            repository: testRepository,
            name: "p384"
        ),
    ]

    /// Copies a directory and closes it to others: git keeps no such modes.
    static func copy(_ name: String, to directory: TemporaryDirectory) throws -> String {
        let path = directory.path + "/" + name
        try FileManager.default.copyItem(atPath: fixtures + "/" + name, toPath: path)
        try setPermissions(path, 0o700)
        for case let item as String in FileManager.default.enumerator(atPath: path) ?? .init() {
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path + "/" + item, isDirectory: &isDirectory)
            try setPermissions(path + "/" + item, isDirectory.boolValue ? 0o700 : 0o600)
        }
        return path
    }
}
