import ContentTrust

// `trust-bench` runs every area. `trust-bench generate TAGS DIRECTORY` writes signed trust data into a directory that is
// there, and `trust-bench memory DIRECTORY` verifies it and says how much memory that took. `trust-bench tags HOME LAYOUT
// NAME TAGS BINS` makes trust data of a repository in a layout. `trust-bench warm DIRECTORY` measures answers from memory.
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
case ("warm", 2):
    try await WarmArea.run(directory: arguments[1])
case ("generate", 3):
    guard let tags = Int(arguments[1]) else { exitWithUsage() }
    try await SignedRepository(tags: tags).write(to: arguments[2])
case ("memory", 2):
    try MemoryArea.run(directory: arguments[1])
case ("tags", 6):
    guard let count = Int(arguments[4]), let bins = Int(arguments[5]).flatMap({ BinChoice.bins($0) }) else {
        exitWithUsage()
    }
    try await TagsArea.make(home: arguments[1], layout: arguments[2], name: arguments[3], count: count, bins: bins)
default:
    exitWithUsage()
}
