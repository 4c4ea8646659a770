public import NotaryAPI
public import OCI
public import TUF

/// What is signed and verified: the images of a repository in a registry, or of an OCI layout on this machine.
public enum Subject: Sendable, Hashable, CustomStringConvertible {
    /// A repository in a registry.
    case registry(RepositoryName)
    /// A directory that holds an OCI image layout.
    case layout(path: String)

    /// As references write it.
    public var description: String {
        switch self {
        case .registry(let name): name.description
        case .layout(let path): "oci:\(path)"
        }
    }

    /// A reference to a tag of it, as commands take it.
    public func reference(tag: String) -> String { "\(self):\(tag)" }

    /// As a word of a command that is suggested: a path may hold what a shell acts upon.
    package var argument: String { ShellWord.quoted(description) }

    /// A reference to a tag of it, as a word of a command that is suggested.
    func argument(tag: String) -> String { ShellWord.quoted(reference(tag: tag)) }
}

/// Where the trust data of a subject lies, when it is not beside the images.
public enum StoreLocation: Sendable, Hashable {
    /// In another repository of a registry.
    case registry(RepositoryName)
    /// In an OCI image layout.
    case layout(path: String)
    /// In a directory, as plain TUF files.
    case directory(path: String)
    /// On a Notary server, as Docker Content Trust has it.
    case notary(NotaryServer)
    /// On the Notary server that Docker asks about the registry when no other is chosen: Docker Hub's own, or the registry's
    /// host.
    case notaryOfRegistry
    /// In files that were copied from a Notary server: an archive that ``NotaryMirror`` made, or the directory of docker or
    /// notary. They are only read.
    case notaryFiles(path: String)

    /// The option that names it, as it is written in a command that is suggested.
    var arguments: String {
        switch self {
        case .registry(let repository): " --trust-repository \(ShellWord.quoted(repository.description))"
        case .layout(let path): " --store \(ShellWord.quoted("oci:\(path)"))"
        case .directory(let path): " --store \(ShellWord.quoted("dir:\(path)"))"
        case .notary(let server): " --store \(ShellWord.quoted("notary+\(server)"))"
        case .notaryOfRegistry: " --store notary"
        case .notaryFiles(let path): " --store \(ShellWord.quoted("notary:\(path)"))"
        }
    }

    /// The form of the metadata there.
    public var dialect: Dialect {
        switch self {
        case .registry, .layout, .directory: .tuf1
        case .notary, .notaryOfRegistry, .notaryFiles: .notary
        }
    }
}
