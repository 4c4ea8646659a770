import Harness
import OCI

/// Whatever the text is: no trap, and what is accepted is written in a form that is read as the same again.
@c(LLVMFuzzerTestOneInput)
public func fuzzReference(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: fuzzInput(start, count), as: UTF8.self)
    checkReference(text)
    checkLocation(text)
    if let platform = try? Platform(parsing: text) {
        require(platform.normalized == platform, "a platform is not normal")
        require((try? Platform(parsing: platform.description)) == platform, "a platform does not come back")
        require(platform.matches(platform), "a platform is not itself")
    }
    if let type = MediaType(text) { require(MediaType(contentType: text) == type, "two media types") }
    if let type = MediaType(contentType: text) { require(MediaType(type.string) == type, "a wrong media type") }
    return 0
}

private func checkReference(_ text: String) {
    guard let reference = try? Reference(parsing: text) else { return }
    let name = reference.repository
    require((try? Reference(parsing: reference.description)) == reference, "a reference does not come back")
    require((try? RepositoryName(parsing: name.description)) == name, "a name does not come back")
    require(isSafe(reference.description), "a reference has unexpected characters")
    require((1...255).contains(name.registry.utf8.count) && (1...255).contains(name.path.utf8.count), "too long")
    require(!name.path.utf8.contains { (0x41...0x5A).contains($0) }, "a capital letter in a path")
    require(
        !name.path.split(separator: "/", omittingEmptySubsequences: false).contains { $0.isEmpty || $0 == ".." },
        "a path"
    )
    if let tag = reference.tag { require((1...128).contains(tag.string.utf8.count), "a tag's length") }
    if reference.tag == nil, reference.digest == nil {
        require((try? RepositoryName(parsing: text)) == name, "a name is read differently by itself")
    } else {
        require((try? RepositoryName(parsing: text)) == nil, "a name with a tag or digest")
    }
}

private func checkLocation(_ text: String) {
    guard let location = try? ImageLocation(parsing: text) else { return }
    require((try? ImageLocation(parsing: location.description)) == location, "a location does not come back")
    switch location {
    case .registry(let reference): require((try? Reference(parsing: text)) == reference, "another reference")
    case .layout(let path, _), .archive(let path, _):
        require(!path.isEmpty && !path.utf8.contains(0) && !path.utf8.contains(0x3A), "a wrong path")
    case .directory(let path): require(!path.isEmpty && !path.utf8.contains(0), "a wrong path")
    }
}

private func isSafe(_ text: String) -> Bool { text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
