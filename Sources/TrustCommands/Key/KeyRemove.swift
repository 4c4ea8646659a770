import ArgumentParser
import ContentTrust
import KeyStorage

/// `trustctl key remove`
struct KeyRemove: TrustCommand {
    static let title = "key remove"
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove keys for good.",
        discussion: "Without backups of them, what they sign can no longer be changed. On a terminal it asks first."
    )

    @Argument(help: ArgumentHelp("Ids of keys, or their beginnings.", valueName: "key"))
    var keys: [String]

    @Flag(name: [.short, .long], help: "Do not ask.")
    var yes = false

    @OptionGroup var stores: KeyStoreOptions
    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let stores = stores.stores(try common.trustHome(context.environment))
        // All of them are found before any is removed.
        var found: [(record: KeyRecord, store: any KeyStore)] = []
        for text in keys {
            let key = try await KeySelection.find(text, in: stores)
            if !found.contains(where: { $0.record.keyID == key.record.keyID }) { found.append(key) }
        }
        for (record, store) in found {
            let isWanted =
                try yes ? true : Confirmation.isGiven("Remove the \(KeyText.line(record)) for good?", context)
            guard isWanted else {
                context.console.note("kept the \(KeyText.line(record))")
                continue
            }
            do throws(KeyStorageError) {
                try await store.remove(record.keyID)
            } catch {
                throw Refusal.keys(error, checked: "the key \(record.keyID)")
            }
            KeyText.show(record, done: "removed the", json: common.json, on: context.console)
        }
        return .trusted
    }
}
