import ArgumentParser
import CanonicalJSON
import ContentTrust

/// `trustctl pin list`
struct PinList: TrustCommand {
    static let title = "pin list"
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the pins of this machine.")

    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let home = try common.trustHome(context.environment)
        let pins: [Pin]
        do throws(PinStoreError) {
            pins = try home.pins.list()
        } catch {
            throw Refusal.pins(error)
        }
        if common.json {
            context.console.result(lines: pins.map { JSONValue.object(PinText.json($0)).line })
        } else if pins.isEmpty {
            context.console.note("no pins")
        } else {
            var table = Table(header: ["SCOPE", "FOR", "ROOT", "SIGNED AS"])
            for pin in pins {
                table.add([
                    pin.scope.description, pin.dialect.name, PinText.root(pin),
                    pin.signedName ?? (pin.allowsUnnamed ? "(any or no name)" : ""),
                ])
            }
            context.console.result(lines: table.lines)
        }
        return .trusted
    }
}
