/// Runs a program to its end and answers with what it wrote, however it ended.
///
/// - Parameters:
///   - command: What to run.
///   - timeout: When it is killed.
/// - Returns: What it wrote and how it ended.
/// - Throws: `ProcessError.notFound`, `ProcessError.notStarted`, `ProcessError.timedOut`.
@discardableResult
public func run(_ command: Command, timeout: Duration = .seconds(120)) async throws -> ProcessOutput {
    try await RunningProcess.start(command, timeout: timeout).wait()
}

/// Runs a program that must succeed.
///
/// - Parameters:
///   - command: What to run.
///   - timeout: When it is killed.
/// - Returns: What it wrote.
/// - Throws: `ProcessError.failed` when its exit status is not 0, and what ``run(_:timeout:)`` throws.
@discardableResult
public func runSuccessfully(_ command: Command, timeout: Duration = .seconds(120)) async throws -> ProcessOutput {
    let output = try await run(command, timeout: timeout)
    guard output.exitCode == 0 else { throw ProcessError.failed(command.description, output) }
    return output
}
