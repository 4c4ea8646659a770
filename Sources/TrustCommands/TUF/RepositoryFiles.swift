import ContentTrust
import HTTPTypes
import TUF
import TUFClient
import TrustCrypto
import TrustTransport

/// The files of a TUF repository below a URL or in a directory.
struct RepositoryFiles: Sendable {
    enum Place: Sendable {
        /// Ends in a slash; what is percent-encoded in it is sent as it is.
        case url(String)
        case directory(String)
    }

    let place: Place
    let sender: RequestSender

    /// The files below a place.
    ///
    /// - Parameters:
    ///   - text: An `http` or `https` URL, else a directory.
    ///   - option: Where it was named, for messages.
    ///   - sender: Asks the server.
    /// - Throws: ``Refusal`` with ``Reason/usage`` for a URL that is none.
    init(_ text: String, option: String, sender: RequestSender) throws(Refusal) {
        self.sender = sender
        guard text.utf8.starts(with: "http://".utf8) || text.utf8.starts(with: "https://".utf8) else {
            place = .directory(text)
            return
        }
        let url: HTTPURL
        do { url = try HTTPURL(parsing: text) } catch { throw Refusal.transport(error, checked: "\(option) \(text)") }
        guard url.query == nil else {
            throw Refusal(.usage, checked: "\(option) \(text)", found: "a query", expected: "a URL that ends in a path")
        }
        place = .url(url.string.hasSuffix("/") ? url.string : url.string + "/")
    }

    /// A file.
    ///
    /// - Parameters:
    ///   - name: Its name below the place, percent-encoded; as it is in a directory.
    ///   - maximumLength: The most bytes to read.
    /// - Returns: The bytes; nil only when there is no such file: status 404.
    /// - Throws: ``RepositoryFilesError``.
    func bytes(named name: String, maximumLength: Int) async throws(RepositoryFilesError) -> [UInt8]? {
        switch place {
        case .directory(let path):
            do { return try DurableFile.read("\(path)/\(name)", limit: maximumLength) } catch { throw .file(error) }
        case .url(let base):
            let response: HTTPResponseMessage
            do throws(TransportError) {
                response = try await sender.send(
                    HTTPRequestMessage(.get, try HTTPURL(parsing: base + name)),
                    limits: RequestLimits(maximumBodyBytes: Int64(maximumLength))
                )
            } catch {
                throw .transport(error)
            }
            switch response.status.code {
            case 200: return response.body
            case 404: return nil
            default: throw .status(response.status.code, url: response.head.url.description)
            }
        }
    }
}

extension RepositoryFiles: MetadataSource {
    func bytes(of file: MetadataFile, maximumLength: Int) async throws(RepositoryFilesError) -> [UInt8]? {
        do {
            return try await bytes(named: file.name, maximumLength: maximumLength)
        } catch .status(403, _) where file.role == .root {
            // Stores that keep their listing to themselves answer so for the root after the newest. Whoever can answer 403
            // could answer 404 as well.
            return nil
        }
    }
}

/// Why a file of a repository could not be had.
enum RepositoryFilesError: Error, Sendable {
    /// The server could not be asked.
    case transport(TransportError)
    /// The server answered with something that is neither the file nor "there is none".
    case status(Int, url: String)
    /// A file in a directory could not be read, or the target not be written.
    case file(FileError)

    /// The refusal for it.
    func refusal(checked: String) -> Refusal {
        switch self {
        case .transport(let error): Refusal.transport(error, checked: checked)
        case .status(401, let url), .status(403, let url):
            Refusal(.unauthorized, checked: checked, found: "\(url) is not for everybody", cause: self)
        case .status(let code, let url):
            Refusal(
                code >= 500 || code == 429 ? .unreachable : .badResponse,
                checked: checked,
                found: "\(url) answers with status \(code)",
                cause: self
            )
        case .file(let error): Refusal.file(error, checked: checked)
        }
    }
}
