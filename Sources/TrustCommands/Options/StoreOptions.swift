import ArgumentParser
import ContentTrust
import NotaryAPI
import OCI

/// Where the trust data is, when it is not beside the images.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Trust store instead of the registry: oci:PATH, dir:PATH, notary+https://HOST, notary for the Notary server "
                + "that docker would ask, or notary:PATH for an archive of notary mirror or the directory of docker or "
                + "notary.",
            valueName: "store"
        )
    )
    var store: String?

    @Option(help: ArgumentHelp("Repository that holds the trust data instead of the image's own.", valueName: "repo"))
    var trustRepository: String?

    mutating func validate() throws {
        guard store == nil || trustRepository == nil else {
            throw ValidationError("--store and --trust-repository exclude each other.")
        }
    }

    private static let filesPrefix = "notary:"
    /// The variable that names the Notary server to docker.
    private static let dockerServer = "DOCKER_CONTENT_TRUST_SERVER"

    /// The location that the options name; nil for beside the images.
    ///
    /// - Parameter environment: May name the Notary server.
    /// - Returns: The location.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    func location(_ environment: Environment) throws(Refusal) -> StoreLocation? {
        if let trustRepository {
            do throws(OCIError) {
                return .registry(try RepositoryName(parsing: trustRepository))
            } catch {
                throw ReferenceText.refusal(error, text: trustRepository, option: "--trust-repository")
            }
        }
        return try store.map { (store) throws(Refusal) in
            try Self.location(parsing: store, option: "--store", environment)
        }
    }

    /// The location that a text names.
    ///
    /// - Parameters:
    ///   - store: The text.
    ///   - option: Where it was written, for messages.
    ///   - environment: May name the Notary server.
    /// - Returns: The location.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    static func location(
        parsing store: String,
        option: String,
        _ environment: Environment
    ) throws(Refusal) -> StoreLocation {
        func wrong(_ found: String) -> Refusal {
            Refusal(
                .usage,
                checked: "\(option) \(store)",
                found: found,
                expected: "oci:PATH, dir:PATH, notary+https://HOST, notary:PATH or notary"
            )
        }
        do throws(NotaryError) {
            if store == "notary" {
                guard let chosen = environment[Self.dockerServer], !chosen.isEmpty else { return .notaryOfRegistry }
                return .notary(try NotaryServer.ofDocker(registry: "", chosen: chosen))
            }
            if store.utf8.starts(with: "notary+".utf8) {
                return .notary(try NotaryServer(parsing: String(store.dropFirst("notary+".count))))
            }
        } catch {
            throw Refusal.notary(error, checked: "\(option) \(store)")
        }
        if store.utf8.starts(with: filesPrefix.utf8) {
            let path = String(store.dropFirst(filesPrefix.count))
            guard !path.isEmpty, !path.utf8.contains(0) else { throw wrong("no path") }
            return .notaryFiles(path: environment.expandingTilde(path))
        }
        let location: ImageLocation
        do throws(OCIError) {
            location = try ImageLocation(parsing: store)
        } catch {
            throw ReferenceText.refusal(error, text: store, option: option)
        }
        switch location {
        case .layout(let path, nil): return .layout(path: path)
        case .directory(let path): return .directory(path: path)
        case .layout: throw wrong("a tag; trust data has a place of its own in a layout")
        case .archive: throw wrong("an archive, which cannot be a trust store")
        case .registry: throw wrong("neither oci: nor dir: (for a repository there is --trust-repository)")
        }
    }

    /// The options as they are written again in a command that is suggested.
    var arguments: String {
        if let store { return " --store \(ShellWord.quoted(store))" }
        if let trustRepository { return " --trust-repository \(ShellWord.quoted(trustRepository))" }
        return ""
    }
}
