import COpenSSL
import CSodium

/// The numbers of a key on their way into libcrypto; secret ones in memory that is wiped afterwards.
struct KeyParameters: ~Copyable {
    private let arena: UnsafeMutableRawPointer
    private let capacity: Int
    private var used = 0
    private var parameters: [OSSL_PARAM] = []

    /// Whether the values are in guarded memory, which takes several system calls.
    private let isSecret: Bool

    /// - Parameters:
    ///   - capacity: Upper bound of the bytes of all values, each counted with one more for its terminator.
    ///   - isSecret: Whether some of the values are.
    init(capacity: Int, isSecret: Bool) {
        if isSecret {
            Sodium.start()
            guard let arena = sodium_malloc(capacity) else { fatalError("no memory for the numbers of a key") }
            self.arena = arena
        } else {
            arena = .allocate(byteCount: capacity, alignment: 16)
        }
        self.capacity = capacity
        self.isSecret = isSecret
    }

    deinit {
        if isSecret { sodium_free(arena) } else { arena.deallocate() }
    }

    mutating func add(_ name: StaticString, text: StaticString) {
        let count = text.utf8CodeUnitCount
        let value = reserve(count + 1)
        UnsafeMutableRawPointer(value.baseAddress)?.copyMemory(from: text.utf8Start, byteCount: count + 1)
        value.withMemoryRebound(to: CChar.self) {
            parameters.append(OSSL_PARAM_construct_utf8_string(Self.cString(name), $0.baseAddress, count))
        }
    }

    mutating func add(_ name: StaticString, octets: Span<UInt8>) {
        let value = reserve(octets.count)
        octets.withUnsafeBufferPointer { _ = value.update(from: $0) }
        parameters.append(OSSL_PARAM_construct_octet_string(Self.cString(name), value.baseAddress, octets.count))
    }

    /// Adds an unsigned, big-endian number.
    mutating func add(_ name: StaticString, number: Span<UInt8>) {
        let value = reserve(number.count)
        for index in number.indices {
            // libcrypto takes numbers in the byte order of the machine.
            #if _endian(little)
                value[number.count - 1 - index] = number[index]
            #else
                value[index] = number[index]
            #endif
        }
        parameters.append(OSSL_PARAM_construct_BN(Self.cString(name), value.baseAddress, number.count))
    }

    /// Makes a key of the collected numbers.
    ///
    /// - Returns: An `EVP_PKEY` for the caller to free, or nil when libcrypto refuses the numbers.
    mutating func makeKey(type: String, selection: CInt) -> OpaquePointer? {
        parameters.append(OSSL_PARAM_construct_end())
        return OpenSSL.attempt {
            let context = OpenSSL.require(EVP_PKEY_CTX_new_from_name(nil, type, nil))
            defer { EVP_PKEY_CTX_free(context) }
            var key: OpaquePointer?
            guard EVP_PKEY_fromdata_init(context) == 1,
                EVP_PKEY_fromdata(context, &key, selection, &parameters) == 1
            else {
                EVP_PKEY_free(key)
                return nil
            }
            return key
        }
    }

    private mutating func reserve(_ count: Int) -> UnsafeMutableBufferPointer<UInt8> {
        precondition(count <= capacity - used)
        defer { used += count }
        return UnsafeMutableBufferPointer(
            start: (arena + used).assumingMemoryBound(to: UInt8.self),
            count: count
        )
    }

    /// libcrypto keeps the pointer to the name, so it must be one that stays.
    private static func cString(_ name: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
