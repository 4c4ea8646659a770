import CanonicalJSON
import HTTPTypes
public import OCI
import TrustTransport

extension RegistryClient {
    /// The largest page of a list that is read, in bytes.
    private static let maximumPage = 16 << 20

    /// Lists the repository's tags, page by page.
    ///
    /// - Returns: The tags in the registry's order; nil when the registry says that there is no such repository.
    /// - Throws: ``RegistryError``; a list with more tags or pages than ``limits`` allow is refused, not cut.
    public func tags() async throws(RegistryError) -> [TagName]? {
        var tags: [TagName] = []
        var target = "\(path)/tags/list?n=1000"
        var pages = 0
        while true {
            let response = try await send(
                .get,
                target,
                scope: pull,
                headers: [.accept: "application/json"],
                limits: requestLimits(Self.maximumPage)
            )
            if response.says(AbsenceCodes.repository) { return nil }
            guard response.isSuccess else { throw failure(response) }
            tags += try page(response)
            guard tags.count <= limits.maximumTags else {
                throw .badResponse(response.origin, .tooManyEntries(limit: limits.maximumTags))
            }
            guard let next = try nextPage(response) else { return tags }
            pages += 1
            guard pages < limits.maximumPages else {
                throw .badResponse(response.origin, .tooManyEntries(limit: limits.maximumPages))
            }
            // The same page again would go on for ever.
            guard next != target else { throw .badResponse(response.origin, .header("Link")) }
            target = next
        }
    }

    private func page(_ response: HTTPResponseMessage) throws(RegistryError) -> [TagName] {
        let problem = RegistryError.badResponse(response.origin, .body)
        let limits = JSONLimits(maximumBytes: Self.maximumPage, maximumDepth: 8, maximumValues: 2_000_000)
        let root: JSONNode
        do throws(JSONError) {
            root = try JSONDocument(parsing: response.body, limits: limits).root
        } catch {
            throw problem
        }
        // A repository whose tags have all been deleted has null.
        guard root.kind == .object, let list = root["tags"], list.kind == .array || list.kind == .null else {
            throw problem
        }
        var tags: [TagName] = []
        for element in list.elements {
            guard let string = element.string else { throw problem }
            do throws(OCIError) {
                tags.append(try TagName(string))
            } catch {
                throw problem
            }
        }
        return tags
    }

    /// Path and query of the next page, which must be at the origin that answered.
    func nextPage(_ response: HTTPResponseMessage) throws(RegistryError) -> String? {
        let problem = RegistryError.badResponse(response.origin, .header("Link"))
        guard let header = LinkHeader(response.headers[values: .link]) else { throw problem }
        guard let next = header.next else { return nil }
        do throws(TransportError) {
            let url = try response.head.url.resolving(next)
            guard url.origin == response.origin else { throw TransportError(.invalidURL) }
            return url.target
        } catch {
            throw problem
        }
    }
}
