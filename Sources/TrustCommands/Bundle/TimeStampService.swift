import ContentTrust
import HTTPTypes
import TrustCrypto
import TrustTransport

/// A time stamping service over HTTP (RFC 3161 §3.4).
struct TimeStampService: Sendable {
    private let url: HTTPURL
    private let sender: RequestSender

    /// A service.
    ///
    /// - Parameters:
    ///   - text: Its URL. Plain HTTP is as good as any: the answer is signed, and fits one question.
    ///   - sender: Sends the question.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    init(_ text: String, sender: RequestSender) throws(Refusal) {
        do throws(TransportError) { url = try HTTPURL(parsing: text) } catch {
            throw Refusal.transport(error, checked: "--tsa \(ReferenceText.shortened(text))")
        }
        var sender = sender
        sender.redirects = RedirectPolicy(plainHTTP: .allowPlainHTTP)
        self.sender = sender
    }

    /// Has a digest stamped.
    ///
    /// - Parameters:
    ///   - digest: The digest.
    ///   - authorities: Who must have certified the service.
    /// - Returns: The stamp, verified.
    /// - Throws: ``Refusal``.
    func stamp(_ digest: Digest, trusting authorities: [Certificate]) async throws(Refusal) -> TimeStampToken {
        let checked = "the time stamping service \(url)"
        let question = TimeStampRequest(digest)
        var request = HTTPRequestMessage(
            .post,
            url,
            headers: [.contentType: TimeStampRequest.mediaType, .accept: TimeStampRequest.responseMediaType],
            body: .bytes(question.der)
        )
        // A second stamp of the same harms nobody.
        request.isIdempotent = true
        let response: HTTPResponseMessage
        do throws(TransportError) {
            let limits = RequestLimits(maximumBodyBytes: Int64(TimeStampRequest.maximumResponseLength))
            response = try await sender.send(request, limits: limits)
        } catch {
            throw Refusal.transport(error, checked: checked)
        }
        guard response.status == .ok else {
            throw Refusal(.badResponse, checked: checked, found: "status \(response.status.code)")
        }
        do throws(TimeStampError) {
            return try question.token(from: response.body, trusting: authorities)
        } catch {
            throw Refusal.timeStamp(error, checked: checked)
        }
    }
}
