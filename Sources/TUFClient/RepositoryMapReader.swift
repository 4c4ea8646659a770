import CanonicalJSON
import TUF

/// Reads the parts of a map file.
struct RepositoryMapReader {
    let limits: RepositoryMapLimits

    func repositories(
        _ root: JSONNode
    ) throws(RepositoryMapError) -> ([RepositoryLabel], [RepositoryLabel: [RepositoryMap.Mirror]]) {
        let node = try member("repositories", of: root, path: "", kind: .object, atMost: limits.repositories)
        var names: [RepositoryLabel] = []
        var mirrors: [RepositoryLabel: [RepositoryMap.Mirror]] = [:]
        var spellings: [String: String] = [:]
        for (key, value) in node.members {
            let name = try RepositoryLabel(key)
            if let other = spellings.updateValue(key, forKey: key.lowercased()) { throw .clashingNames(other, key) }
            names.append(name)
            mirrors[name] = try places(value, path: "repositories.\(key)")
        }
        return (names, mirrors)
    }

    func mappings(
        _ root: JSONNode,
        of known: Set<RepositoryLabel>
    ) throws(RepositoryMapError) -> [RepositoryMap.Mapping] {
        let node = try member("mapping", of: root, path: "", kind: .array, atMost: limits.mappings)
        var mappings: [RepositoryMap.Mapping] = []
        for element in node.elements {
            mappings.append(try mapping(element, path: "mapping[\(mappings.count)]", of: known))
        }
        return mappings
    }

    private func mapping(
        _ node: JSONNode,
        path: String,
        of known: Set<RepositoryLabel>
    ) throws(RepositoryMapError) -> RepositoryMap.Mapping {
        guard node.kind == .object else { throw .malformed(field: path) }
        var paths: [PathPattern] = []
        for text in try texts("paths", of: node, path: path, atMost: limits.paths) { paths.append(PathPattern(text)) }
        var repositories: [RepositoryLabel] = []
        let field = "\(path).repositories"
        for text in try texts("repositories", of: node, path: path, atMost: limits.repositories) {
            let name = try RepositoryLabel(text)
            guard known.contains(name) else { throw .unknownRepository(text, field: field) }
            guard !repositories.contains(name) else { throw .repeatedRepository(text, field: field) }
            repositories.append(name)
        }
        guard let threshold = node["threshold"]?.integer, threshold >= 1 else {
            throw .malformed(field: "\(path).threshold")
        }
        guard threshold <= repositories.count else {
            throw .thresholdTooHigh(field: "\(path).threshold", repositories: repositories.count)
        }
        guard let isTerminating = node["terminating"]?.boolean else {
            throw .malformed(field: "\(path).terminating")
        }
        return RepositoryMap.Mapping(
            paths: paths,
            repositories: repositories,
            threshold: Int(threshold),
            isTerminating: isTerminating
        )
    }

    private func places(_ node: JSONNode, path: String) throws(RepositoryMapError) -> [RepositoryMap.Mirror] {
        guard node.kind == .array, node.count > 0 else { throw .malformed(field: path) }
        guard node.count <= limits.mirrors else { throw .tooMany(field: path, limit: limits.mirrors) }
        var mirrors: [RepositoryMap.Mirror] = []
        for element in node.elements {
            let path = "\(path)[\(mirrors.count)]"
            if element.kind == .object {
                let metadata = try text(element["metadata"], path: "\(path).metadata")
                let targets = try text(element["targets"], path: "\(path).targets")
                mirrors.append(RepositoryMap.Mirror(metadata: metadata, targets: targets))
            } else {
                mirrors.append(RepositoryMap.Mirror(try text(element, path: path)))
            }
        }
        return mirrors
    }

    private func texts(
        _ key: String,
        of node: JSONNode,
        path: String,
        atMost limit: Int
    ) throws(RepositoryMapError) -> [String] {
        let list = try member(key, of: node, path: "\(path).", kind: .array, atMost: limit)
        var texts: [String] = []
        for element in list.elements { texts.append(try text(element, path: "\(path).\(key)[\(texts.count)]")) }
        return texts
    }

    private func text(_ node: JSONNode?, path: String) throws(RepositoryMapError) -> String {
        guard let string = node?.string, !string.isEmpty, string.utf8.count <= limits.textLength else {
            throw .malformed(field: path)
        }
        return string
    }

    /// An array or object that is not empty.
    private func member(
        _ key: String,
        of node: JSONNode,
        path: String,
        kind: JSONNode.Kind,
        atMost limit: Int
    ) throws(RepositoryMapError) -> JSONNode {
        guard let value = node[key], value.kind == kind, value.count > 0 else {
            throw .malformed(field: "\(path)\(key)")
        }
        guard value.count <= limit else { throw .tooMany(field: "\(path)\(key)", limit: limit) }
        return value
    }
}
