import Logging

/// Shows what `--verbose` asks for: the notes of the layers below, on standard error.
struct ConsoleLogHandler: LogHandler {
    private let console: Console

    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .debug

    /// A logger that writes to a console.
    static func logger(_ console: Console) -> Logger {
        Logger(label: "trustctl") { _ in ConsoleLogHandler(console: console) }
    }

    private init(console: Console) { self.console = console }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let details = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        console.detail(SafeText.escaped("\(event.message)\(details)"))
    }
}
