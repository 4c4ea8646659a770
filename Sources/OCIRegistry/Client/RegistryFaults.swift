import CanonicalJSON
import HTTPTypes
package import TrustTransport

extension RegistryFault {
    /// The largest error body that is read, in bytes.
    static let maximumBody = 65_536
    private static let maximumFaults = 10

    /// Reads the `errors` of an answer; empty for a body that is none, which is what decides whether a 404 means anything.
    package static func parse(_ body: [UInt8]) -> [RegistryFault] {
        let limits = JSONLimits(maximumBytes: maximumBody, maximumDepth: 16, maximumValues: 10_000)
        guard let document = try? JSONDocument(parsing: body, limits: limits),
            let errors = document.root["errors"], errors.kind == .array
        else { return [] }
        var faults: [RegistryFault] = []
        for entry in errors.elements.prefix(maximumFaults) {
            guard let code = entry["code"]?.string, code.utf8.count <= 64 else { return [] }
            faults.append(RegistryFault(code: code, message: cut(entry["message"]?.string ?? "")))
        }
        return faults
    }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= 500 ? text : String(decoding: text.utf8.prefix(497), as: UTF8.self) + "..."
    }
}

/// The codes that say that something asked for does not exist (distribution-spec, "Error Codes").
enum AbsenceCodes {
    static let manifest: Set<String> = ["MANIFEST_UNKNOWN", "NAME_UNKNOWN"]
    static let blob: Set<String> = ["BLOB_UNKNOWN", "NAME_UNKNOWN"]
    static let repository: Set<String> = ["NAME_UNKNOWN"]
}

extension HTTPResponseMessage {
    var origin: HTTPOrigin { head.url.origin }

    /// Whether the status is one of success.
    package var isSuccess: Bool { status.kind == .successful }

    /// Whether this is a 404 that says by its code, and by nothing else, that what was asked for does not exist.
    package func says(_ codes: Set<String>) -> Bool {
        guard status.code == 404 else { return false }
        let faults = RegistryFault.parse(body)
        return !faults.isEmpty && faults.allSatisfy { codes.contains($0.code) }
    }

    /// The error that an answer without success means.
    package func failure(now: Int64) -> RegistryError {
        let faults = RegistryFault.parse(body)
        switch status.code {
        case 401:
            // The registry's own 401 never gets here; this is from where it redirected to, which gets no credentials.
            return .unauthorized(.unauthorized(origin, hadCredentials: false))
        case 403: return .denied(origin, faults)
        case 429:
            return .rateLimited(origin, retryAfter: headers[.retryAfter].flatMap { RetryAfter.delay($0, now: now) })
        case 500...599: return .serverError(origin, status: status.code)
        default: return .badResponse(origin, .status(status.code, faults))
        }
    }
}
