import TUF

/// From the received bytes of `targets.json` to a record that may be trusted: hash and length against the snapshot,
/// parsing, canonical form, signature, the form of every record, expiry, and one tag looked up.
enum VerifyArea {
    static func run(tagCounts: [Int]) async throws {
        for tags in tagCounts {
            let repository = try await SignedRepository(tags: tags)
            let path = try TargetPath("v1.\(1_000_000 + tags / 2)")
            print("\(tags) tags, \(repository.targets.count) bytes")
            try Measurement.of(preparing: repository.targetsStage) { stage in
                guard try stage.accept(repository.targets).record(for: path) != nil else { throw Failure.notFound }
            }.printLine("verify targets.json", bytes: repository.targets.count)
            try Measurement.of {
                guard try repository.targetsStage().accept(repository.targets).record(for: path) != nil else {
                    throw Failure.notFound
                }
            }.printLine("verify all four files", bytes: repository.targets.count)
        }
    }

    enum Failure: Error {
        case notFound
    }
}
