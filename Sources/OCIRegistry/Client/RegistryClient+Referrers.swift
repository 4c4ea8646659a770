import HTTPTypes
public import OCI
public import TrustCrypto
import TrustTransport

/// What a registry lists as being about a manifest.
public struct Referrers: Sendable, Hashable {
    /// Where the list was found.
    public enum Source: Sendable, Hashable {
        /// The registry keeps it.
        case registry
        /// The registry has no such list; whoever pushes keeps one under this tag.
        case fallbackTag(TagName)
    }

    /// The manifests, in the order of the list; what it says of their types is the lister's word.
    public let descriptors: [Descriptor]
    /// Where the list was found.
    public let source: Source
}

extension RegistryClient {
    /// Lists the manifests whose subject is a given one (distribution-spec, "Listing Referrers").
    ///
    /// A registry without such lists answers 404 to that; then the fallback tag is asked for, and only when the registry says
    /// that it does not exist is the list empty. Anything else is an error, and no empty list.
    ///
    /// - Parameter digest: The digest of the subject.
    /// - Returns: The list.
    /// - Throws: ``RegistryError``; a list with more entries or pages than ``limits`` allow is refused, not cut.
    public func referrers(of digest: Digest) async throws(RegistryError) -> Referrers {
        var descriptors: [Descriptor] = []
        var target = "\(path)/referrers/\(digest)"
        var pages = 0
        while true {
            let response = try await send(
                .get,
                target,
                scope: pull,
                headers: [.accept: MediaType.ociIndex.string],
                limits: requestLimits(limits.maximumManifestBytes)
            )
            if response.status.code == 404, pages == 0 {
                return try await fallback(digest, origin: response.origin)
            }
            guard response.isSuccess else { throw failure(response) }
            descriptors += try list(response)
            guard descriptors.count <= limits.maximumReferrers else {
                throw .badResponse(response.origin, .tooManyEntries(limit: limits.maximumReferrers))
            }
            guard let next = try nextPage(response) else {
                return Referrers(descriptors: descriptors, source: .registry)
            }
            pages += 1
            guard pages < limits.maximumReferrerPages else {
                throw .badResponse(response.origin, .tooManyEntries(limit: limits.maximumReferrerPages))
            }
            // The same page again would go on for ever.
            guard next != target else { throw .badResponse(response.origin, .header("Link")) }
            target = next
        }
    }

    /// The tag under which referrers are listed where the registry does not (distribution-spec, "Referrers Tag Schema").
    ///
    /// - Parameter digest: The digest of the subject.
    /// - Returns: The algorithm and the digits of the digest, of which a tag has room for 64.
    public static func referrersTag(of digest: Digest) -> TagName {
        do throws(OCIError) {
            return try TagName("\(digest.algorithm.rawValue)-\(digest.hex.prefix(64))")
        } catch {
            preconditionFailure("a digest that makes no tag")
        }
    }

    private func list(_ response: HTTPResponseMessage) throws(RegistryError) -> [Descriptor] {
        guard response.headers[.contentType].flatMap(MediaType.init(contentType:)) == .ociIndex else {
            throw .badResponse(response.origin, .header("Content-Type"))
        }
        do throws(OCIError) {
            return try Index(parsing: response.body, as: .ociIndex).manifests
        } catch {
            throw RegistryError(error, origin: response.origin)
        }
    }

    private func fallback(_ digest: Digest, origin: HTTPOrigin) async throws(RegistryError) -> Referrers {
        let tag = Self.referrersTag(of: digest)
        guard let content = try await manifest(.tag(tag)) else {
            return Referrers(descriptors: [], source: .fallbackTag(tag))
        }
        let index: Index
        do throws(OCIError) {
            index = try Index(parsing: content.bytes, as: content.descriptor.mediaType)
        } catch {
            throw RegistryError(error, origin: origin)
        }
        guard index.manifests.count <= limits.maximumReferrers else {
            throw .badResponse(origin, .tooManyEntries(limit: limits.maximumReferrers))
        }
        return Referrers(descriptors: index.manifests, source: .fallbackTag(tag))
    }
}
