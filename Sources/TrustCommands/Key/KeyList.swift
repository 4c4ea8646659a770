import ArgumentParser
import CanonicalJSON
import ContentTrust
import KeyStorage
import TUF
import TrustCrypto

/// `trustctl key list`
struct KeyList: TrustCommand {
    static let title = "key list"
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the keys of the key stores.",
        discussion:
            "What cannot be read is said on standard error and in the exit status; the others are listed all the same."
    )

    @OptionGroup var stores: KeyStoreOptions
    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let listing = await stores.stores(try common.trustHome(context.environment)).list()
        if common.json {
            context.console.result(lines: listing.records.map { JSONValue.object(KeyText.json($0)).line })
        } else if listing.records.isEmpty {
            if listing.problems.isEmpty { context.console.note("no keys") }
        } else {
            var table = Table(header: ["ROLE", "REPOSITORY", "KEY ID", "TYPE", "CREATED", "LABEL", "FILE"])
            for record in listing.records {
                table.add([
                    record.role.string, record.repository ?? "", record.keyID.string,
                    (record.publicKey?.algorithm.commandLineName ?? "")
                        + (record.isEncrypted ? "" : ", NOT ENCRYPTED"),
                    record.created.description, record.label ?? "", record.location,
                ])
            }
            context.console.result(lines: table.lines)
        }
        return KeyText.show(listing.problems, subject: Self.title, json: common.json, on: context.console)
    }
}
