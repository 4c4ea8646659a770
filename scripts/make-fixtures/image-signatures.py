#!/usr/bin/env python3
"""Makes fixtures/signatures: signatures of images as cosign and notation write them, by their specifications.

    python3 -m venv VENV && VENV/bin/pip install cryptography cbor2
    VENV/bin/python scripts/make-fixtures/image-signatures.py

It shares nothing with trustctl: keys, certificates and signatures are those of the Python package cryptography, CBOR is
that of cbor2. Each run makes new keys. `cases.json` says what must be said of each file.
"""

import base64
import datetime
import hashlib
import json
import pathlib
import shutil

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

OUT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "signatures"
NOW = 1_796_083_200  # 2026-12-01T00:00:00Z
DAY = 86_400
IMAGE = {
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "digest": "sha256:" + hashlib.sha256(b"an image").hexdigest(),
    "size": 528,
}
OTHER = "sha256:" + hashlib.sha256(b"another image").hexdigest()

cases = []


def write(name, content):
    path = OUT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def case(file, expected, **more):
    cases.append({"file": file, "expected": expected, **more})


# Keys

KEYS = {
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p384": ec.generate_private_key(ec.SECP384R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
    "rsa2048": rsa.generate_private_key(65537, 2048),
    "rsa3072": rsa.generate_private_key(65537, 3072),
    "rsa4096": rsa.generate_private_key(65537, 4096),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
}
ALGORITHMS = {
    "p256": ("ES256", -7, hashes.SHA256()),
    "p384": ("ES384", -35, hashes.SHA384()),
    "p521": ("ES512", -36, hashes.SHA512()),
    "rsa2048": ("PS256", -37, hashes.SHA256()),
    "rsa3072": ("PS384", -38, hashes.SHA384()),
    "rsa4096": ("PS512", -39, hashes.SHA512()),
}


def fixed_width(key, message, digest):
    """r and s side by side, or PSS with a salt as long as the hash value."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(digest)))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


# Certificates


def usage(**bits):
    names = [
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    ]
    return x509.KeyUsage(**{name: bits.get(name, False) for name in names})


def certificate(
    name, key, issuer=None, ca=False, use=None, use_critical=True, extended=(), begin=NOW - 300 * DAY,
    end=NOW + 3000 * DAY, path_length=None,
):
    """issuer is (certificate, key); without one the certificate signs itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_name = issuer[0].subject if issuer else subject
    signing_key = issuer[1] if issuer else key
    time = lambda seconds: datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer_name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(time(begin)).not_valid_after(time(end))
    )
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(True, path_length), True)
    if use is None:
        use = usage(key_cert_sign=True) if ca else usage(digital_signature=True)
    if use:
        builder = builder.add_extension(use, use_critical)
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), False)
    return builder.sign(signing_key, hashes.SHA256())


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


CODE = [ExtendedKeyUsageOID.CODE_SIGNING]
root_key = ec.generate_private_key(ec.SECP384R1())
root = certificate("Test root", root_key, ca=True)
middle_key = ec.generate_private_key(ec.SECP256R1())
middle = certificate("Test intermediate", middle_key, (root, root_key), ca=True, path_length=0)
other_key = ec.generate_private_key(ec.SECP256R1())
other_root = certificate("Somebody else's root", other_key, ca=True)
leaves = {
    name: certificate(f"Signer {name}", KEYS[name], (middle, middle_key), extended=CODE) for name in ALGORITHMS
}
p256 = KEYS["p256"]


# notation

SCHEME = "io.cncf.notary.signingScheme"
TIME = "io.cncf.notary.signingTime"
AUTHENTIC = "io.cncf.notary.authenticSigningTime"
EXPIRY = "io.cncf.notary.expiry"
PAYLOAD_TYPE = "application/vnd.cncf.notary.payload.v1+json"


