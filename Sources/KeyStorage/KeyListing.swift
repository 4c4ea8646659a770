/// What was found in a key store.
public struct KeyListing: Sendable, Equatable {
    /// A file or store that could not be read, and why. The others are listed all the same.
    public struct Problem: Sendable, Equatable {
        /// The path of the file or directory.
        public let path: String
        /// What is wrong with it.
        public let error: KeyStorageError

        /// Notes a problem.
        ///
        /// - Parameters:
        ///   - path: The path of the file or directory.
        ///   - error: What is wrong with it.
        public init(path: String, error: KeyStorageError) {
            self.path = path
            self.error = error
        }
    }

    /// The keys, ordered by role, repository and key id.
    public var records: [KeyRecord]
    /// What could not be read.
    public var problems: [Problem]

    /// Makes a listing.
    ///
    /// - Parameters:
    ///   - records: The keys, in any order.
    ///   - problems: What could not be read.
    public init(records: [KeyRecord] = [], problems: [Problem] = []) {
        self.records = records.sorted(by: Self.precedes)
        self.problems = problems
    }

    private static func precedes(_ left: KeyRecord, _ right: KeyRecord) -> Bool {
        if left.role != right.role { return left.role < right.role }
        let repositories = (Array((left.repository ?? "").utf8), Array((right.repository ?? "").utf8))
        if repositories.0 != repositories.1 { return repositories.0.lexicographicallyPrecedes(repositories.1) }
        return left.keyID < right.keyID
    }
}
