"""Everything that is known about a container, wherever it is written down.

No daemon is asked. What is not found is said with its reason, and nothing that lies on the disk makes a
look-up fail: it runs beside a recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from capture.containers import bundle as bare
from capture.containers import containerd, crio, docker, documents, lxc, nspawn, oci, podman
from capture.containers.cgroup_paths import ContainerRef
from capture.containers.metadata import ContainerMetadata

Finder = Callable[[str, Path, Path | None], ContainerMetadata | None]

Look = Callable[[], ContainerMetadata | None]

FINDERS: Mapping[str, Finder] = {
    "podman": podman.find,
    "docker": docker.find,
    "cri-o": crio.find,
    "containerd": containerd.find,
    "runc": bare.find,
    "crun": bare.find,
    "lxc": lxc.find,
    "nspawn": nspawn.find,
}
"""Who knows a runtime's containers; in this order where a path does not tell the runtime."""

NOT_SEEN = "metadata not seen: "


def find_metadata(
    ref: ContainerRef, *, bundle: Path | None = None, root: Path = Path("/")
) -> ContainerMetadata:
    """Find what describes a container; never raises.

    Args:
        ref: the container, as its cgroup path tells it.
        bundle: the bundle's folder, if the runtime's own command line told it.
        root: where the host's file system is.

    Returns:
        All that was found. If nothing was, `metadata` holds the reason, and only what the path tells is
        filled in.
    """
    reasons: list[str] = []
    for look in chain(_attempts(ref, bundle, root), _attempts_inside(ref, root)):
        try:
            found = look()
        except documents.MetadataError as error:
            reasons.append(str(error))
            continue
        if found is not None:
            return _with_path(found, ref)
    if bundle is not None and not reasons:
        reasons.append(f"{bundle / oci.CONFIG} was gone when it was looked for")
    reason = "; ".join(dict.fromkeys(reasons)) or f"nothing about {ref.id} was on disk when it was looked for"
    return _with_path(ContainerMetadata(ref.full_id, ref.runtime, documents.text(NOT_SEEN + reason)), ref)


def _attempts(ref: ContainerRef, bundle: Path | None, root: Path) -> Iterator[Look]:
    """The runtime's own files, everyone else's, then the given bundle by itself."""
    place = None if bundle is None else root / str(bundle).lstrip("/")
    own = FINDERS.get(ref.runtime)
    for finder in dict.fromkeys((own, *FINDERS.values())):
        if finder is not None:
            yield lambda finder=finder: finder(ref.full_id, root, place)  # type: ignore[misc]
    if place is not None:
        yield lambda: oci.read_bundle(place, ref.full_id, ref.runtime)


def _attempts_inside(ref: ContainerRef, root: Path) -> Iterator[Look]:
    """The files of a runtime that runs in a container itself: they lie in that container's file system."""
    if ref.parent is None or not ref.parent.full_id:
        return
    pid = find_metadata(ref.parent, root=root).init_pid
    if pid is not None:
        inner = replace(ref, parent=None)
        yield from _attempts(inner, None, root / "proc" / str(pid) / "root")


def _with_path(found: ContainerMetadata, ref: ContainerRef) -> ContainerMetadata:
    """Add what the cgroup path tells."""
    return replace(
        found,
        cgroup=documents.text(ref.cgroup),
        pod_uid=found.pod_uid or ref.pod_uid,
        parent=ref.parent.full_id if ref.parent else "",
    )
