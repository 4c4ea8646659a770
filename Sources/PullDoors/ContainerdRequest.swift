import CanonicalJSON
package import ContentTrust
import OCI
import TrustCrypto

/// What containerd asks a program in its `bin_dir` (docs/image-verification.md of containerd).
package struct ContainerdRequest: Sendable {
    /// The most bytes that are read from standard input: a descriptor may carry annotations.
    package static let maximumInputLength = 4 << 20

    /// What is about to be pulled, or run.
    package let question: ImageQuestion

    private enum InputType: String {
        /// The descriptor of the image.
        case descriptor = "application/vnd.oci.descriptor.v1+json"
        /// The descriptor beside what is known of the pod, where containerd's `verify_on_run` is set.
        case wrapped = "application/vnd.containerd.image-verifier.input.v1+json"
    }

    /// Reads a request.
    ///
    /// - Parameters:
    ///   - arguments: Flags as Go's `flag` package reads them, such as `-name`.
    ///   - input: Standard input, of the media type that an argument names.
    /// - Throws: ``ContentTrust/Refusal`` with ``ContentTrust/Reason/usage`` for what is missing, unknown or contradictory: a flag
    ///   that is not understood may mean anything.
    package init(arguments: [String], input: [UInt8]) throws(Refusal) {
        let flags = try Self.flags(arguments)
        func required(_ name: String) throws(Refusal) -> String {
            guard let value = flags[name], !value.isEmpty else {
                throw Self.wrong("no -\(name)", expected: "-name REF -digest DIGEST -stdin-media-type TYPE")
            }
            return value
        }
        let digest: Digest
        do { digest = try Digest(parsing: try required("digest")) } catch let error as Refusal { throw error } catch {
            throw Self.wrong("-digest \(flags["digest"] ?? "")", expected: "a digest")
        }
        let asked = try ImageQuestion(try required("name"))
        guard case .registry = asked.subject else {
            throw Self.wrong("-name \(asked.reference)", expected: "an image in a registry")
        }
        // containerd takes names as they are: a short one means a host there, and Docker Hub to docker.
        let full = asked.subject.description
        let rest = (flags["name"] ?? "").utf8.dropFirst(full.utf8.count).first
        guard flags["name"]?.utf8.starts(with: full.utf8) == true,
            rest == nil || rest == UInt8(ascii: ":") || rest == UInt8(ascii: "@")
        else {
            throw Self.wrong("-name \(asked.reference), which is short for \(full)", expected: "a full name")
        }
        if let named = asked.digest, named != digest {
            throw Self.wrong("-digest \(digest) for \(asked.reference)", expected: "the digest that the name has")
        }
        let type = try required("stdin-media-type")
        guard let type = InputType(rawValue: type) else {
            throw Self.wrong("-stdin-media-type \(type)", expected: InputType.descriptor.rawValue)
        }
        let descriptor = try Self.descriptor(input, type)
        guard descriptor.digest == digest else {
            throw Self.wrong("a descriptor of \(descriptor.digest)", expected: "of \(digest), as -digest says")
        }
        guard descriptor.mediaType.isManifest || descriptor.mediaType.isIndex else {
            throw Self.wrong("a descriptor of \(descriptor.mediaType)", expected: "an image manifest or an index")
        }
        var question = ImageQuestion(subject: asked.subject, tag: asked.tag, digest: digest)
        question.descriptor = descriptor
        question.requester = flags["operation"].map { "containerd (\($0))" } ?? "containerd"
        self.question = question
    }

    private static let known: Set<String> = ["name", "digest", "stdin-media-type", "operation"]

    private static func flags(_ arguments: [String]) throws(Refusal) -> [String: String] {
        var flags: [String: String] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-") else { throw wrong("the argument \(argument)", expected: "a flag") }
            let text = argument.drop { $0 == "-" }
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard known.contains(name) else {
                throw wrong("the flag \(argument)", expected: known.sorted().map { "-\($0)" }.joined(separator: ", "))
            }
            guard flags[name] == nil else { throw wrong("-\(name) twice", expected: "it once") }
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                throw wrong("-\(name) without a value", expected: "-\(name) VALUE")
            }
            flags[name] = value
        }
        return flags
    }

    private static func descriptor(_ input: [UInt8], _ type: InputType) throws(Refusal) -> Descriptor {
        guard input.count <= maximumInputLength else {
            throw wrong("more than \(maximumInputLength) bytes on standard input", expected: "a descriptor")
        }
        do {
            let document = try JSONDocument(parsing: input)
            switch type {
            case .descriptor: return try Descriptor(document.root, at: "descriptor")
            case .wrapped:
                guard let node = document.root["descriptor"] else {
                    throw wrong("no descriptor on standard input", expected: "a member descriptor")
                }
                return try Descriptor(node, at: "descriptor")
            }
        } catch let error as Refusal {
            throw error
        } catch {
            throw Refusal(
                .usage,
                checked: "the request of containerd",
                found: "standard input is no descriptor"
                    + ((error as? JSONError).map { ", nor JSON: \(Refusal.words($0))" } ?? ""),
                expected: "the image's descriptor as JSON",
                cause: error
            )
        }
    }

    private static func wrong(_ found: String, expected: String) -> Refusal {
        Refusal(
            .usage,
            checked: "the request of containerd",
            found: found,
            expected: expected,
            next: "should this containerd be newer than trustctl, install a newer trustctl"
        )
    }
}
