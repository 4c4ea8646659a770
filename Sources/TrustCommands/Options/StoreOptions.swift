import ArgumentParser
import ContentTrust
import OCI

/// Where the trust data is, when it is not beside the images.
struct StoreOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Trust store: oci:PATH or dir:PATH instead of the registry.", valueName: "store"))
    var store: String?

    @Option(help: ArgumentHelp("Repository that holds the trust data instead of the image's own.", valueName: "repo"))
    var trustRepository: String?

    mutating func validate() throws {
        guard store == nil || trustRepository == nil else {
            throw ValidationError("--store and --trust-repository exclude each other.")
        }
    }

    /// The location that the options name; nil for beside the images.
    ///
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    func location() throws(Refusal) -> StoreLocation? {
        if let trustRepository {
            do throws(OCIError) {
                return .registry(try RepositoryName(parsing: trustRepository))
            } catch {
                throw ReferenceText.refusal(error, text: trustRepository, option: "--trust-repository")
            }
        }
        guard let store else { return nil }
        func wrong(_ found: String) -> Refusal {
            Refusal(.usage, checked: "--store \(store)", found: found, expected: "oci:PATH or dir:PATH")
        }
        if store.utf8.starts(with: "notary+".utf8) { throw wrong("Notary servers are not supported yet") }
        let location: ImageLocation
        do throws(OCIError) {
            location = try ImageLocation(parsing: store)
        } catch {
            throw ReferenceText.refusal(error, text: store, option: "--store")
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
