import ArgumentParser
import ContentTrust

/// A number of hash bins on the command line.
struct BinsArgument: ExpressibleByArgument, Sendable {
    let choice: BinChoice

    init?(argument: String) {
        if argument == "auto" {
            choice = .automatic
        } else if let count = Int(argument), let choice = BinChoice.bins(count) {
            self.choice = choice
        } else {
            return nil
        }
    }

    /// What is shown in help texts.
    static let help: ArgumentHelp = ArgumentHelp(
        "Hash bins to spread the tags over: a power of two up to \(BinChoice.maximumCount), 0, or auto.",
        valueName: "n"
    )
}
