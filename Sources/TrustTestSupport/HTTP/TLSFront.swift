/// A port of 127.0.0.1 that speaks TLS and hands what it hears to a plain server of the test.
///
/// The TLS is Python's, in a process of its own: what `RawServer` is good for is being plain, and the product's TLS is
/// under test.
public final class TLSFront: Sendable {
    /// `127.0.0.1:PORT`.
    public let authority: String

    private let port: ReservedPort
    private let process: RunningProcess

    /// Starts it and waits until it listens.
    ///
    /// - Parameters:
    ///   - server: The plain server.
    ///   - certificates: Whose server certificate it shows.
    /// - Throws: `FixtureError` when there is no port, `ProcessError` when it does not start.
    public init(of server: RawServer, _ certificates: CertificateAuthority) async throws {
        port = try ReservedPort()
        authority = "127.0.0.1:\(port.number)"
        let arguments = [certificates.serverCertificate, certificates.serverKey, "\(port.number)", "\(server.port)"]
        process = try await RunningProcess.start(Command("python3", ["-c", Self.program] + arguments))
        try await process.waitForOutput("listening")
    }

    deinit { process.kill() }

    /// Ends it: connections to the port are refused from then on.
    public func stop() async {
        process.kill()
        _ = try? await process.wait()
    }

    private static let program = """
        import asyncio, ssl, sys
        certificate, key, port, server = sys.argv[1:]

        async def pump(reader, writer):
            try:
                while piece := await reader.read(65536):
                    writer.write(piece)
                    await writer.drain()
            except OSError:
                pass
            finally:
                writer.close()

        async def serve(reader, writer):
            try:
                inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", int(server))
            except OSError:
                return writer.close()
            await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

        async def main():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            listener = await asyncio.start_server(serve, "127.0.0.1", int(port), ssl=context)
            print("listening", flush=True)
            await listener.serve_forever()

        asyncio.run(main())
        """
}
