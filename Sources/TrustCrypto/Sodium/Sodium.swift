import CSodium

/// libsodium as a whole.
enum Sodium {
    /// Runs `sodium_init` once a process, whatever thread comes first.
    private static let status = sodium_init()

    /// Must precede every use of libsodium that needs random numbers or guarded memory.
    static func start() {
        // Negative: the machine has no source of random numbers. Nothing sound can be done then.
        guard status >= 0 else { fatalError("libsodium cannot start") }
    }
}
