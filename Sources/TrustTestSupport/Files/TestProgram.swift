/// Programs that tests write and then start.
public enum TestProgram {
    /// Writes a shell script that can be started at once.
    ///
    /// Another process writes it: a descriptor of this one could be inherited by a child of another test, and a program that
    /// is open for writing cannot be started.
    ///
    /// - Parameters:
    ///   - script: What follows the line that names the shell.
    ///   - path: The file; one that is there is replaced.
    /// - Throws: What ``runSuccessfully(_:timeout:)`` throws.
    public static func write(_ script: String, to path: String) async throws {
        let text = "#!/bin/sh\n\(script)\n"
        try await runSuccessfully(
            Command("install", ["-m", "700", "/dev/stdin", path], input: .bytes(Array(text.utf8)))
        )
    }
}
