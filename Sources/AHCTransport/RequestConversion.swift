import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
import TrustTransport

/// Between our messages and those of async-http-client.
enum RequestConversion {
    /// Fields that the transport sets itself; a caller's would let requests be framed in two ways.
    private static let ownFields: Set<HTTPField.Name> = [
        .contentLength, .transferEncoding, .connection, .upgrade, .te, .trailer, .proxyAuthorization, .expect,
    ]

    static func request(_ message: HTTPRequestMessage, watch: ExchangeWatch) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: message.url.string)
        request.method = HTTPMethod(rawValue: message.method.rawValue)
        // The client would leave the brackets off an IPv6 address.
        request.headers.add(name: "Host", value: message.url.origin.authority)
        for field in message.headers where !ownFields.contains(field.name) {
            request.headers.add(name: field.name.rawName, value: field.value)
        }
        switch message.body {
        case .none:
            break
        case .bytes(let bytes):
            request.body = .bytes(ByteBuffer(bytes: bytes))
        case .stream(length: 0, _):
            // The client would not ask for any piece; that there is none is taken on trust.
            request.body = .bytes(ByteBuffer())
        case .stream(let length, let open):
            request.body = .stream(UploadBody(length: length, open: open, watch: watch), length: .known(length))
        }
        return request
    }

    static func head(_ response: HTTPClientResponse, url: HTTPURL) throws(TransportError)
        -> TrustTransport.HTTPResponseHead
    {
        let code = Int(response.status.code)
        guard (100...999).contains(code) else {
            throw TransportError(.badResponse(.malformed), detail: "status \(code)")
        }
        var fields = HTTPFields()
        for (name, value) in response.headers {
            guard let name = HTTPField.Name(name) else {
                throw TransportError(.badResponse(.malformed), detail: "a field name that is not a token")
            }
            fields.append(HTTPField(name: name, value: value))
        }
        return TrustTransport.HTTPResponseHead(status: HTTPResponse.Status(code: code), headers: fields, url: url)
    }
}

/// A streamed request body as the client wants it, held to its declared length.
private struct UploadBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let length: Int64
    let open: @Sendable () async throws(TransportError) -> HTTPBodyProducer
    let watch: ExchangeWatch

    func makeAsyncIterator() -> Iterator {
        Iterator(body: self)
    }

    struct Iterator: AsyncIteratorProtocol {
        private let body: UploadBody
        private var produce: HTTPBodyProducer?
        private var sent: Int64 = 0
        private var isAtEnd = false

        init(body: UploadBody) {
            self.body = body
        }

        mutating func next() async throws -> ByteBuffer? {
            guard !isAtEnd else { return nil }
            body.watch.noteProgress()
            let produce: HTTPBodyProducer
            if let present = self.produce {
                produce = present
            } else {
                produce = try await body.open()
                self.produce = produce
            }
            let piece = try await nextPiece(from: produce)
            sent += Int64(piece?.count ?? 0)
            guard sent <= body.length else { throw Self.tooLong(body.length) }
            guard let piece else {
                throw TransportError(.requestBody, detail: "\(sent) bytes instead of the \(body.length) declared")
            }
            if sent == body.length {
                // Before the last piece goes out: after it the server may take the request as complete.
                guard try await nextPiece(from: produce) == nil else { throw Self.tooLong(body.length) }
                isAtEnd = true
            }
            return ByteBuffer(bytes: piece)
        }

        private func nextPiece(from produce: HTTPBodyProducer) async throws(TransportError) -> [UInt8]? {
            while let piece = try await produce() {
                body.watch.noteProgress()
                if !piece.isEmpty {
                    return piece
                }
            }
            return nil
        }

        private static func tooLong(_ length: Int64) -> TransportError {
            TransportError(.requestBody, detail: "longer than the \(length) bytes declared")
        }
    }
}
