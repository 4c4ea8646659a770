import Glibc

extension Command {
    /// The user and group id of `nobody`, whom file modes stop.
    public static let unprivilegedID: UInt32 = 65_534

    /// The same command run by `nobody` when the tests run as root, because root passes over file modes. Otherwise
    /// the command as it is. The program must be in a place that everybody may reach, see ``Files/makePublic(_:)``.
    ///
    /// - Returns: The command, through `setpriv`.
    public func unprivileged() -> Command {
        guard TestEnvironment.isRoot else { return self }
        let id = String(Self.unprivilegedID)
        var command = self
        command.executable = "setpriv"
        command.arguments =
            ["--reuid", id, "--regid", id, "--clear-groups", "--no-new-privs", "--", executable] + arguments
        return command
    }
}

extension Files {
    /// Gives a file, or a directory and all that is in it, to the user of ``Command/unprivileged()``.
    ///
    /// - Parameter path: What to give away.
    /// - Throws: `ProcessError` when that is not allowed.
    public static func giveToUnprivileged(_ path: String) async throws {
        guard TestEnvironment.isRoot else { return }
        let id = Command.unprivilegedID
        try await runSuccessfully(Command("chown", ["-R", "\(id):\(id)", path]))
    }

    /// Lets everybody read a directory and go through it.
    ///
    /// - Parameter path: The directory.
    /// - Throws: `FixtureError.file`.
    public static func makePublic(_ path: String) throws(FixtureError) {
        try setMode(path, 0o755)
    }
}
