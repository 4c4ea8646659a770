import CanonicalJSON
import TrustCrypto

/// The files `oci-layout` and `index.json` of an OCI image layout (image-spec, image-layout.md).
enum LayoutIndex {
    static let markerName = "oci-layout"
    static let indexName = "index.json"
    static let marker = Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)
    static let markerLimit = 4096
    static let empty = Index(manifests: []).bytes

    /// Whether the content of `oci-layout` names the version that exists.
    static func isMarker(_ bytes: [UInt8]) -> Bool {
        guard let document = try? FieldReader.parse(bytes),
            let reader = try? FieldReader(document.root, at: "", known: ["imageLayoutVersion"])
        else { return false }
        return reader.optional("imageLayoutVersion")?.string == "1.0.0"
    }

    /// The entry of that name among the images of a layout.
    ///
    /// A name is that of `org.opencontainers.image.ref.name` or, as `docker save` and containerd write it,
    /// `io.containerd.image.name`. Several entries of one name are one image when they have the same digest.
    static func find(_ name: ImageName?, in entries: [Descriptor]) throws(OCIError) -> Descriptor {
        let candidates =
            if let name {
                entries.filter { entry in
                    [Annotations.refName, Annotations.containerdImageName].contains { key in
                        entry.annotations[key].map { $0.utf8.elementsEqual(name.string.utf8) } ?? false
                    }
                }
            } else {
                entries
            }
        guard let first = candidates.first else { throw .imageNotFound(name: name?.string) }
        guard candidates.allSatisfy({ $0.digest == first.digest && $0.mediaType == first.mediaType }) else {
            throw .imageAmbiguous(name: name?.string)
        }
        return first
    }

    /// `index.json` with the entry of a name replaced. All else stays as it is, also what is not understood here.
    static func replacing(_ name: ImageName, with entry: Descriptor, in bytes: [UInt8]) throws(OCIError) -> [UInt8] {
        let document = try FieldReader.parse(bytes)
        // Reads it whole, so that nothing is added to a document that others would refuse.
        _ = try Index(document: document, as: .ociIndex)
        guard case .object(var object) = document.root.value(), case .array(let old)? = object["manifests"] else {
            throw .invalidField("manifests")
        }
        var entries = old.filter { value in
            guard case .object(let member) = value, case .object(let annotations)? = member["annotations"],
                case .string(let found)? = annotations[Annotations.refName]
            else { return true }
            return !found.utf8.elementsEqual(name.string.utf8)
        }
        var entry = entry
        entry.annotations[Annotations.refName] = name.string
        entries.append(entry.json)
        object["manifests"] = .array(entries)
        return JSONValue.object(object).jsonBytes(pretty: false)
    }
}
