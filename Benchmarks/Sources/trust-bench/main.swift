// `trust-bench` runs every area. `trust-bench generate TAGS DIRECTORY` writes signed trust data into a directory that is
// there, and `trust-bench memory DIRECTORY` verifies it and says how much memory that took.
let arguments = Array(CommandLine.arguments.dropFirst())
let tagCounts = [10, 10_000, 100_000]
switch (arguments.first, arguments.count) {
case (nil, _):
    try await VerifyArea.run(tagCounts: tagCounts)
    try JSONArea.run(tagCounts: tagCounts)
case ("json", 1):
    try JSONArea.run(tagCounts: tagCounts)
case ("verify", 1):
    try await VerifyArea.run(tagCounts: tagCounts)
case ("generate", 3):
    guard let tags = Int(arguments[1]) else { exitWithUsage() }
    try await SignedRepository(tags: tags).write(to: arguments[2])
case ("memory", 2):
    try MemoryArea.run(directory: arguments[1])
default:
    exitWithUsage()
}
