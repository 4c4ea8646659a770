/// A password or token on its way from its source into a header field.
///
/// It prints, dumps and mirrors as `<secret>`, so that none gets into a log or an error by accident. It is not kept in
/// guarded memory: it came in as text from a configuration file or another program and leaves as the text of a header,
/// and the copies made by the HTTP stack are out of reach.
public struct AuthSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let text: String

    /// Wraps a secret.
    public init(_ text: String) {
        self.text = text
    }

    /// Never the secret.
    public var description: String { "<secret>" }

    /// Never the secret.
    public var debugDescription: String { "<secret>" }

    /// Never the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }

    var isEmpty: Bool { text.isEmpty }
}
