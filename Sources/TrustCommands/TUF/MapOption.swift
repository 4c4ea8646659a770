import ArgumentParser
import ContentTrust
import TUF
import TUFClient
import TrustTransport

/// `--map`
struct MapOption: ParsableArguments {
    @Option(
        name: .customLong("map"),
        help: ArgumentHelp(
            "Map file (TAP 4): several repositories, and which of them must agree on which targets.",
            valueName: "file"
        ),
        completion: .file()
    )
    var path: String?

    /// The map, if one is named.
    ///
    /// - Throws: ``Refusal`` with ``Reason/usage`` for a file that is none.
    func load() throws(Refusal) -> RepositoryMap? {
        guard let path else { return nil }
        let limits = RepositoryMapLimits()
        let bytes = try InputFile.read(path, limit: limits.length, option: "--map")
        do {
            return try RepositoryMap(parsing: bytes, limits: limits)
        } catch {
            throw Refusal(.usage, checked: "--map \(path)", found: MapText.words(error), cause: error)
        }
    }
}

/// Where the repositories of a map are.
struct MappedPlaces: Sendable {
    let map: RepositoryMap
    let metadata: [RepositoryLabel: [RepositoryFiles]]
    let targets: [RepositoryLabel: [RepositoryFiles]]

    /// The places of a map.
    ///
    /// - Parameters:
    ///   - map: The map.
    ///   - sender: Asks the servers.
    /// - Throws: ``Refusal`` with ``Reason/usage`` for a URL that is none.
    init(_ map: RepositoryMap, sender: RequestSender) throws(Refusal) {
        var metadata: [RepositoryLabel: [RepositoryFiles]] = [:]
        var targets: [RepositoryLabel: [RepositoryFiles]] = [:]
        for (repository, mirrors) in map.mirrors {
            let option = "the map's repository \(repository):"
            for mirror in mirrors {
                let place = try RepositoryFiles(mirror.metadata, option: option, sender: sender)
                metadata[repository, default: []].append(place)
                targets[repository, default: []].append(
                    try RepositoryFiles(mirror.targets, option: option, sender: sender)
                )
            }
        }
        self.map = map
        self.metadata = metadata
        self.targets = targets
    }

    /// A client for one run of a command.
    ///
    /// - Parameter directory: Has a directory for each repository.
    /// - Returns: The client, whose time is now.
    func client(in directory: String) -> MultiRepositoryClient<RepositoryFiles> {
        MultiRepositoryClient(map: map, directory: directory, sources: metadata, now: SystemClock().now())
    }
}
