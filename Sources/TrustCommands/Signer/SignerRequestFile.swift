import ContentTrust
import TUF
import TrustCrypto

/// The file in which a request to become a signer travels.
enum SignerRequestFile {
    /// Reads a request.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - name: The signer that it must be for.
    /// - Returns: The request; nobody has checked its signatures.
    /// - Throws: ``Refusal``.
    static func read(_ path: String, of name: RoleName) throws(Refusal) -> SignerRequest {
        let bytes = try InputFile.read(path, limit: SignerRequest.maximumLength, option: "the request")
        let request: SignerRequest
        do {
            request = try SignerRequest(parsing: bytes)
        } catch {
            throw Refusal(
                .badSignature,
                checked: "the request \(path)",
                found: "not a request to become a signer: \(error)",
                expected: "a file that trustctl signer request wrote",
                cause: error
            )
        }
        guard request.role == name else {
            throw Refusal(
                .usage,
                checked: "the request \(path)",
                found: "it is for the signer \(request.role)",
                expected: "one for \(name)"
            )
        }
        return request
    }

    /// The first file of the role, which every key of the request has signed.
    ///
    /// - Parameter request: The request.
    /// - Returns: The file.
    /// - Throws: ``Refusal`` with ``Reason/badSignature``.
    static func verified(_ request: SignerRequest) throws(Refusal) -> Verified<Targets> {
        do {
            return try request.verified()
        } catch {
            let repository = request.repository ?? "REPO"
            throw Refusal(
                .badSignature,
                checked: "the request for the signer \(request.role)",
                found: "not every key in it has signed it",
                next: "the signer makes a new one: trustctl signer request \(repository) \(request.role) --out FILE",
                cause: error
            )
        }
    }
}
