import ArgumentParser
import ContentTrust
import KeyStorage
import TUF

/// What a new key is for, and where it goes.
struct NewKeyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Role: root, targets, snapshot or timestamp.", valueName: "role"))
    var role = "root"

    @Option(help: ArgumentHelp("Repository that the key belongs to; none for root keys.", valueName: "repo"))
    var repository: String?

    @Option(help: ArgumentHelp("A note for people.", valueName: "text"))
    var label: String?

    @Option(
        help: ArgumentHelp("Key store to put it into instead of TRUSTCTL_HOME/keys.", valueName: "dir"),
        completion: .directory
    )
    var into: String?

    @Flag(help: "Store it without encryption: whoever can read the file can sign.")
    var unsafeUnencrypted = false

    /// What the key is for.
    ///
    /// - Returns: The attributes.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    func attributes() throws(Refusal) -> KeyAttributes {
        let name: RoleName
        do throws(TUFError) {
            name = try RoleName(role)
        } catch {
            throw wrongRole
        }
        guard RoleName.topLevel.contains(name) else { throw wrongRole }
        var bound: String?
        if let repository { bound = try SignedName.name(parsing: repository) }
        do throws(KeyStorageError) {
            return try KeyAttributes(role: name, repository: bound, label: label)
        } catch {
            throw Refusal.keys(error, checked: "a new \(name) key")
        }
    }

    private var wrongRole: Refusal {
        Refusal(
            .usage,
            checked: "--role \(ReferenceText.shortened(role))",
            found: "not a role that has keys of its own",
            expected: "root, targets, snapshot or timestamp"
        )
    }

    /// Where the key goes.
    func store(_ home: TrustHome) -> FileKeyStore { FileKeyStore(directory: into ?? home.keys) }
}
