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
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from capture.evidence.signing import OF_A_MANIFEST, KeySigner, Signature, Signed, check_signature
from capture.format import CaptureFile, FormatError, set_facts
from capture.format.sets import MANIFEST_SUFFIX

_MOST = 16 << 20
"""Bytes of a manifest that is read."""


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
        faults = [] if self.signature.state is not Signed.INVALID else [str(self.signature)]
        for listed in self.files:
            member = here.get(listed.number)
            if member is None:
                faults.append(f"{listed.name} is not here")
            elif member.digest.hex() != listed.digest:
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
    beside = path.with_name(f".{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(facts, stream, indent=1)
    beside.replace(path)


def manifests_in(folder: Path, set_id: object) -> list[tuple[Path, Manifest]]:
    """The manifests of a set that lie in a folder.

    Raises:
        FormatError: One is damaged.
        OSError: One cannot be read.
    """
    found = [(path, read_manifest(path)) for path in sorted(folder.glob(f"*{MANIFEST_SUFFIX}"))]
    return [(path, manifest) for path, manifest in found if manifest.set_id == set_id]


def read_manifest(path: Path) -> Manifest:
    """A manifest, its signature checked.

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
        files = [ListedFile(**row) for row in facts["files"]]
        told = (facts["set"], bool(facts["complete"]), int(facts["removed"]))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FormatError(f"{path.name} is no manifest, or a damaged one") from error
    signature = facts.pop("signature", None)
    return Manifest(told[0], files, *told[1:], _checked(signature, _digest(facts)))


def _checked(signature: object, digest: bytes) -> Signature:
    if signature is None:
        return Signature(Signed.NOT)
    try:
        document = {
            name: value if name == "algorithm" else bytes.fromhex(value)
            for name, value in (signature.items() if isinstance(signature, Mapping) else ())
        }
    except (ValueError, TypeError):
        return Signature(Signed.INVALID)
    return check_signature(document, digest, None, OF_A_MANIFEST)


def _digest(facts: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).digest()


def _number(member: CaptureFile) -> int:
    number = set_facts(member.section).get("number")
    return number if isinstance(number, int) else 0
