extension RegistryFront.Answer {
    /// Writes the answer to who has asked.
    ///
    /// - Parameters:
    ///   - connection: Where the request came from.
    ///   - isHead: Whether the length of the body is told, and the body left out.
    func send(to connection: RawConnection, isHead: Bool) {
        var head = "HTTP/1.1 \(status)\r\n"
        for (name, value) in headers where name.lowercased() != "content-length" { head += "\(name): \(value)\r\n" }
        head += "Content-Length: \(body.count)\r\n\r\n"
        connection.write(Array(head.utf8) + (isHead ? [] : body))
    }

    /// Asks the server behind a front with another program's HTTP, which joins chunks and leaves compressed bodies as
    /// they are; for the threads of a `RawServer`.
    ///
    /// - Parameters:
    ///   - request: What has come to the front.
    ///   - method: The method to ask with.
    ///   - target: Path and query to ask for; nil is that of the request.
    ///   - server: Scheme and address of the server.
    ///   - certificate: The PEM file of the authority that the server's certificate is from.
    /// - Returns: The answer; nil when there is none.
    static func forwarding(
        _ request: RawServer.Request,
        as method: String,
        target: String? = nil,
        to server: String,
        certificate: String? = nil
    ) -> Self? {
        var arguments = ["-sS", "--http1.1", "-i", "-H", "Expect:", "-H", "User-Agent:", "-X", method]
        if method == "HEAD" { arguments.append("-I") }
        if let certificate { arguments += ["--cacert", certificate] }
        for (name, value) in request.headers {
            guard !["connection", "content-length", "transfer-encoding"].contains(name.lowercased()) else { continue }
            arguments += ["-H", "\(name): \(value)"]
        }
        let hasBody = ["POST", "PUT", "PATCH"].contains(request.method)
        if hasBody { arguments += ["--data-binary", "@-"] }
        // curl would name a type of its own.
        if hasBody, request.header("content-type") == nil { arguments += ["-H", "Content-Type:"] }
        arguments.append("\(server)\(target ?? request.target)")
        let command = Command("curl", arguments, input: .bytes(request.body))
        let result = BlockingResult<[UInt8]?>()
        Task { result.set(try? await run(command).standardOutput) }
        guard let bytes = result.get() else { return nil }
        return parse(bytes[...])
    }

    private static func parse(_ bytes: ArraySlice<UInt8>) -> Self? {
        let end = Array("\r\n\r\n".utf8)
        guard let split = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { return nil }
        let lines = String(decoding: bytes[..<split], as: UTF8.self).split(separator: "\r\n").map(String.init)
        guard let first = lines.first, let space = first.firstIndex(of: " ") else { return nil }
        let status = String(first[first.index(after: space)...])
        let rest = bytes[(split + end.count)...]
        if status.hasPrefix("1") { return parse(rest) }
        var answer = Self(status: status, headers: [], body: Array(rest))
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = String(line[..<colon])
            guard !["connection", "transfer-encoding"].contains(name.lowercased()) else { continue }
            answer.headers.append((name, line[line.index(after: colon)...].trimmingPrefix(" ").description))
        }
        return answer
    }
}
