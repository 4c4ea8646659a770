import NotaryAPI
import OCI
import TUF
import TrustCrypto

/// Where copied files of a Notary collection lie.
enum NotaryFiles: Sendable {
    /// In an archive.
    case archive(FileArchive)
    /// In docker's or notary's cache: the directory `metadata` of a collection. It has the newest file of each role alone.
    case cache(directory: String)
    /// In memory, before they become an archive.
    case memory([MetadataFile: [UInt8]])

    /// Opens an archive, or the cache in docker's or notary's directory.
    ///
    /// - Parameters:
    ///   - path: The archive or the directory.
    ///   - gun: The collection.
    /// - Throws: ``TrustStoreError``.
    init(opening path: String, gun: GUN) throws(TrustStoreError) {
        do throws(OCIError) {
            self = .archive(try NotaryArchive.open(path))
        } catch .file(.wrongFileType) {
            self = .cache(directory: "\(path)/tuf/\(gun)/metadata")
        } catch {
            throw Self.failure(error, path)
        }
    }

    /// The bytes of a file; nil when it is not there. One that is asked for by its digest has that digest.
    func bytes(of file: MetadataFile, limit: Int, path: String) throws(TrustStoreError) -> [UInt8]? {
        guard file.role.isOfNotary else { return nil }
        let bytes: [UInt8]?
        switch self {
        case .archive(let archive):
            do throws(OCIError) {
                bytes = try archive.bytes(of: NotaryArchive.name(of: file), limit: limit)
            } catch .tooLarge(_) {
                throw .tooLarge(file: file.name, limit: limit)
            } catch {
                throw Self.failure(error, path)
            }
        case .cache(let directory):
            // What a role's only file there is shows its digest.
            guard file.version == nil else { return nil }
            do throws(FileError) {
                bytes = try DurableFile.read("\(directory)/\(file.role).json", limit: limit)
            } catch .tooLarge(_, let limit) {
                throw .tooLarge(file: file.name, limit: limit)
            } catch {
                throw .file(error)
            }
        case .memory(let files):
            bytes = files[file]
        }
        guard let bytes, let digest = file.digest else { return bytes }
        return Digest.compute(digest.algorithm, over: bytes.span) == digest ? bytes : nil
    }

    private static func failure(_ error: OCIError, _ path: String) -> TrustStoreError {
        switch error {
        case .file(let error): return .file(error)
        case .archive(_, .notALayout):
            return .notTrustData(store: path, problem: "no archive that trustctl notary mirror wrote")
        case .archive(_, let problem):
            return .notTrustData(
                store: path,
                problem: "no archive of trustctl notary mirror that can be read in one way only: \(problem)"
            )
        default: return .layout(error)
        }
    }
}

extension RoleName {
    /// Whether a role may have that name in Notary's dialect. Such a name, which has slashes, leaves no directory.
    var isOfNotary: Bool {
        guard !Self.topLevel.contains(self) else { return true }
        let parts = string.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return string.utf8.count < 256 && parts.count > 1 && parts[0].elementsEqual("targets".utf8)
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.allSatisfy {
                        (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f
                    }
            }
    }
}
