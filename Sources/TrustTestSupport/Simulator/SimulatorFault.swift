/// What goes wrong with one file of a simulated repository.
public enum SimulatorFault: Sendable, Hashable {
    /// The source looked, and there is no such file.
    case missing
    /// The source could not look.
    case cutConnection
    /// The file never ends; the source stops reading at the limit that it was given.
    case endless
    /// Other bytes are served, if they are within the limit.
    case bytes([UInt8])
    /// Other bytes are served by a source that does not keep to the limit.
    case unlimitedBytes([UInt8])
}

/// Why a simulated repository gave no answer.
public enum SimulatorFailure: Error, Sendable, Hashable {
    /// The connection broke.
    case cutConnection
    /// The file is longer than the caller wants.
    case tooLong(limit: Int)
}

/// One request to a simulated repository.
public struct SimulatorRequest: Sendable, Hashable {
    /// The name of the file.
    public let file: String
    /// The most bytes that the client would have read.
    public let maximumLength: Int
}
