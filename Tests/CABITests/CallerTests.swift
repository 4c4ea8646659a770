import CanonicalJSON
import Testing
import TrustTestSupport

/// Programs in several languages, which ask the installed library about images on a real registry.
@Suite(.timeLimit(.minutes(10))) struct CallerTests {
    @Test(arguments: Installation.Caller.allCases)
    func eachLanguageGetsWhatTheCommandLineSays(caller: Installation.Caller) async throws {
        let installation = try await Installation.shared
        try await SignedImages.with { images in
            let arguments = [images.policy, try images.newState()] + images.references.map(\.reference)
            let output = try await installation.run(try await installation.command(caller, arguments))
            #expect(output.exitCode == 0, "\(output)")
            let all = output.text.split(separator: "\n").map(String.init)
            let (records, lines) = (all.filter { $0.hasPrefix("record ") }, all.filter { !$0.hasPrefix("record ") })
            #expect(lines == (try await images.expectedLines()), "\(output)")
            for record in records {
                let value = try JSONValue(parsing: Array(record.utf8.dropFirst("record ".utf8.count)))
                try Self.check(value, "audit")
            }
            #expect(records.count == (caller == .python ? lines.count : 0))
            #expect(records.filter { $0.contains(#""requester":"caller.py""#) }.count == records.count / 3)
        }
    }

    @Test func theExampleOfTheDocumentWorks() async throws {
        let installation = try await Installation.shared
        let document = try #require(
            String(validating: try Files.read("\(Files.projectRoot)/docs/c-abi.md"), as: UTF8.self)
        )
        let example = try #require(document.split(separator: "```c\n").dropFirst().first?.split(separator: "```").first)
        let source = try installation.directory.write(String(example), to: "example.c")
        let program = try await installation.compile(source, as: "example")
        try await SignedImages.with { images in
            for (reference, reason) in images.references {
                let output = try await installation.run([program, images.policy, try images.newState(), reference])
                let said = try await images.publisher.run(
                    "verify",
                    reference,
                    "--policy",
                    images.policy,
                    variables: ["TRUSTCTL_HOME": try images.newState()]
                )
                #expect(output.exitCode == said.exitCode && output.text == said.text, "\(reason): \(output) \(said)")
                #expect(said.exitCode == 0 || output.errorText.contains(#""reason":"\#(reason)""#), "\(output)")
            }
            let missing = try await installation.run([
                program, "/nowhere.json", try images.newState(), images.good.reference,
            ])
            #expect(missing.exitCode == 64 && missing.errorText.contains("no such file"), "\(missing)")
        }
    }

    @Test(arguments: ["valgrind", "sanitizers of gcc"])
    func itIsCleanUnderMemoryCheckers(checker: String) async throws {
        let installation = try await Installation.shared
        let isSanitized = checker != "valgrind"
        let options = isSanitized ? "-fsanitize=address,undefined -fno-sanitize-recover=all" : ""
        let name = isSanitized ? "sanitized" : "plain"
        let caller = try await installation.compile(Installation.source("caller.c"), as: "\(name)-caller", options)
        let misuse = try await installation.compile(Installation.source("misuse.c"), as: "\(name)-misuse", options)
        // What is still reachable at the end belongs to threads, which stay.
        let valgrind = [
            "valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite",
            "--errors-for-leak-kinds=definite", "--suppressions=\(Installation.source("valgrind.supp"))",
        ]
        let prefix = isSanitized ? [] : valgrind
        try await SignedImages.with { images in
            let references = images.references.map(\.reference)
            let asked = try await installation.run(
                prefix + [caller, images.policy, try images.newState()] + references
            )
            #expect(asked.exitCode == 0 && asked.errorText == "", "\(asked)")
            #expect(asked.text.split(separator: "\n").count == 3 * references.count, "\(asked)")
            for part in ["options", "questions", "flight"] {
                let output = try await installation.run(
                    prefix + [misuse, part, images.anyPolicy, try images.newState()]
                )
                #expect(output.exitCode == 0 && output.text == "good\n" && output.errorText == "", "\(part): \(output)")
            }
        }
    }
}

extension CallerTests {
    /// Holds an object against a published schema.
    static func check(_ object: JSONValue, _ name: String) throws {
        try JSONSchema(file: "\(name).schema.json") { file in
            try JSONValue(parsing: try Files.read("\(Files.projectRoot)/docs/schemas/\(file)"))
        }.check(object)
    }
}
