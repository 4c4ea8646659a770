"""python-tuf as the other side of tests: it signs what trustctl follows, and follows what trustctl signs.

    python-tuf.py sign FOLDER
        Writes repositories, each in several steps of its life, and `cases.json`: for each step the folder with `metadata`
        and `targets`, which targets are found, which are not, and whether a client must refuse the step.

    python-tuf.py verify METADATA CACHE PATH...
        Follows the repository in METADATA from its first root, keeping in CACHE what it has seen, and prints an object:
        `result` is `trusted` or the name of the error, `found` the SHA-256 of each target that it finds.
"""

import importlib.util
import json
import os
import sys
from hashlib import sha256

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import DelegatedRole, Delegations, SuccinctRoles, TargetFile, Targets
from tuf.ngclient import Updater

_fixtures = os.path.join(os.path.dirname(__file__), "..", "make-fixtures", "with-python-tuf.py")
_spec = importlib.util.spec_from_file_location("fixtures", _fixtures)
fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(fixtures)
Repository, Folder, FAR = fixtures.Repository, fixtures.Folder, fixtures.FAR

KINDS = {"ed25519": fixtures.ed25519, "ecdsa-p256": fixtures.p256, "rsa-pss": fixtures.rsa}


def content(path):
    return f"manifest of {path}".encode()


def listing(*paths):
    signed = Targets(version=1, expires=FAR)
    for path in paths:
        signed.targets[path] = TargetFile.from_data(path, content(path), ["sha256"])
    return signed


class Life:
    """A repository through the steps of its life."""

    def __init__(self, folder, name, repository):
        self.folder, self.name, self.repository, self.steps = folder, name, repository, []
        # Roots that old and new keys have signed: written again by the new ones alone they would not follow.
        self.roots = {}

    def step(self, found, absent=(), refused=False):
        self.repository.write()
        self.repository.files.update(self.roots)
        path = os.path.join(self.folder, self.name, str(len(self.steps)))
        for sub in ["metadata", "targets"]:
            os.makedirs(os.path.join(path, sub))
        for name, data in self.repository.files.items():
            with open(os.path.join(path, "metadata", name), "wb") as file:
                file.write(data)
        for target in found:
            data = content(target)
            with open(os.path.join(path, "targets", f"{sha256(data).hexdigest()}.{target}"), "wb") as file:
                file.write(data)
        self.steps.append({"folder": path, "found": list(found), "absent": list(absent), "refused": refused})
        for role in ["targets", "snapshot", "timestamp"]:
            getattr(self.repository, role).version += 1

    def rotate(self, role, make_key):
        """Gives a top-level role another key. Old and new root keys sign a new root."""
        root = self.repository.root
        old = self.repository.signers[role]
        new = make_key()
        for signer in old:
            root.revoke_key(signer.public_key.keyid, role)
        root.add_key(new.public_key, role)
        root.version += 1
        if role == "root":
            self.repository.signers["root"] = old + [new]
            self.repository.write_root()
            name = f"{root.version}.root.json"
            self.roots[name] = self.repository.files[name]
        self.repository.signers[role] = [new]

    @property
    def case(self):
        return {"name": self.name, "steps": self.steps}


def lives(folder):
    for kind, make in KINDS.items():
        repository = Repository(make)
        repository.add_target("top", content("top"))
        fixtures.build_delegations(repository)
        picked = next(path for path in repository.delegated["by-hash"].targets if path.startswith("pick-"))
        life = Life(folder, f"delegations-{kind}", repository)
        life.step(["top", "v1.0", "v2.0-rc1", picked], ["not-delegated", "v3.0", "nothing"])
        repository.delegated["releases"].targets["v1.1"] = listing("v1.1").targets["v1.1"]
        repository.delegated["releases"].version += 1
        life.step(["v1.0", "v1.1"], ["v3.0"])
        yield life

    for kind, make in KINDS.items():
        repository = Repository()
        signer = make()
        key = signer.public_key
        bins = SuccinctRoles([key.keyid], 1, 4, "bin")
        repository.targets.delegations = Delegations({key.keyid: key}, None, bins)
        names = [f"build-{number}" for number in range(40)]
        for role in bins.get_roles():
            repository.delegated[role] = listing(*[n for n in names if bins.get_role_for_target(n) == role])
            repository.delegated_signers[role] = [signer]
        life = Life(folder, f"bins-{kind}", repository)
        life.step(names[:5], ["nothing"])
        yield life

    counts = {role: 3 for role in fixtures.ROLES}
    repository = Repository(fixtures.p256, counts=counts, thresholds={role: 2 for role in fixtures.ROLES})
    repository.add_target("top", content("top"))
    signers = [fixtures.ed25519() for _ in range(3)]
    ids = [signer.public_key.keyid for signer in signers]
    repository.targets.delegations = Delegations(
        {signer.public_key.keyid: signer.public_key for signer in signers},
        {"team": DelegatedRole("team", ids, 2, False, paths=["v*"])})
    repository.delegated["team"] = listing("v1")
    repository.delegated_signers["team"] = signers[:2]
    life = Life(folder, "thresholds", repository)
    life.step(["top", "v1"])
    repository.delegated["team"].version += 1
    repository.delegated_signers["team"] = signers[2:]
    life.step(["top"], ["v1"])
    repository.delegated["team"].version += 1
    repository.delegated_signers["team"] = signers[1:]
    life.step(["top", "v1"])
    all_signers = dict(repository.signers)
    repository.signers["snapshot"] = all_signers["snapshot"][:1]
    life.step([], ["top"], refused=True)
    repository.signers["snapshot"] = all_signers["snapshot"][1:]
    life.step(["top", "v1"])
    yield life

    repository = Repository(fixtures.ed25519)
    repository.add_target("top", content("top"))
    life = Life(folder, "rotations", repository)
    life.step(["top"])
    for role, make in zip(["timestamp", "snapshot", "targets", "root", "root"], [*KINDS.values(), *KINDS.values()]):
        life.rotate(role, make)
        life.step(["top"])
    yield life


def sign(folder):
    cases = [life.case for life in lives(folder)]
    with open(os.path.join(folder, "cases.json"), "w", encoding="utf-8") as file:
        json.dump(cases, file)


def verify(metadata, cache, paths):
    files = {}
    for name in os.listdir(metadata):
        if name.endswith(".json"):
            with open(os.path.join(metadata, name), "rb") as file:
                files[name] = file.read()
    found = {}
    try:
        updater = Updater(cache, "http://x.example/", fetcher=Folder(files), bootstrap=files["1.root.json"])
        updater.refresh()
        for path in paths:
            info = updater.get_targetinfo(path)
            if info is not None:
                found[path] = info.hashes["sha256"]
        result = "trusted"
    except RepositoryError as error:
        result = type(error).__name__
    print(json.dumps({"result": result, "found": found}))


if __name__ == "__main__":
    if sys.argv[1] == "sign":
        sign(sys.argv[2])
    else:
        verify(sys.argv[2], sys.argv[3], sys.argv[4:])
