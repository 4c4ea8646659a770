"""Writes TUF repositories with python-tuf, good and bad ones, and what python-tuf's own client says of each.

A repository is a folder of metadata files. `cases.json` lists the folders: `root` is the file that a client starts with,
`pythonTUF` how python-tuf's client ended (`trusted`, or the name of its error), `expected` how trustctl must end
(`trusted`, or the kind of its refusal), `targets` the signed paths. The two answers differ only where `why` says why.
"""

import copy
import json
import os
import shutil
import sys
import tempfile
from datetime import datetime, timezone
from hashlib import sha256
from importlib.metadata import version

from cryptography.hazmat.primitives.asymmetric import ec
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import (
    DelegatedRole, Delegations, Key, Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp)
from tuf.api.serialization.json import JSONSerializer
from tuf.ngclient import FetcherInterface, Updater

FAR = datetime(2049, 1, 1, tzinfo=timezone.utc)
PAST = datetime(2020, 1, 1, tzinfo=timezone.utc)
ROLES = ["root", "timestamp", "snapshot", "targets"]
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def ed25519():
    return CryptoSigner.generate_ed25519()


def p256():
    return CryptoSigner.generate_ecdsa()


def p384():
    return CryptoSigner(ec.generate_private_key(ec.SECP384R1()))


def rsa():
    return CryptoSigner.generate_rsa(size=2048)


def rsa_pkcs1():
    return CryptoSigner.generate_rsa(scheme="rsa-pkcs1v15-sha256", size=2048)


class Repository:
    """Four roles, their signers, and the files they come to."""

    def __init__(self, make_key=ed25519, counts=None, thresholds=None, consistent=True):
        counts = counts or {}
        thresholds = thresholds or {}
        self.root = Root(version=1, expires=FAR, consistent_snapshot=consistent)
        self.timestamp = Timestamp(version=1, expires=FAR)
        self.snapshot = Snapshot(version=1, expires=FAR)
        self.targets = Targets(version=1, expires=FAR)
        self.delegated = {}
        self.delegated_signers = {}
        self.signers = {}
        self.listed_hashes = False
        self.files = {}
        for role in ROLES:
            self.signers[role] = [make_key() for _ in range(counts.get(role, 1))]
            for signer in self.signers[role]:
                self.root.add_key(signer.public_key, role)
            self.root.roles[role].threshold = thresholds.get(role, 1)

    def add_target(self, path, content=None, media_type=MANIFEST):
        content = content if content is not None else f"manifest of {path}".encode()
        target = TargetFile.from_data(path, content, ["sha256"])
        target.unrecognized_fields["custom"] = {"mediaType": media_type}
        self.targets.targets[path] = target
        return target

    def sign(self, role, signed, signers):
        metadata = Metadata(signed)
        for signer in signers:
            metadata.sign(signer, append=True)
        return metadata.to_bytes(JSONSerializer(compact=True))

    def write_root(self):
        """The root as it is now, signed by its own keys."""
        self.files[f"{self.root.version}.root.json"] = self.sign("root", self.root, self.signers["root"])

    def meta(self, data, role_version):
        if not self.listed_hashes:
            return MetaFile(role_version)
        return MetaFile(role_version, len(data), {"sha256": sha256(data).hexdigest()})

    def name(self, role, number):
        return f"{number}.{role}.json" if self.root.consistent_snapshot else f"{role}.json"

    def write(self):
        """All files but the roots written earlier; edits of the files come after."""
        self.write_root()
        for role, signed in self.delegated.items():
            data = self.sign(role, signed, self.delegated_signers[role])
            self.files[self.name(role, signed.version)] = data
            self.snapshot.meta[f"{role}.json"] = self.meta(data, signed.version)
        data = self.sign("targets", self.targets, self.signers["targets"])
        self.files[self.name("targets", self.targets.version)] = data
        self.snapshot.meta["targets.json"] = self.meta(data, self.targets.version)
        data = self.sign("snapshot", self.snapshot, self.signers["snapshot"])
        self.files[self.name("snapshot", self.snapshot.version)] = data
        self.timestamp.snapshot_meta = self.meta(data, self.snapshot.version)
        self.files["timestamp.json"] = self.sign("timestamp", self.timestamp, self.signers["timestamp"])
        return self

    def edit(self, file, change, sign_by=None):
        """Changes the JSON of a file; the signatures stay as they are, or are made anew by `sign_by`."""
        document = json.loads(self.files[file])
        change(document)
        if sign_by is not None:
            message = encode_canonical(document["signed"]).encode()
            document["signatures"] = [
                {"keyid": s.public_key.keyid, "sig": s.sign(message).signature} for s in sign_by]
        self.files[file] = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return self


