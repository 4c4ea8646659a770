import TrustTestSupport

extension World {
    /// Signs an image as `cosign sign --key` does, by its specification: `openssl` makes the signature, `curl` pushes it below the
    /// tag that cosign looks at. (Debian's skopeo 1.9.3 could sign so, but "Debian-local change: sigstore disabled".)
    ///
    /// - Parameters:
    ///   - digest: What is signed, and the tag's name.
    ///   - reference: What the signature names.
    ///   - key: A private key of `fixtures/keys`.
    /// - Throws: `ProcessError`.
    func cosign(_ digest: String, as reference: String, key: String = "p256") async throws {
        let url = "\(registry.url)/v2/team/app"
        let file = try Files.fixture("keys/\(key).pem")
        try await runSuccessfully(Command("bash", ["-ec", Self.script, "bash", url, digest, reference, file]))
    }

    private static let script = """
        url=$1 work=$(mktemp -d)
        trap 'rm -rf "$work"' EXIT
        critical='{"identity":{"docker-reference":"%s"},"image":{"docker-manifest-digest":"%s"},"type":"%s"}'
        printf "{\\"critical\\":$critical,\\"optional\\":null}" "$3" "$2" 'cosign container image signature' >"$work/payload"
        signature=$(openssl dgst -sha256 -sign "$4" "$work/payload" | base64 -w0)
        printf '{}' >"$work/config"
        digest() { printf 'sha256:%s' "$(sha256sum <"$1" | cut -c1-64)"; }
        push() {
            location=$(curl -sSf -i -X POST "$url/blobs/uploads/" | tr -d '\\r' | sed -n 's/^[Ll]ocation: //p')
            curl -sSf -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" "$location&digest=$(digest "$1")"
        }
        describe() {
            printf '"mediaType":"%s","size":%s,"digest":"%s"' "$2" "$(stat -c %s "$1")" "$(digest "$1")"
        }
        push "$work/payload"
        push "$work/config"
        type=application/vnd.oci.image.manifest.v1+json
        {
            printf '{"schemaVersion":2,"mediaType":"%s",' "$type"
            printf '"config":{%s},' "$(describe "$work/config" application/vnd.oci.image.config.v1+json)"
            printf '"layers":[{%s,' "$(describe "$work/payload" application/vnd.dev.cosign.simplesigning.v1+json)"
            printf '"annotations":{"dev.cosignproject.cosign/signature":"%s"}}]}' "$signature"
        } >"$work/manifest"
        curl -sSf -X PUT -H "Content-Type: $type" --data-binary "@$work/manifest" "$url/manifests/${2/:/-}.sig"
        """
}
