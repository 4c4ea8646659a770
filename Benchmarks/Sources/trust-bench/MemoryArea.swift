import TUF

/// Peak memory of verifying stored trust data, in a process that does nothing else.
enum MemoryArea {
    static func run(directory: String) throws {
        let repository = try SignedRepository(directory: directory)
        let size = repository.targets.count
        // The three small files and the cryptography library first: what they take does not grow with the file.
        let stage = try repository.targetsStage()
        let before = peakMemory() - size
        let trusted = try stage.accept(repository.targets)
        let peak = peakMemory()
        keep(trusted)
        print(
            "targets.json \(size) bytes, peak memory \(peak) bytes, of which \(before) the program's own: "
                + "\(decimals(Double(peak - before) / Double(size), 2)) times the file"
        )
    }
}
