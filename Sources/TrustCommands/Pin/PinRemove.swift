import ArgumentParser
import CanonicalJSON
import ContentTrust
import TUF

/// `trustctl pin remove`
struct PinRemove: TrustCommand {
    static let title = "pin remove"
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove the pins of repositories or prefixes.",
        discussion: "What this machine has seen of them is kept: a new pin of the same root does not allow a rollback."
    )

    @Argument(help: ArgumentHelp("Repository, or PREFIX/*, as trustctl pin list shows it.", valueName: "repo|prefix/*"))
    var scopes: [String]

    @Flag(help: "The pins for trust data on Notary servers.")
    var notary = false

    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let home = try common.trustHome(context.environment)
        var parsed: [PinScope] = []
        for text in scopes { parsed.append(try PinScopeArgument.scope(parsing: text)) }
        let present: [Pin]
        do throws(PinStoreError) { present = try home.pins.list() } catch { throw Refusal.pins(error) }
        // All or none: a misspelt name is noticed before anything is removed.
        let dialect: Dialect = notary ? .notary : .tuf1
        for scope in parsed where !present.contains(where: { $0.scope == scope && $0.dialect == dialect }) {
            throw Refusal(.noPin, checked: "pin of \(scope)", found: "none", next: "trustctl pin list")
        }
        for scope in parsed {
            let isRemoved: Bool
            do throws(PinStoreError) { isRemoved = try await home.pins.remove(scope, dialect: dialect) } catch {
                throw Refusal.pins(error)
            }
            context.console.note("removed the pin of \(SafeText.escaped(scope.description))")
            if common.json {
                let object: JSONObject = [
                    "reason": .string(Reason.trusted.code), "exitCode": 0, "changed": .boolean(isRemoved),
                    "scope": .string(scope.description),
                ]
                context.console.result(JSONValue.object(object).line)
            }
        }
        return .trusted
    }
}
