import ContentTrust
import OCI

/// What is wrong with a reference, in words.
enum ReferenceText {
    /// The refusal for a text that is not a reference.
    ///
    /// - Parameters:
    ///   - error: What reading it threw.
    ///   - text: The text.
    ///   - option: Where it stood.
    /// - Returns: The refusal.
    static func refusal(_ error: OCIError, text: String, option: String = "reference") -> Refusal {
        guard case .invalidReference(_, let problem) = error else {
            return Refusal(.usage, checked: "\(option) \(text)", found: "\(error)", cause: error)
        }
        let (found, expected) = words(problem)
        return Refusal(.usage, checked: "\(option) \(shortened(text))", found: found, expected: expected, cause: error)
    }

    /// Long texts are not worth repeating in full.
    static func shortened(_ text: String) -> String {
        text.count > 200 ? "\(text.prefix(200))…" : text
    }

    private static func words(_ problem: ReferenceProblem) -> (found: String, expected: String?) {
        let form = "REPO[:TAG][@DIGEST] as docker writes it"
        switch problem {
        case .empty:
            return ("nothing", form)
        case .tooLong(let limit):
            return ("a part of it is too long", "at most \(limit) bytes")
        case .scheme:
            return ("a scheme in front of it", "the reference without docker:// or https://")
        case .imageID:
            return ("an image ID, which no registry knows", form)
        case .upperCase:
            return ("capital letters in the repository", "a repository in lower case")
        case .registry:
            return ("something that is not HOST[:PORT] before the first slash", form)
        case .path:
            return ("a repository path that is not one", "lower-case letters and digits, with . _ - between them")
        case .tag:
            return ("a tag that is not one", "1 to 128 letters, digits, . _ - that begin with none of . -")
        case .digest:
            return ("a digest that is not one", "sha256: and 64 lower-case hexadecimal digits")
        case .imageName:
            return ("an image name that is not one", "a tag, or the image's name in index.json of the layout")
        case .filePath:
            return ("no path", "oci:PATH[:TAG], oci-archive:FILE[:TAG] or dir:PATH")
        }
    }
}
