/// Reads requests off a connection of a `RawServer`.
struct RequestReader {
    let connection: RawConnection
    private var buffer: [UInt8] = []

    init(connection: RawConnection) {
        self.connection = connection
    }

    /// The next request; nil at the end of the connection or when it is not one.
    mutating func next(readsBody: Bool) -> RawServer.Request? {
        guard let requestLine = line(), !requestLine.isEmpty else { return nil }
        let words = requestLine.split(separator: " ")
        guard words.count == 3 else { return nil }
        var request = RawServer.Request(method: String(words[0]), target: String(words[1]), headers: [], body: [])
        while let field = line() {
            if field.isEmpty {
                if readsBody {
                    guard let body = body(of: request) else { return nil }
                    request.body = body
                }
                return request
            }
            guard let colon = field.firstIndex(of: ":") else { return nil }
            let value = field[field.index(after: colon)...].drop { $0 == " " }
            request.headers.append((field[..<colon].lowercased(), String(value)))
        }
        return nil
    }

    private mutating func body(of request: RawServer.Request) -> [UInt8]? {
        if request.header("expect") == "100-continue" {
            connection.write("HTTP/1.1 100 Continue\r\n\r\n")
        }
        if request.header("transfer-encoding") == "chunked" {
            var body: [UInt8] = []
            while let size = line().flatMap({ Int($0, radix: 16) }) {
                guard let chunk = take(size), line() != nil else { return nil }
                if size == 0 { return body }
                body += chunk
            }
            return nil
        }
        return take(request.header("content-length").flatMap { Int($0) } ?? 0)
    }

    private mutating func line() -> String? {
        var searched = 0
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0a) {
                var line = buffer[..<end]
                if line.last == 0x0d { line.removeLast() }
                let text = String(decoding: line, as: UTF8.self)
                buffer.removeSubrange(...end)
                return text
            }
            searched = buffer.count
            guard fill() else { return nil }
        }
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        while buffer.count < count {
            guard fill() else { return nil }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    private mutating func fill() -> Bool {
        let piece = connection.read()
        buffer += piece
        return !piece.isEmpty
    }
}
