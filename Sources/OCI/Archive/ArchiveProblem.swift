/// What is wrong with an archive of an image.
public enum ArchiveProblem: Sendable, Hashable {
    /// It is compressed; it must be unpacked first (`gzip -d`).
    case compressed
    /// It is not a tar archive: a header is damaged at this offset, in bytes.
    case damagedHeader(offset: Int64)
    /// It ends too early.
    case truncated
    /// Something other than zeros follows its end.
    case trailingData
    /// An entry is neither a regular file nor a folder, or uses an extension that is not read here.
    case unsupportedEntry(name: String)
    /// An entry's name is absolute, leaves the archive, or is not plain ASCII.
    case unsafeName(name: String)
    /// Two entries have the same name, so that programs may differ in which one they take.
    case duplicateEntry(name: String)
    /// An entry that does not belong to an OCI image layout, but might be read by a program that loads the archive.
    case foreignEntry(name: String)
    /// It is no OCI image layout; `docker save` before version 25 wrote such archives.
    case notALayout
    /// docker's `manifest.json` names an image that `index.json` does not lead to.
    case disagreeingManifest
    /// Loading the archive would also bring in another image than the one that was checked.
    case otherImage(String)
}
