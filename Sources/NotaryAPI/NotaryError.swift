public import OCIRegistry

/// Why a Notary server gave no usable answer.
///
/// "Looked, nothing there" is never an error. Texts come from the other side, bounded but not escaped.
public enum NotaryError: Error, Sendable, Equatable {
    /// Not a name that servers route.
    case invalidGUN(String)
    /// Not the URL of a server.
    case invalidServer(String)
    /// The server could not be asked, or answered what it may not: token authentication and errors are those of registries.
    case server(RegistryError)
    /// The server has newer metadata already (code `VERSION`): another publisher was faster.
    case versionTaken
    /// The server refused an update (code `INVALID_UPDATE`): which check failed, and what it said.
    case invalidUpdate(check: String, message: String)
}
