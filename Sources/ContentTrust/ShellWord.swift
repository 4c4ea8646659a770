/// Words of commands that are suggested.
package enum ShellWord {
    /// The word as a shell reads it back, whatever it contains.
    ///
    /// - Parameter word: Any text.
    /// - Returns: The word itself where no shell does anything with it, else in single quotes.
    package static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "-_./:@+,=%".utf8.contains(byte)
            }
        guard !isPlain else { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
