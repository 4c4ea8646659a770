public import OCI

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
}
