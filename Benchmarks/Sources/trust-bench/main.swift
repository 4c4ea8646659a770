import CanonicalJSON

// `trust-bench` runs every area; `trust-bench generate TAGS FILE` writes a document, and `trust-bench memory FILE`
// reads it in a process of its own and says how much memory that took.
let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case nil:
    try JSONArea.run(tagCounts: [10, 10_000, 100_000])
case "generate":
    guard arguments.count == 3, let tags = Int(arguments[1]) else { exitWithUsage() }
    try writeFile(TargetsFixture.document(tags: tags), to: arguments[2])
case "memory":
    guard arguments.count == 2 else { exitWithUsage() }
    try MemoryArea.run(path: arguments[1])
default:
    exitWithUsage()
}
