"""LXC's containers, and those of LXD and Incus, from the configuration LXC was started with.

    lxc.uts.name = web
    lxc.rootfs.path = dir:/var/lib/lxc/web/rootfs
    lxc.mount.entry = /srv/data srv/data none bind 0 0

A container's name is its id. None of them writes the image there.
"""

from __future__ import annotations

from pathlib import Path

from capture.containers import documents, oci
from capture.containers.metadata import RECORDED, ContainerMetadata, Mount

PLACES = (
    "var/lib/lxc/{name}/config",
    "run/lxd/{name}/lxc.conf",
    "var/log/lxd/{name}/lxc.conf",
    "var/snap/lxd/common/lxd/logs/{name}/lxc.conf",
    "run/incus/{name}/lxc.conf",
    "var/log/incus/{name}/lxc.conf",
)
_NAMESPACES = {"net": "network", "mnt": "mount"}
"""LXC's names of namespaces where they are not the OCI specification's."""


def find(full_id: str, root: Path = Path("/")) -> ContainerMetadata | None:
    """Read the configuration of the container of that name; None if there is none.

    Raises:
        MetadataError: there is one, but it cannot be read.
    """
    if not documents.is_name(full_id):
        return None
    for place in PLACES:
        content = documents.read_bytes(root / place.format(name=full_id))
        if content is not None:
            return _described(full_id, content.decode("utf-8", "replace"))
    return None


def _described(name: str, content: str) -> ContainerMetadata:
    settings = [
        (key.strip(), value.strip())
        for key, equals, value in (line.partition("=") for line in content.splitlines())
        if equals and not key.lstrip().startswith("#")
    ]
    last = dict(settings)
    kept = last.get("lxc.namespace.keep", "").split()
    command = last.get("lxc.execute.cmd") or last.get("lxc.init.cmd") or ""
    return ContainerMetadata(
        full_id=name,
        runtime="lxc",
        metadata=RECORDED,
        name=documents.text(name),
        command=documents.text(command),
        user=documents.text(last.get("lxc.init.uid", "")),
        mounts=_mounts([value for key, value in settings if key == "lxc.mount.entry"]),
        host_namespaces=tuple(
            kind for kind in oci.NAMESPACES if kind in {_NAMESPACES.get(k, k) for k in kept}
        ),
    )


def _mounts(entries: list[str]) -> tuple[Mount, ...]:
    """Read lines of fstab's form: source, destination, type, options, and two numbers."""
    rows = [entry.split() for entry in entries[: documents.MAX_ITEMS]]
    return tuple(
        Mount(
            destination="/" + documents.text(row[1]).lstrip("/"),
            source=documents.text(row[0]),
            type=documents.text(row[2]),
            options=documents.texts(row[3].split(",")),
        )
        for row in rows
        if len(row) >= 4
    )
