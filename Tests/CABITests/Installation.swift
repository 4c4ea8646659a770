import TrustTestSupport

/// What `scripts/install` has put somewhere, and programs that were compiled against it. Made once for all tests.
struct Installation: Sendable {
    /// A program that asks about images in three ways, in one of the languages.
    enum Caller: String, Sendable, CaseIterable {
        case c = "caller.c"
        case cpp = "caller.cc"
        case python = "caller.py"
        case go = "caller.go"
    }

    let directory: TemporaryDirectory
    /// Where it was installed.
    var prefix: String { directory.file("prefix") }
    /// The library, by the name that linkers look for.
    var library: String { "\(prefix)/lib/libcontenttrust.so" }

    static var shared: Installation {
        get async throws { try await making.value }
    }

    private static let making = Task { try await Installation() }

    /// Where trustctl and the library were built, or shipped from.
    static var origin: String {
        get throws { String(try Trustctl.locate().dropLast("/trustctl".count)) }
    }

    private init() async throws {
        directory = try TemporaryDirectory("trustctl-c")
        try await Self.install("--prefix", prefix)
    }

    /// Runs `scripts/install`.
    @discardableResult
    static func install(_ arguments: String...) async throws -> ProcessOutput {
        try await runSuccessfully(
            Command("\(Files.projectRoot)/scripts/install", ["--from", try origin] + arguments)
        )
    }

    /// The environment in which compilers find the library, and programs too.
    private var environment: [String: String] {
        var environment = Command.inheritedEnvironment
        environment["PKG_CONFIG_PATH"] = "\(prefix)/lib/pkgconfig"
        environment["LD_LIBRARY_PATH"] = "\(prefix)/lib"
        environment["GO111MODULE"] = "off"
        environment["GOCACHE"] = directory.file("go-cache")
        return environment
    }

    /// The path of a source file.
    static func source(_ name: String) -> String { "\(Files.projectRoot)/Tests/CABITests/Callers/\(name)" }

    /// Compiles a program.
    ///
    /// - Parameters:
    ///   - source: Its source file.
    ///   - name: What the program is called.
    ///   - options: Further options of the compiler.
    /// - Returns: Its path.
    /// - Throws: `ProcessError` when the compiler does not like it.
    func compile(_ source: String, as name: String, _ options: String = "") async throws -> String {
        let program = directory.file(name)
        let command =
            if source.hasSuffix(".go") {
                "go build -o \"$2\" \"$1\""
            } else {
                (source.hasSuffix(".cc") ? "g++ -std=c++17" : "gcc -std=c11 -D_GNU_SOURCE")
                    + " -g -Wall -Wextra -Werror -pthread \(options) \"$1\" -o \"$2\" $(pkg-config --cflags --libs contenttrust)"
            }
        try await runSuccessfully(
            Command("/bin/sh", ["-euc", command, "sh", source, program], environment: environment),
            timeout: .seconds(300)
        )
        return program
    }

    /// The command that runs a caller.
    func command(_ caller: Caller, _ arguments: [String]) async throws -> [String] {
        if caller == .python { return ["python3", Self.source(caller.rawValue), library] + arguments }
        return [try await compile(Self.source(caller.rawValue), as: "\(caller)")] + arguments
    }

    /// Runs a program where it finds the library, and nothing else of who runs the tests.
    func run(_ command: [String], variables: [String: String] = [:]) async throws -> ProcessOutput {
        var clean = ["PATH": environment["PATH"] ?? "/usr/bin:/bin", "LD_LIBRARY_PATH": "\(prefix)/lib"]
        clean.merge(variables) { $1 }
        return try await TrustTestSupport.run(
            Command(command[0], Array(command.dropFirst()), environment: clean),
            timeout: .seconds(240)
        )
    }
}
