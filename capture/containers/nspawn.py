"""systemd-nspawn's containers, from systemd-machined's register of those that run.

/run/systemd/machines/<name>    KEY=value lines: CLASS, SERVICE, ROOT, REALTIME (µs since 1970)
"""

from __future__ import annotations

from pathlib import Path

from capture.containers import documents
from capture.containers.metadata import RECORDED, ContainerMetadata


def find(full_id: str, root: Path = Path("/")) -> ContainerMetadata | None:
    """Read the entry of the container of that name; None if there is none.

    Raises:
        MetadataError: there is one, but it cannot be read.
    """
    if not documents.is_name(full_id):
        return None
    content = documents.read_bytes(root / "run/systemd/machines" / full_id)
    if content is None:
        return None
    lines = content.decode("utf-8", "replace").splitlines()
    entry = dict(line.split("=", 1) for line in lines if "=" in line)
    microseconds = entry.get("REALTIME", "")
    known = microseconds.isascii() and microseconds.isdigit() and len(microseconds) < 17
    return ContainerMetadata(
        full_id=full_id,
        runtime="nspawn",
        metadata=RECORDED,
        name=full_id,
        image=documents.text(entry.get("ROOT", "")),
        created_ns=int(microseconds) * 1000 if known else None,
    )