class Folder(FetcherInterface):
    """Serves a dictionary of files."""

    def __init__(self, files):
        self.files = files

    def _fetch(self, url):
        name = url.rsplit("/", 1)[1]
        if name not in self.files:
            raise DownloadHTTPError("not found", 404)
        yield self.files[name]


def ask_python_tuf(files, targets):
    """`trusted`, or the name of the error; and which of the targets it finds."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            updater = Updater(
                folder, "http://x.example/", fetcher=Folder(files), bootstrap=files["1.root.json"])
            updater.refresh()
            found = [path for path in targets if updater.get_targetinfo(path) is not None]
        except Exception as error:  # its name is the answer
            return type(error).__name__, []
        return "trusted", found


def good_cases():
    for name, kind in [("ed25519", ed25519), ("ecdsa-p256", p256), ("ecdsa-p384", p384), ("rsa-pss", rsa),
                       ("rsa-pkcs1v15", rsa_pkcs1)]:
        repository = Repository(kind)
        repository.add_target("1.4")
        repository.add_target("latest")
        yield f"keys-{name}", repository.write(), "trusted", ""

    repository = Repository(
        counts={"root": 5, "targets": 3, "snapshot": 2}, thresholds={"root": 3, "targets": 2, "snapshot": 2})
    repository.add_target("1.4")
    yield "thresholds", repository.write(), "trusted", ""

    repository = Repository(counts={"root": 5, "targets": 3}, thresholds={"root": 3, "targets": 2})
    repository.add_target("1.4")
    repository.signers["root"] = repository.signers["root"][:3]
    repository.signers["targets"] = repository.signers["targets"][1:]
    yield "thresholds-just-met", repository.write(), "trusted", ""

    repository = Repository()
    mixed = [ed25519(), p256(), rsa()]
    for signer in mixed:
        repository.root.add_key(signer.public_key, "targets")
    repository.signers["targets"] += mixed
    repository.root.roles["targets"].threshold = 4
    repository.add_target("1.4")
    yield "keys-mixed", repository.write(), "trusted", ""

    repository = Repository()
    repository.listed_hashes = True
    repository.add_target("1.4")
    yield "listed-hashes", repository.write(), "trusted", ""

    repository = Repository(counts={"root": 2}, thresholds={"root": 2})
    repository.add_target("1.4")
    repository.write_root()
    first = list(repository.signers["root"])
    new = p256()
    repository.root.version = 2
    repository.root.revoke_key(first[0].public_key.keyid, "root")
    repository.root.add_key(new.public_key, "root")
    repository.signers["root"] = [first[0], first[1], new]
    repository.write_root()
    repository.root.version = 3
    repository.root.roles["root"].threshold = 1
    old_timestamp = repository.signers["timestamp"][0]
    repository.root.revoke_key(old_timestamp.public_key.keyid, "timestamp")
    repository.signers["timestamp"] = [ed25519()]
    repository.root.add_key(repository.signers["timestamp"][0].public_key, "timestamp")
    repository.signers["root"] = [first[1], new]
    yield "root-rotation", repository.write(), "trusted", ""

    repository = Repository()
    for path in ["caf\u00e9", "cafe\u0301", "\u65e5\u672c\u8a9e", "with space", "quote\"back\\slash", "\U0001f433"]:
        repository.add_target(path)
    repository.root.unrecognized_fields["x-note"] = {"z": [1, {"b": None, "a": True}], "\u00e9": "\u0001\n\u2028"}
    repository.root.roles["root"].unrecognized_fields["x-role"] = "kept"
    repository.signers["targets"][0].public_key.unrecognized_fields["x-key"] = -5
    repository.root.add_key(repository.signers["targets"][0].public_key, "targets")
    repository.targets.unrecognized_fields["x-note"] = []
    repository.timestamp.unrecognized_fields["x-trustctl-issued"] = "2026-01-01T00:00:00Z"
    yield "unknown-fields-and-odd-names", repository.write(), "trusted", ""

    repository = Repository()
    for number in range(100):
        repository.add_target(f"build-{number:03}")
    yield "hundred-tags", repository.write(), "trusted", ""

    repository = Repository()
    repository.add_target("top")
    build_delegations(repository)
    yield "delegations", repository.write(), "trusted", ""

    repository = Repository()
    repository.add_target("1.4")
    repository.write()
    repository.edit("1.targets.json", lambda d: d["signatures"].append({"keyid": "ab" * 32, "sig": ""}))
    yield "foreign-signature-beside", repository, "trusted", ""

    repository = Repository(make_key=lambda: with_keyid(ed25519(), f"key-{os.urandom(4).hex()}"))
    repository.add_target("1.4")
    yield "opaque-key-ids", repository.write(), "trusted", ""


def with_keyid(signer, keyid):
    key = signer.public_key
    renamed = SSlibKey(keyid, key.keytype, key.scheme, key.keyval)
    return CryptoSigner(signer._private_key, renamed)


def build_delegations(repository):
    """releases (terminating, globs) -> nested; by-hash (hash prefixes)."""
    signers = {name: ed25519() for name in ["releases", "nested", "by-hash"]}

    def targets(*paths):
        signed = Targets(version=1, expires=FAR)
        for path in paths:
            signed.targets[path] = TargetFile.from_data(path, f"manifest of {path}".encode(), ["sha256"])
        return signed

    prefixed = next(f"pick-{n}" for n in range(10000) if sha256(f"pick-{n}".encode()).hexdigest().startswith("a"))
    repository.delegated = {
        "releases": targets("v1.0"), "nested": targets("v2.0-rc1"), "by-hash": targets(prefixed, "not-delegated")}
    repository.delegated_signers = {name: [signer] for name, signer in signers.items()}
    repository.delegated["releases"].delegations = Delegations(
        {signers["nested"].public_key.keyid: signers["nested"].public_key},
        {"nested": DelegatedRole("nested", [signers["nested"].public_key.keyid], 1, False, paths=["v2.*"])})
    repository.targets.delegations = Delegations(
        {signers[name].public_key.keyid: signers[name].public_key for name in ["releases", "by-hash"]},
        {
            "releases": DelegatedRole(
                "releases", [signers["releases"].public_key.keyid], 1, True, paths=["v?.*"]),
            "by-hash": DelegatedRole(
                "by-hash", [signers["by-hash"].public_key.keyid], 1, False, path_hash_prefixes=["a"]),
        })


def bad_cases():
    for role in ROLES:
        repository = Repository()
        repository.add_target("1.4")
        getattr(repository, role).expires = PAST
        yield f"expired-{role}", repository.write(), "expired", ""

    for role in ["timestamp", "snapshot", "targets"]:
        repository = Repository(counts={role: 2}, thresholds={role: 2})
        repository.add_target("1.4")
        repository.signers[role] = repository.signers[role][:1]
        yield f"too-few-signatures-{role}", repository.write(), "thresholdNotMet", ""

        repository = Repository()
        repository.add_target("1.4")
        repository.signers[role] = [ed25519()]
        yield f"foreign-key-{role}", repository.write(), "thresholdNotMet", ""

        repository = Repository()
        repository.add_target("1.4")
        repository.write()
        file = "timestamp.json" if role == "timestamp" else f"1.{role}.json"
        repository.edit(file, lambda d: d["signed"].__setitem__("x-changed", 1))
        yield f"changed-after-signing-{role}", repository, "thresholdNotMet", ""

        repository = Repository()
        repository.add_target("1.4")
        repository.write()
        repository.edit(file, lambda d: d["signed"].__setitem__("_type", "root"), repository.signers[role])
        yield f"wrong-type-{role}", repository, "wrongType", ""

        repository = Repository()
        repository.add_target("1.4")
        repository.write()
        repository.edit(
            file, lambda d: d["signed"].__setitem__("spec_version", "2.0.0"), repository.signers[role])
        yield f"spec-version-2-{role}", repository, "unsupportedSpecVersion", ""

        repository = Repository()
        repository.add_target("1.4")
        repository.write()
        repository.edit(file, lambda d: d["signatures"].append(dict(d["signatures"][0])))
        yield f"duplicate-signature-{role}", repository, "duplicateSignature", ""

        repository = Repository()
        repository.add_target("1.4")
        repository.write()
        del repository.files[file]
        yield f"missing-{role}", repository, "missing", ""

    repository = Repository(counts={"root": 2}, thresholds={"root": 2})
    repository.add_target("1.4")
    repository.signers["root"] = repository.signers["root"][:1]
    yield "too-few-signatures-root", repository.write(), "thresholdNotMet", ""

    # Root 2: not signed by root 1's keys; not by its own; version 3 in the file of version 2.
    repository = Repository()
    repository.add_target("1.4")
    repository.write()
    stranger = Repository()
    stranger.root.version = 2
    stranger.write_root()
    repository.files["2.root.json"] = stranger.files["2.root.json"]
    yield "root-2-of-a-stranger", repository, "thresholdNotMet", ""

    repository = Repository()
    repository.add_target("1.4")
    repository.write()
    repository.root = copy.deepcopy(repository.root)
    repository.root.version = 2
    repository.root.add_key(ed25519().public_key, "root")
    repository.root.roles["root"].threshold = 2
    repository.write_root()
    yield "root-2-without-its-own-threshold", repository, "thresholdNotMet", ""

    repository = Repository()
    repository.add_target("1.4")
    repository.write()
    repository.root = copy.deepcopy(repository.root)
    repository.root.version = 3
    repository.write_root()
    repository.files["2.root.json"] = repository.files.pop("3.root.json")
    yield "root-2-says-3", repository, "versionMismatch", ""

    for role in ["snapshot", "targets"]:
        repository = Repository()
        repository.add_target("1.4")
        getattr(repository, role).version = 2
        repository.write()
        repository.edit(
            f"2.{role}.json", lambda d: d["signed"].__setitem__("version", 1), repository.signers[role])
        yield f"older-than-listed-{role}", repository, "versionMismatch", ""

        repository = Repository()
        repository.listed_hashes = True
        repository.add_target("1.4")
        repository.write()
        repository.edit(f"1.{role}.json", lambda d: d["signed"].__setitem__(
            "expires", "2048-01-01T00:00:00Z"), repository.signers[role])
        yield f"other-than-listed-hash-{role}", repository, "hashMismatch", ""

        repository = Repository()
        repository.listed_hashes = True
        repository.add_target("1.4")
        repository.write()
        repository.files[f"1.{role}.json"] = repository.files[f"1.{role}.json"][:-1] + b" }"
        yield f"longer-than-listed-{role}", repository, "length", ""

    repository = Repository()
    repository.add_target("1.4")
    repository.write()
    repository.edit(
        "1.snapshot.json", lambda d: d["signed"]["meta"].pop("targets.json"), repository.signers["snapshot"])
    yield "targets-not-listed", repository, "roleNotListed", ""

    repository = Repository()
    repository.add_target("1.4")
    repository.write()
    repository.edit("1.targets.json", lambda d: d["signed"]["targets"]["1.4"].__setitem__("length", 12.5))
    yield "fraction-in-targets", repository, "notCanonical", ""

    # One key under two ids: a threshold of two must count keys (TAP 12).
    repository = Repository(counts={"targets": 1}, thresholds={"targets": 1})
    repository.add_target("1.4")
    twin = with_keyid(repository.signers["targets"][0], "the-same-key-again")
    repository.root.add_key(twin.public_key, "targets")
    repository.root.roles["targets"].threshold = 2
    repository.signers["targets"].append(twin)
    yield ("one-key-under-two-ids", repository.write(), "thresholdNotMet",
           "python-tuf counts key ids; TAP 12 counts keys")


def main():
    top = sys.argv[1]
    for entry in os.listdir(top):
        if os.path.isdir(os.path.join(top, entry)):
            shutil.rmtree(os.path.join(top, entry))
    cases = []
    for name, repository, expected, why in [*good_cases(), *bad_cases()]:
        folder = os.path.join(top, name)
        os.makedirs(folder)
        for file, data in repository.files.items():
            with open(os.path.join(folder, file), "wb") as stream:
                stream.write(data)
        paths = list(repository.targets.targets) + [
            path for signed in repository.delegated.values() for path in signed.targets]
        answer, found = ask_python_tuf(repository.files, paths)
        if (answer == "trusted") != (expected == "trusted") and not why:
            raise SystemExit(f"{name}: python-tuf says {answer}, expected is {expected}")
        case = {"name": name, "root": "1.root.json", "expected": expected, "pythonTUF": answer}
        if expected == "trusted":
            case["targets"] = [p for p in found if p in repository.targets.targets]
            case["delegatedTargets"] = [p for p in found if p not in repository.targets.targets]
            case["notFound"] = [p for p in paths if p not in found]
        if why:
            case["why"] = why
        cases.append(case)
    document = {
        "madeWith": f"python-tuf {version('tuf')}, securesystemslib {version('securesystemslib')}", "cases": cases}
    with open(os.path.join(top, "cases.json"), "w", encoding="utf-8") as stream:
        json.dump(document, stream, indent=1, ensure_ascii=False)
        stream.write("\n")


if __name__ == "__main__":
    main()
