#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What could not be done with a file.
struct FileFailure: Error {
    let path: String
    let errno: Int32
}

func readFile(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    let bytes = [UInt8](unsafeUninitializedCapacity: max(size, 0)) { room, count in
        count = max(0, pread(descriptor, room.baseAddress, size, 0))
    }
    guard bytes.count == size else { throw FileFailure(path: path, errno: errno) }
    return bytes
}

func writeFile(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else { throw FileFailure(path: path, errno: errno) }
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else { throw FileFailure(path: path, errno: errno) }
}

func exitWithUsage() -> Never {
    print("usage: trust-bench [json | verify | generate TAGS DIRECTORY | memory DIRECTORY")
    print("                    | tags HOME LAYOUT NAME TAGS BINS]")
    exit(64)
}
