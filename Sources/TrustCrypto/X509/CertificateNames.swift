/// Which collections a root certificate speaks for (Notary v1's `MatchCNToGun`).
public enum CertificateNames {
    /// Whether a common name covers a collection. Compared by bytes.
    ///
    /// - Parameters:
    ///   - commonName: The name itself, or a prefix of names followed by one or more `*`.
    ///   - collection: The collection's name, in Notary's words the GUN.
    /// - Returns: True when it does. A name of stars only covers everything; an empty one nothing.
    public static func covers(_ commonName: String, _ collection: String) -> Bool {
        let (name, wanted) = (commonName.utf8, collection.utf8)
        guard !name.isEmpty else { return false }
        if name.elementsEqual(wanted) { return true }
        guard name.last == star else { return false }
        var prefix = name[...]
        while prefix.last == star { prefix.removeLast() }
        return wanted.starts(with: prefix)
    }

    private static let star = UInt8(ascii: "*")
}

extension Certificate {
    /// Whether the common name is a collection's name, or a prefix of it followed by `*`.
    ///
    /// - Parameter collection: The collection's name.
    /// - Returns: False without a common name.
    public func covers(_ collection: String) -> Bool {
        commonName.map { CertificateNames.covers($0, collection) } ?? false
    }
}
