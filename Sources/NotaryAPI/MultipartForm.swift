import TrustCrypto

/// A `multipart/form-data` body with one part for each role's file (RFC 7578), as Go's client sends it.
struct MultipartForm: Sendable {
    let contentType: String
    let body: [UInt8]

    /// - Parameter files: Name and bytes of each part. Names are those of roles, which have no quotes or line ends.
    init(files: [(name: String, bytes: [UInt8])]) {
        // Random, so that no file can hold it.
        let boundary = SecureRandom.uuid() + SecureRandom.uuid()
        var body: [UInt8] = []
        for (name, bytes) in files {
            body += Array("--\(boundary)\r\n".utf8)
            body += Array("Content-Disposition: form-data; name=\"files\"; filename=\"\(name)\"\r\n".utf8)
            body += Array("Content-Type: application/octet-stream\r\n\r\n".utf8)
            body += bytes
            body += Array("\r\n".utf8)
        }
        body += Array("--\(boundary)--\r\n".utf8)
        contentType = "multipart/form-data; boundary=\(boundary)"
        self.body = body
    }
}