def text_time(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def payload_of(**changes):
    return json.dumps({"targetArtifact": {**IMAGE, **changes}}, separators=(",", ":")).encode()


def attributes(scheme="notary.x509", at=NOW - DAY, expiry=None, crit=None, **extra):
    found = {SCHEME: scheme, (TIME if scheme == "notary.x509" else AUTHENTIC): at}
    must = [SCHEME]
    if scheme != "notary.x509":
        must.append(AUTHENTIC)
    if expiry is not None:
        found[EXPIRY] = expiry
        must.append(EXPIRY)
    found.update(extra)
    return found, must if crit is None else crit


def jws(key, chain, kind, attrs, payload=None, cty=PAYLOAD_TYPE, alg=None, protected=None, edit=None):
    name, _, digest = ALGORITHMS[kind]
    values, crit = attrs
    if protected is None:
        header = {"alg": alg or name, "cty": cty, "crit": crit}
        for attribute, value in values.items():
            header[attribute] = text_time(value) if isinstance(value, int) else value
        protected = json.dumps(header, separators=(",", ":"))
    first = b64url(protected.encode())
    second = b64url(payload or payload_of())
    signature = fixed_width(key, f"{first}.{second}".encode(), digest)
    envelope = {
        "payload": second, "protected": first,
        "header": {"x5c": [base64.b64encode(der(c)).decode() for c in chain],
                   "io.cncf.notary.signingAgent": "fixtures/1.0"},
        "signature": b64url(signature),
    }
    if edit:
        edit(envelope)
    return json.dumps(envelope).encode()


def cose(key, chain, kind, attrs, payload=None, cty=PAYLOAD_TYPE, alg=None, unprotected=None, edit=None):
    _, number, digest = ALGORITHMS[kind]
    values, crit = attrs
    header = {1: number if alg is None else alg, 2: crit, 3: cty}
    for attribute, value in values.items():
        header[attribute] = cbor2.CBORTag(1, value) if isinstance(value, (int, float)) else value
    protected = cbor2.dumps(header, canonical=True)
    payload = payload or payload_of()
    signature = fixed_width(key, cbor2.dumps(["Signature1", protected, b"", payload]), digest)
    others = {33: [der(c) for c in chain], "io.cncf.notary.signingAgent": "fixtures/1.0", **(unprotected or {})}
    parts = [protected, others, payload, signature]
    if edit:
        edit(parts)
    return cbor2.dumps(cbor2.CBORTag(18, parts), canonical=True)


def notation(name, expected, key=p256, chain=None, kind="p256", attrs=None, anchors="root", only=None, **more):
    """One case in both envelopes."""
    chain = chain or [leaves["p256"], middle, root]
    for format, make in (("jws", jws), ("cose", cose)):
        if only not in (None, format):
            continue
        file = f"notation/{name}.{format}"
        arguments = {k: v[format] if isinstance(v, dict) and format in v else v for k, v in more.items()}
        write(file, make(key, chain, kind, attrs or attributes(), **arguments))
        case(file, expected, anchors=anchors)


def make_notation():
    for kind in ALGORITHMS:
        notation(kind, "valid", KEYS[kind], [leaves[kind], middle, root], kind)
    notation("anchored-at-intermediate", "valid", anchors="intermediate")
    notation("anchored-at-leaf", "valid", anchors="leaf")
    notation("other-anchor", "untrusted", anchors="other")
    notation("without-anchors", "nothing-given", anchors="none")
    notation("expiry-to-come", "valid", attrs=attributes(expiry=NOW + DAY))
    notation("expired", "expired", attrs=attributes(expiry=NOW))
    notation("expiry-before-signing", "malformed", attrs=attributes(expiry=NOW - DAY))
    notation("expiry-not-critical", "critical", attrs=attributes(expiry=NOW + DAY, crit=[SCHEME]))
    notation("scheme-not-critical", "critical", attrs=attributes(expiry=NOW + DAY, crit=[EXPIRY]))
    notation("nothing-critical", "malformed", attrs=attributes(crit=[]))
    notation("unknown-critical", "critical", attrs=attributes(crit=[SCHEME, "org.example"], **{"org.example": "x"}))
    notation("absent-critical", "critical", attrs=attributes(crit=[SCHEME, "org.example"]))
    notation("twice-critical", "critical", attrs=attributes(crit=[SCHEME, SCHEME]))
    notation("unknown-attribute", "valid", attrs=attributes(**{"org.example": "x"}))
    notation("plugin", "critical", attrs=attributes(**{"io.cncf.notary.verificationPlugin": "org.example.plugin"}))
    notation("unknown-scheme", "algorithm", attrs=({SCHEME: "notary.x510", TIME: NOW - DAY}, [SCHEME]))
    notation("both-times", "malformed", attrs=attributes(**{AUTHENTIC: NOW - DAY}))
    notation("without-time", "malformed", attrs=({SCHEME: "notary.x509"}, [SCHEME]))
    notation("payload-type", "payload-type", cty="application/json")
    notation("other-digest", "other-digest", payload=payload_of(digest=OTHER))
    notation("other-size", "other-descriptor", payload=payload_of(size=529))
    notation("other-media-type", "other-descriptor", payload=payload_of(mediaType=IMAGE["mediaType"].replace("oci.image", "x")))
    notation("payload-is-no-object", "malformed", payload=b'["targetArtifact"]')
    notation("payload-in-other-case", "malformed",
             payload=payload_of()[:-1] + b',"TargetArtifact":' + json.dumps({**IMAGE, "digest": OTHER}).encode() + b"}")
    notation("algorithm-of-another-key", "algorithm", alg={"jws": "ES384", "cose": -35})
    notation("algorithm-none", "algorithm", alg={"jws": "none", "cose": 0})
    notation("algorithm-unsupported", "algorithm", alg={"jws": "RS256", "cose": -257})
    notation("signed-by-another-key", "wrong-signature", key=other_key)
    notation("rsa-of-other-size", "algorithm",
             *(lambda key: (key, [certificate("odd", key, (root, root_key)), root]))(rsa.generate_private_key(65537, 2560)),
             "rsa2048")

    authority = attributes("notary.x509.signingAuthority", at=NOW - 200 * DAY)
    old = certificate("Old signer", p256, (middle, middle_key), extended=CODE, end=NOW - 100 * DAY)
    notation("expired-certificate", "certificate outsideValidity", chain=[old, middle, root])
    notation("signing-authority", "valid", chain=[old, middle, root], attrs=authority, anchors="signing-authority")
    # Nobody who is trusted for the time of signing says so.
    notation("signing-authority-of-a-ca", "untrusted", chain=[old, middle, root], attrs=authority)
    notation("ca-of-a-signing-authority", "untrusted", anchors="signing-authority")
    notation("signing-authority-to-come", "certificate outsideValidity", anchors="signing-authority",
             attrs=attributes("notary.x509.signingAuthority", at=NOW + DAY))
    notation("signing-authority-after-validity", "certificate outsideValidity", chain=[old, middle, root],
             attrs=attributes("notary.x509.signingAuthority", at=NOW - 50 * DAY), anchors="signing-authority")
    notation("time-not-critical", "critical", anchors="signing-authority",
             attrs=attributes("notary.x509.signingAuthority", crit=[SCHEME]))

    def leaf(name, expected, **more):
        signer = certificate(name, p256, (middle, middle_key), **more)
        notation(name, expected, chain=[signer, middle, root])

    leaf("no-extended-usage", "valid")
    leaf("server-usage", "certificate extendedKeyUsage", extended=CODE + [ExtendedKeyUsageOID.SERVER_AUTH])
    leaf("any-usage", "certificate extendedKeyUsage", extended=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
    leaf("time-stamping-usage", "certificate extendedKeyUsage", extended=[ExtendedKeyUsageOID.TIME_STAMPING])
    leaf("no-key-usage", "certificate keyUsage", use=False)
    leaf("key-usage-not-critical", "certificate keyUsage", use_critical=False)
    leaf("key-encipherment", "certificate keyUsage", use=usage(digital_signature=True, key_encipherment=True))
    leaf("non-repudiation", "valid", use=usage(digital_signature=True, content_commitment=True))
    leaf("leaf-is-ca", "certificate keyUsage", ca=True, use=usage(digital_signature=True, key_cert_sign=True))

    signer = leaves["p256"]
    notation("without-root", "certificate noTrustedChain", chain=[signer, middle], anchors="intermediate")
    notation("only-leaf", "certificate noTrustedChain", chain=[signer], anchors="leaf")
    notation("wrong-order", "certificate noTrustedChain", chain=[signer, root, middle])
    notation("root-twice", "certificate noTrustedChain", chain=[signer, middle, root, root])
    no_ca = certificate("No CA", middle_key, (root, root_key), use=usage(key_cert_sign=True))
    notation("issuer-is-no-ca", "certificate keyUsage",
             chain=[certificate("x", p256, (no_ca, middle_key)), no_ca, root])
    no_use = certificate("CA without use", middle_key, (root, root_key), ca=True, use=usage(crl_sign=True))
    notation("issuer-may-not-certify", "certificate keyUsage",
             chain=[certificate("x", p256, (no_use, middle_key)), no_use, root])
    deep_key = ec.generate_private_key(ec.SECP256R1())
    deep = certificate("Below the path's end", deep_key, (middle, middle_key), ca=True)
    notation("path-too-long", "certificate noTrustedChain",
             chain=[certificate("x", p256, (deep, deep_key)), deep, middle, root])
    # What is trusted is brought along, and not on the way to the attacker's root.
    stranger = certificate("Stranger", p256, (other_root, other_key))
    notation("anchor-beside-the-way", "certificate noTrustedChain", chain=[stranger, root, other_root])
    forged = certificate("Test root", other_key, ca=True)
    notation("root-of-the-same-name", "untrusted", chain=[certificate("x", p256, (forged, other_key)), forged])
    alone = certificate("Alone", p256)
    write("notation/alone.pem", pem(alone))
    notation("self-signed", "valid", chain=[alone], anchors="alone")
    notation("self-signed-untrusted", "untrusted", chain=[alone])

    # Forms of one envelope only.
    good, crit = attributes()
    header = {"alg": "ES256", "cty": PAYLOAD_TYPE, "crit": crit, **good, TIME: text_time(NOW - DAY)}
    text = json.dumps(header)
    for name, expected, protected in [
        ("duplicate-key", "malformed", text[:-1] + ',"alg":"ES256"}'),
        ("detached", "critical", json.dumps({**header, "b64": False})),
        ("time-in-another-zone", "valid", json.dumps({**header, TIME: "2026-11-30T02:00:00.25+02:00"})),
        ("time-is-none", "malformed", json.dumps({**header, TIME: "yesterday"})),
        ("crit-is-text", "malformed", json.dumps({**header, "crit": SCHEME})),
    ]:
        notation(name, expected, protected=protected, only="jws")
    notation("several-signatures", "malformed", only="jws", edit=lambda e: e.update(signatures=[]))
    notation("padded", "malformed", only="jws", edit=lambda e: e.update(signature=e["signature"] + "=="))
    notation("no-chain", "malformed", only="jws", edit=lambda e: e["header"].pop("x5c"))
    notation("no-signature", "malformed", only="jws", edit=lambda e: e.update(signature=""))
    notation("unprotected-algorithm", "malformed", only="cose", unprotected={1: -7})
    notation("detached-payload", "malformed", only="cose", edit=lambda parts: parts.__setitem__(2, None))
    notation("fraction-of-a-second", "valid", only="cose",
             attrs=({SCHEME: "notary.x509", TIME: NOW - DAY + 0.5}, [SCHEME]))
    # One or more certificates: a single one may stand without a list in x5chain, but notation does not write or read it.
    notation("chain-without-list", "malformed", only="cose",
             edit=lambda parts: parts[1].update({33: parts[1][33][0]}))
    plain = (OUT / "notation/p256.cose").read_bytes()
    for name, content in [
        ("untagged", plain[1:]), ("trailing", plain + b"\0"), ("cut", plain[:-1]),
        ("other-tag", b"\xd1" + plain[1:]), ("long-tag", b"\xd8\x12" + plain[1:]),
        ("endless", plain[:1] + b"\x9f" + plain[2:] + b"\xff"),
    ]:
        write(f"notation/{name}.cose", content)
        case(f"notation/{name}.cose", "malformed", anchors="root")
    for name, found in [
        ("root", root), ("intermediate", middle), ("leaf", leaves["p256"]), ("other", other_root),
    ]:
        write(f"notation/{name}.pem", pem(found))


# cosign


def make_cosign():
    statement = lambda digest, predicate="https://sigstore.dev/cosign/sign/v1", kind="https://in-toto.io/Statement/v1": json.dumps({
        "_type": kind, "subject": [{"digest": {"sha256": digest.removeprefix("sha256:")}}],
        "predicateType": predicate, "predicate": {},
    }).encode()
    simple = json.dumps({
        "critical": {
            "identity": {"docker-reference": "registry.example.com/team/app"},
            "image": {"docker-manifest-digest": IMAGE["digest"]}, "type": "cosign container image signature",
        },
        "optional": None,
    }, separators=(",", ":")).encode()
    write("cosign/payload.json", simple)

    def der_signature(kind, message, digest=hashes.SHA256()):
        key = KEYS[kind]
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(message)
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(message, padding.PKCS1v15(), digest)
        return key.sign(message, ec.ECDSA(digest))

    def layer(name, kind, signature):
        write(f"cosign/{name}.sig", base64.b64encode(signature))
        case(f"cosign/{name}.sig", "valid", key=kind)

    def bundle(name, expected, kind="p256", payload=None, type="application/vnd.in-toto+json", pae=None, edit=None):
        payload = payload or statement(IMAGE["digest"])
        message = pae or b"DSSEv1 %d %s %d %s" % (len(type), type.encode(), len(payload), payload)
        own = {"p384": hashes.SHA384(), "p521": hashes.SHA512()}.get(kind, hashes.SHA256())
        content = {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"publicKey": {"hint": "x"}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": base64.b64encode(payload).decode(), "payloadType": type,
                "signatures": [{"sig": base64.b64encode(der_signature(kind, message, own)).decode()}],
            },
        }
        if edit:
            edit(content)
        write(f"cosign/{name}.bundle", json.dumps(content))
        case(f"cosign/{name}.bundle", expected, key=kind)

    for kind, key in KEYS.items():
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        write(f"cosign/{kind}.pub", key.public_key().public_bytes(serialization.Encoding.PEM, spki))
        layer(kind, kind, der_signature(kind, simple))
        bundle(kind, "valid", kind)
    layer("p384-sha384", "p384", der_signature("p384", simple, hashes.SHA384()))
    layer("rsa2048-pss", "rsa2048", KEYS["rsa2048"].sign(simple, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()))

    bundle("statement-0.1", "valid", payload=statement(IMAGE["digest"], kind="https://in-toto.io/Statement/v0.1"))
    bundle("other-digest", "other-digest", payload=statement(OTHER))
    bundle("attestation", "payload-type", payload=statement(IMAGE["digest"], "https://slsa.dev/provenance/v1"))
    bundle("other-statement", "payload-type", payload=statement(IMAGE["digest"], kind="https://in-toto.io/Statement/v2"))
    bundle("other-payload-type", "payload-type", type="application/json")
    bundle("signed-payload-alone", "no-given-key", pae=statement(IMAGE["digest"]))
    bundle("keyless", "keyless", edit=lambda b: b.update(
        verificationMaterial={"certificate": {"rawBytes": base64.b64encode(der(leaves["p256"])).decode()}}))
    bundle("two-signatures", "malformed", edit=lambda b: b["dsseEnvelope"]["signatures"].append(
        b["dsseEnvelope"]["signatures"][0]))
    bundle("without-signature", "malformed", edit=lambda b: b["dsseEnvelope"].update(signatures=[]))
    bundle("two-materials", "malformed", edit=lambda b: b["verificationMaterial"].update(certificate={}))
    bundle("two-contents", "malformed", edit=lambda b: b.update(messageSignature={}))
    bundle("two-spellings", "malformed", edit=lambda b: b.update(dsse_envelope=b["dsseEnvelope"]))
    bundle("message-signature", "payload-type", edit=lambda b: b.update(
        messageSignature={"signature": b.pop("dsseEnvelope")["signatures"][0]["sig"]}))
    bundle("older-version", "media-type", edit=lambda b: b.update(
        mediaType="application/vnd.dev.sigstore.bundle+json;version=0.2"))


if OUT.exists():
    for name in ("notation", "cosign"):
        shutil.rmtree(OUT / name, ignore_errors=True)
make_notation()
make_cosign()
write("cases.json", json.dumps({"now": NOW, "image": IMAGE, "cases": cases}, indent=1) + "\n")
print(f"{len(cases)} cases")
