"""The manifest of a set: which files belong to it, each with the digest of its last block.

A chain of files shows a gap between two; that the last ones were taken away shows only here. It is JSON:

    {"manifest": 1, "set": ID, "complete": bool, "removed": n,
     "files": [{"name", "number", "bytes", "digest"}],
     "signature": {"algorithm", "public_key", "signature"}}

The signature is of SHA-256 of all the rest, with sorted keys and no blanks. `removed` counts the files that
the recorder itself gave up (`--keep`); while `complete` is false the recording goes on, or was killed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from capture.evidence.signing import OF_A_MANIFEST, KeySigner, Signature, Signed, check_signature
from capture.format import CaptureFile, FormatError, set_facts
from capture.format.placing import placed
from capture.format.sets import MANIFEST_SUFFIX

_MOST = 16 << 20
"""Bytes of a manifest that is read."""
_ID_IN_NAME = 8
"""Digits of the set's id that stand in the name of its manifest."""
NOT_HERE = "is not here"
"""How the fault ends that tells of a file that is missing."""


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One file of the set."""

    name: str
    number: int
    bytes: int
    digest: str
    """Of its last block, in hex."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a recorder said of a set."""

    set_id: str
    files: Sequence[ListedFile]
    complete: bool
    """Whether the recording had ended."""
    removed: int
    signature: Signature

    def faults(self, members: Sequence[CaptureFile]) -> list[str]:
        """What differs between the manifest and the files that are here, in words."""
        here = {_number(member): member for member in members}
        faults = [str(self.signature)] if self.signature.state in (Signed.INVALID, Signed.MISSING) else []
        # A recorder at work takes its oldest files away first, and tells so with the next file it begins.
        given_up = min(here, default=0) if not self.complete and _gives_up(members) else 0
        for listed in self.files:
            member = here.get(listed.number)
            if member is None and listed.number >= given_up:
                faults.append(f"{listed.name} {NOT_HERE}")
            elif member is not None and member.digest.hex() != listed.digest:
                faults.append(f"{Path(member.path).name} is not the file that was listed")
        last = max((listed.number for listed in self.files), default=0)
        if self.complete:
            names = [Path(member.path).name for number, member in here.items() if number > last]
            faults += [f"{name} was not listed" for name in sorted(names)]
        return faults


def write_manifest(
    path: Path,
    set_id: str,
    files: Sequence[ListedFile],
    *,
    complete: bool,
    removed: int,
    signer: KeySigner | None,
) -> None:
    """Write a manifest in the place of an older one, readable by its owner alone.

    Raises:
        OSError: It cannot be written; an older one stays.
    """
    facts: dict[str, Any] = {"manifest": 1, "set": set_id, "complete": complete, "removed": removed}
    facts["files"] = [asdict(file) for file in files]
    if signer is not None:
        signed = signer.document(_digest(facts), OF_A_MANIFEST)
        facts["signature"] = {
            name: value.hex() if isinstance(value, bytes) else value for name, value in signed.items()
        }
    with placed(path, synced=False) as stream:
        stream.write(json.dumps(facts, indent=1).encode())


def manifests_of(members: Sequence[CaptureFile]) -> tuple[list[tuple[str, Signature]], list[str]]:
    """The manifests that lie beside the files of a set, and what differs between them and these files.

    One that cannot be read is as good as altered, if it is this set's by its name; others are passed over.
    """
    facts, evidence = set_facts(members[0].section), members[0].section.get("evidence")
    announced = evidence.get("public_key") if isinstance(evidence, dict) else None
    own = f"-{str(facts.get('id'))[:_ID_IN_NAME]}{MANIFEST_SUFFIX}"
    found, faults = list[tuple[str, Signature]](), list[str]()
    for folder in sorted({Path(member.path).parent for member in members}):
        for path in sorted(path for path in folder.glob(f"*{MANIFEST_SUFFIX}") if path.is_file()):
            try:
                manifest = read_manifest(path, announced)
            except (FormatError, OSError) as error:
                if path.name.endswith(own):
                    found.append((str(path), Signature(Signed.INVALID)))
                    told = str(error) if isinstance(error, FormatError) else f"{path.name}: {error.strerror}"
                    faults.append(told)
                continue
            if manifest.set_id == facts.get("id"):
                found.append((str(path), manifest.signature))
                faults += [f"{path.name}: {fault}" for fault in manifest.faults(members)]
    return found, faults


def manifest_name(first: str, set_id: str) -> str:
    """What the manifest of a set is called. `first`: the name of the set's first file, without its ending."""
    return f"{first}-{set_id[:_ID_IN_NAME]}{MANIFEST_SUFFIX}"


def read_manifest(path: Path, announced: object = None) -> Manifest:
    """A manifest, its signature checked. `announced`: the key that the files of the set tell, in hex.

    Raises:
        FormatError: It is none.
        OSError: It cannot be read.
    """
    with path.open("rb") as stream:
        data = stream.read(_MOST + 1)
    if len(data) > _MOST:
        raise FormatError(f"{path.name} is too large for a manifest")
    try:
        facts = json.loads(data)
        files = [_listed(row) for row in facts["files"]]
        told = (facts["set"], bool(facts["complete"]), int(facts["removed"]))
        signature = facts.pop("signature", None)
        digest = _digest(facts)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise FormatError(f"{path.name} is no manifest, or a damaged one") from error
    return Manifest(told[0], files, *told[1:], _checked(signature, digest, announced))


def _listed(row: dict[str, Any]) -> ListedFile:
    """A file of the list; raises TypeError where a value is none of its kind."""
    listed = ListedFile(**row)
    texts, numbers = (listed.name, listed.digest), (listed.number, listed.bytes)
    if not all(isinstance(text, str) for text in texts) or not all(type(one) is int for one in numbers):
        raise TypeError(row)
    return listed


def _checked(signature: object, digest: bytes, announced: object) -> Signature:
    if signature is None:
        return check_signature(None, digest, announced)
    try:
        document = {
            name: value if name == "algorithm" else bytes.fromhex(value)
            for name, value in (signature.items() if isinstance(signature, Mapping) else ())
        }
    except (ValueError, TypeError):
        return Signature(Signed.INVALID)
    return check_signature(document, digest, announced, OF_A_MANIFEST)


def _digest(facts: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).digest()


def _gives_up(members: Sequence[CaptureFile]) -> bool:
    """Whether the recorder of a set takes its older files away."""
    rotation = set_facts(members[0].section).get("rotation") if members else None
    return isinstance(rotation, dict) and any(
        rotation.get(name) for name in ("keep", "ring_seconds", "ring_size")
    )


def _number(member: CaptureFile) -> int:
    number = set_facts(member.section).get("number")
    return number if isinstance(number, int) else 0
