import Synchronization

/// A bar on a terminal, for work that takes a while; nothing anywhere else.
final class ProgressBar: Sendable {
    private struct State {
        var drawn: ContinuousClock.Instant?
        var done = 0
    }

    private let console: Console
    private let label: String
    private let total: Int
    private let state = Mutex(State())

    /// A bar.
    ///
    /// - Parameters:
    ///   - console: Where to draw.
    ///   - label: What is being done.
    ///   - total: How many steps there are.
    init(_ console: Console, label: String, total: Int) {
        self.console = console
        self.label = label
        self.total = total
    }

    /// Shows how many steps are done; at most ten times a second, and never backwards.
    func update(_ done: Int) {
        guard console.showsProgress, total > 0 else { return }
        let isDue = state.withLock { state in
            guard done > state.done else { return false }
            state.done = done
            let now = ContinuousClock.now
            if let drawn = state.drawn, drawn.duration(to: now) < .milliseconds(100), done < total { return false }
            state.drawn = now
            return true
        }
        guard isDue else { return }
        console.progress(Self.line(label: label, done: done, total: total, width: console.width))
    }

    /// Takes the bar away.
    func end() { console.progress(nil) }

    /// `label [#####-----]  50 % (500 of 1000)`
    static func line(label: String, done: Int, total: Int, width: Int) -> String {
        let share = done * 100 / max(total, 1)
        let numbers =
            "\(String(repeating: " ", count: share < 10 ? 2 : share < 100 ? 1 : 0))\(share) % (\(done) of \(total))"
        let room = width - label.count - numbers.count - 5
        guard room >= 5 else { return "\(label) \(numbers)" }
        let cells = min(room, 40)
        let full = done * cells / max(total, 1)
        let bar = String(repeating: "#", count: full) + String(repeating: "-", count: cells - full)
        return "\(label) [\(bar)] \(numbers)"
    }
}
