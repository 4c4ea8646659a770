public import TUF
import TrustCrypto

extension TrustPolicy {
    /// Reads a policy from a file. What it names is read from beside it.
    ///
    /// Whoever can write a policy says what this machine trusts: the file, and those that it names, must belong to the user or to
    /// root, and nobody else may write them. A link may lead to them; what it leads to is looked at.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - now: The time, for warnings of exceptions that have ended; nil gives none.
    /// - Throws: ``Refusal`` with ``Reason/usage`` as ``init(parsing:name:now:files:)``, and when there is no such file; with
    ///   ``Reason/storage`` when it cannot be read, or others can write it.
    public init(contentsOf path: String, now: Instant? = nil) throws(Refusal) {
        let bytes = try Self.read(path, limit: Self.maximumLength, checked: "policy \(path)")
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) + "/" } ?? ""
        try self.init(parsing: bytes, name: path, now: now) { (file) throws(Refusal) in
            let place = file.utf8.first == UInt8(ascii: "/") ? file : folder + file
            return try Self.read(place, limit: Certificate.maximumTextLength, checked: "policy \(path): \(place)")
        }
    }

    private static func read(_ path: String, limit: Int, checked: String) throws(Refusal) -> [UInt8] {
        guard let bytes = try OwnFile.read(path, limit: limit, checked: checked) else {
            throw Refusal(.usage, checked: checked, found: "no such file")
        }
        return bytes
    }
}
