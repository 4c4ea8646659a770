import CTestShims
import Glibc

/// One started child: its id and the test's ends of its streams. Owned by the thread that watches the child.
struct ChildProcess {
    let processID: pid_t
    /// Reads what the child writes to standard output (or shows on its terminal); nonblocking.
    let output: CInt
    /// Reads what the child writes to standard error; nonblocking; -1 for a child with a terminal.
    let errors: CInt
    /// Writes what the child reads; nonblocking; -1 when there is nothing to write to.
    let input: CInt

    /// Starts the child in a process group of its own, with the default signal actions, no blocked signals and no
    /// descriptors but 0, 1 and 2. With `endsWithTestProcess` it ends with the calling thread.
    static func spawn(_ command: Command) throws(ProcessError) -> ChildProcess {
        let path = try locate(command.executable, environment: command.environment)
        var streams = Streams()
        do {
            try streams.open(for: command.input)
            let processID = try start(path, command, streams)
            streams.closeChildEnds()
            return ChildProcess(
                processID: processID,
                output: streams.output.parent,
                errors: streams.errors.parent,
                input: streams.input.parent
            )
        } catch {
            streams.closeChildEnds()
            streams.closeParentEnds()
            throw .notStarted(command.description, errno: error.number)
        }
    }

    private static func start(_ path: String, _ command: Command, _ streams: Streams) throws(SystemFailure) -> pid_t {
        var arguments: [UnsafeMutablePointer<CChar>?] = ([command.executable] + command.arguments).map { strdup($0) }
        arguments.append(nil)
        var environment: [UnsafeMutablePointer<CChar>?] =
            command.environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") }
        environment.append(nil)
        let texts = [
            strdup(path), command.workingDirectory.map { strdup($0) } ?? nil,
            streams.terminal.map { strdup($0) } ?? nil,
        ]
        defer { for pointer in arguments + environment + texts { free(pointer) } }
        guard let file = texts[0] else { throw SystemFailure(number: ENOMEM) }
        var processID: pid_t = 0
        let result = arguments.withUnsafeBufferPointer { arguments in
            environment.withUnsafeBufferPointer { environment in
                guard let argumentList = arguments.baseAddress, let variables = environment.baseAddress else {
                    return EINVAL
                }
                var child = testshims_child(
                    path: file,
                    arguments: argumentList,
                    environment: variables,
                    directory: texts[1],
                    input: streams.input.child,
                    output: streams.output.child,
                    errors: streams.errors.child,
                    terminal: texts[2],
                    ends_with_parent: command.endsWithTestProcess ? 1 : 0
                )
                return testshims_spawn(&child, &processID)
            }
        }
        guard result == 0 else { throw SystemFailure(number: result) }
        return processID
    }

    /// The path of an executable, searched in the child's own `PATH`.
    static func locate(_ name: String, environment: [String: String]) throws(ProcessError) -> String {
        if name.utf8.contains(UInt8(ascii: "/")) { return name }
        let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin").split(separator: ":")
        for folder in folders {
            let path = "\(folder)/\(name)"
            if access(path, X_OK) == 0 { return path }
        }
        throw .notFound(name)
    }
}

/// What a system call answered.
struct SystemFailure: Error {
    let number: CInt
}

/// The descriptors of a child's three streams, at both ends; -1 where there is none.
private struct Streams {
    struct Pair {
        var parent: CInt = -1
        var child: CInt = -1
    }

    var input = Pair()
    var output = Pair()
    var errors = Pair()
    var terminal: String?

    mutating func open(for kind: Command.Input) throws(SystemFailure) {
        if kind == .terminal {
            try openTerminal()
            return
        }
        output = try Self.pipe(parentReads: true)
        errors = try Self.pipe(parentReads: true)
        if kind == .null {
            input.child = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard input.child >= 0 else { throw SystemFailure(number: errno) }
        } else {
            input = try Self.pipe(parentReads: false)
        }
    }

    mutating func closeChildEnds() {
        for descriptor in [input.child, output.child, errors.child] where descriptor >= 0 { close(descriptor) }
        input.child = -1
        output.child = -1
        errors.child = -1
    }

    mutating func closeParentEnds() {
        for descriptor in [input.parent, output.parent, errors.parent] where descriptor >= 0 { close(descriptor) }
        input.parent = -1
        output.parent = -1
        errors.parent = -1
    }

    private mutating func openTerminal() throws(SystemFailure) {
        var path = [CChar](repeating: 0, count: 128)
        let result = testshims_open_terminal(&output.parent, &path, path.count, 24, 100)
        guard result == 0 else { throw SystemFailure(number: result) }
        let name = String(decoding: path.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        input.parent = fcntl(output.parent, F_DUPFD_CLOEXEC, 3)
        guard input.parent >= 0 else { throw SystemFailure(number: errno) }
        // Held open until the child has it: a terminal that nobody has open reads as closed.
        output.child = Glibc.open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard output.child >= 0 else { throw SystemFailure(number: errno) }
        terminal = name
    }

    private static func pipe(parentReads: Bool) throws(SystemFailure) -> Pair {
        var readEnd: CInt = -1
        var writeEnd: CInt = -1
        let result = testshims_pipe(&readEnd, &writeEnd)
        guard result == 0 else { throw SystemFailure(number: result) }
        let pair =
            parentReads ? Pair(parent: readEnd, child: writeEnd) : Pair(parent: writeEnd, child: readEnd)
        _ = fcntl(pair.parent, F_SETFL, fcntl(pair.parent, F_GETFL) | O_NONBLOCK)
        return pair
    }
}
