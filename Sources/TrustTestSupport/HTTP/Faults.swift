/// Ways for a server to misbehave: handlers for `RawServer`.
public enum Faults {
    /// Answers 200 with a body that never ends, as fast as it is read.
    public static let endlessBody: RawServer.Handler = { _, connection in
        connection.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 65_536)
        while connection.write(piece) {}
        connection.finish()
    }

    /// Answers 200 with one byte at a time, for ever: of the body, or of a header field where there is no body.
    ///
    /// - Parameter pause: Between two bytes.
    /// - Returns: A handler.
    public static func trickle(every pause: Duration) -> RawServer.Handler {
        { request, connection in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\(request.isHead ? "X-Slow: " : "\r\n")")
            while !connection.isFinished, connection.write("a") { connection.pause(pause) }
            connection.finish()
        }
    }

    /// Answers with header fields that never end.
    public static let endlessHeaders: RawServer.Handler = { _, connection in
        connection.write("HTTP/1.1 200 OK\r\n")
        while connection.write("X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n") {}
        connection.finish()
    }

    /// Never answers.
    public static let silence: RawServer.Handler = { _, connection in
        connection.pause(.seconds(3_600))
    }

    /// Closes the connection without an answer.
    public static let close: RawServer.Handler = { _, connection in
        connection.finish()
    }

    /// Resets the connection without an answer.
    public static let reset: RawServer.Handler = { _, connection in
        connection.reset()
    }

    /// Declares a body and closes the connection in the middle of it (or sends more than declared).
    ///
    /// - Parameters:
    ///   - declared: The `Content-Length`.
    ///   - sent: How many bytes really come.
    /// - Returns: A handler.
    public static func body(declaring declared: Int, sending sent: Int) -> RawServer.Handler {
        { _, connection in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(declared)\r\n\r\n")
            connection.write([UInt8](repeating: UInt8(ascii: "a"), count: sent))
            connection.finish()
        }
    }

    /// Answers these bytes and closes.
    ///
    /// - Parameter bytes: For example `SSH-2.0-OpenSSH`.
    /// - Returns: A handler.
    public static func bytes(_ bytes: String) -> RawServer.Handler {
        { _, connection in
            connection.write(bytes)
            connection.finish()
        }
    }

    /// Sends every request on to the next of a ring of paths.
    public static let redirectLoop: RawServer.Handler = { request, connection in
        let next = request.target == "/a" ? "/b" : "/a"
        connection.respond("302 Found", headers: [("Location", next)])
    }

    /// Sends every request on to a path that was not there before.
    public static let endlessRedirects: RawServer.Handler = { request, connection in
        connection.respond("307 Temporary Redirect", headers: [("Location", request.target + "/x")])
    }

    /// Answers the same status to everything.
    ///
    /// - Parameters:
    ///   - status: Code and reason.
    ///   - headers: Fields, for example `Retry-After` or `WWW-Authenticate`.
    ///   - text: The body.
    /// - Returns: A handler.
    public static func status(
        _ status: String,
        headers: [(String, String)] = [],
        text: String = ""
    ) -> RawServer.Handler {
        { request, connection in
            connection.respond(status, headers: headers, text: text, isHead: request.isHead)
        }
    }
}
