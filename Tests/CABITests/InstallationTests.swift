import Testing
import TrustTestSupport

/// What is installed, and what the library shows.
@Suite(.timeLimit(.minutes(5))) struct InstallationTests {
    @Test func exactlyTheFunctionsOfTheHeaderAreShown() async throws {
        let installation = try await Installation.shared
        let header = try #require(
            String(validating: try Files.read("\(installation.prefix)/include/contenttrust.h"), as: UTF8.self)
        )
        // Declarations only: a name in a comment is followed by `()` or stands in a line that begins with ` *`.
        let code = try Self.withoutComments(header)
        let declared = Set(code.matches(of: /\b(contenttrust_\w+)\((?!\*)/).map { String($0.1) })
        #expect(declared.count == 30)
        let output = try await runSuccessfully(Command("nm", ["-D", "--defined-only", installation.library]))
        var shown: Set<String> = []
        for line in output.text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            // Letters of symbols that others see are capital; `A` are names of versions.
            guard words.count == 3, words[1] == words[1].uppercased() else { continue }
            shown.insert(words[2])
        }
        #expect(shown == declared, "\(shown.symmetricDifference(declared).sorted())")
    }

    private static func withoutComments(_ text: String) throws -> String {
        var rest = Substring(text)
        var code = ""
        while let start = rest.firstRange(of: "/*") {
            code += rest[..<start.lowerBound]
            let end = try #require(rest[start.upperBound...].firstRange(of: "*/"))
            rest = rest[end.upperBound...]
        }
        return code + rest
    }

    @Test func everythingIsInItsPlace() async throws {
        let directory = try TemporaryDirectory("trustctl-c")
        try await Installation.install("--prefix", "/opt/trust", "--destdir", directory.path)
        let header = try #require(
            String(validating: try Files.read("\(directory.path)/opt/trust/include/contenttrust.h"), as: UTF8.self)
        )
        let version = String(try #require(header.firstMatch(of: /#define CONTENTTRUST_VERSION "([0-9.]+)"/)).1)
        let files = [
            "bin/trustctl", "include/contenttrust.h", "lib/libcontenttrust.so.\(version)",
            "lib/pkgconfig/contenttrust.pc",
        ]
        #expect(try Files.tree(directory.path) == files.map { "opt/trust/\($0)" })
        for name in ["libcontenttrust.so", "libcontenttrust.so.1"] {
            let link = try await runSuccessfully(
                Command("readlink", ["-f", "\(directory.path)/opt/trust/lib/\(name)"])
            )
            #expect(link.text == "\(directory.path)/opt/trust/lib/libcontenttrust.so.\(version)\n")
        }
        let dynamic = try await runSuccessfully(
            Command("readelf", ["-d", "\(directory.path)/opt/trust/lib/libcontenttrust.so"])
        )
        #expect(dynamic.text.contains("Library soname: [libcontenttrust.so.1]"))
        #expect(dynamic.text.contains("NODELETE"))
        var variables = Command.inheritedEnvironment
        variables["PKG_CONFIG_PATH"] = "\(directory.path)/opt/trust/lib/pkgconfig"
        let flags = try await runSuccessfully(
            Command("pkg-config", ["--cflags", "--libs", "contenttrust"], environment: variables)
        )
        #expect(flags.text.contains("-I/opt/trust/include -L/opt/trust/lib -lcontenttrust"), "\(flags)")
        #expect(
            try await runSuccessfully(
                Command("pkg-config", ["--modversion", "contenttrust"], environment: variables)
            ).text == "\(version)\n"
        )
    }

    @Test(arguments: [
        ["--prefix", "relative"], ["--prefix"], ["--prefix", "/a b"], ["--from", "/nowhere"], ["--what"],
    ])
    func wrongArgumentsInstallNothing(arguments: [String]) async throws {
        let directory = try TemporaryDirectory("trustctl-c")
        let output = try await run(
            Command("\(Files.projectRoot)/scripts/install", ["--destdir", directory.path] + arguments)
        )
        #expect(output.exitCode == 1 && output.errorText.hasPrefix("error: "), "\(output)")
        #expect(try Files.names(in: directory.path) == [])
    }
}
