/// Why something that a test stands on could not be made.
public enum FixtureError: Error, Sendable, CustomStringConvertible {
    /// The system refused something with this file.
    case file(String, errno: Int32)
    /// A fixture or a program of the build is not where it belongs; the text says what and where.
    case missing(String)
    /// A tool answered what it may not.
    case unexpected(String)

    /// What is wrong.
    public var description: String {
        switch self {
        case .file(let path, let errno): "\(path): errno \(errno)"
        case .missing(let text), .unexpected(let text): text
        }
    }
}
