import Glibc

/// The signals that tests send.
public enum Signal: Sendable, Equatable {
    /// A closed terminal.
    case hangUp
    /// Ctrl-C.
    case interrupt
    /// A polite request to end.
    case terminate
    /// The end, which no program can refuse.
    case kill
    /// A pause that no program can refuse.
    case stop
    /// The end of a pause.
    case resume

    /// The system's number of the signal.
    public var rawValue: Int32 {
        switch self {
        case .hangUp: SIGHUP
        case .interrupt: SIGINT
        case .terminate: SIGTERM
        case .kill: SIGKILL
        case .stop: SIGSTOP
        case .resume: SIGCONT
        }
    }
}
