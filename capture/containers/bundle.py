"""Containers of runc and crun themselves, from the state that these keep while a container lives.

    <root>/<id>/state.json   runc: id, created, init_process_pid, and the bundle among its `labels`
    <root>/<id>/status       crun: created, pid and bundle, as JSON

Higher runtimes use the same files, under roots of their own: what is found here may lack their names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from capture.containers import documents, homes, oci
from capture.containers.cgroup_paths import short_id
from capture.containers.metadata import RECORDED, ContainerMetadata

STATE_FOLDERS = {
    "runc": (
        "run/runc",
        "run/containerd/runc/default",
        "run/containerd/runc/k8s.io",
        "run/docker/runtime-runc/moby",
    ),
    "crun": ("run/crun",),
}
STATE_FILES = {"runc": "state.json", "crun": "status"}


def find(full_id: str, root: Path = Path("/"), bundle: Path | None = None) -> ContainerMetadata | None:
    """Read the state of a container that runs, and its bundle; None if there is none.

    Args:
        full_id: the container.
        root: where the host's file system is.
        bundle: not needed: the state names it.

    Raises:
        MetadataError: there is one, but it cannot be used.
    """
    del bundle
    if not documents.is_name(full_id):
        return None
    for runtime, folder in _state_folders(root):
        state = documents.read_json(folder / full_id / STATE_FILES[runtime])
        if state is not None:
            return _described(full_id, runtime, state, root)
    return None


def known_ids(root: Path = Path("/")) -> set[str]:
    """List the ids of all containers that run now: the `known` of `cgroup_paths.container_of`."""
    return {name for _, folder in _state_folders(root) for name in documents.names_in(folder)}


def _state_folders(root: Path) -> Iterator[tuple[str, Path]]:
    for runtime, folders in STATE_FOLDERS.items():
        yield from ((runtime, root / folder) for folder in folders)
        yield from ((runtime, folder / runtime) for folder in homes.run_folders(root))


def _described(full_id: str, runtime: str, state: Any, root: Path) -> ContainerMetadata:
    path = _bundle_of(state)
    found = None if path is None else oci.read_bundle(root / path.lstrip("/"), full_id, runtime)
    known = found or ContainerMetadata(full_id=full_id, runtime=runtime, metadata=RECORDED)
    return replace(
        known,
        name=known.name or (full_id if short_id(full_id) == full_id else ""),
        created_ns=known.created_ns or documents.nanoseconds(documents.get(state, "created")),
        init_pid=documents.integer(documents.get(state, "init_process_pid"))
        or documents.integer(documents.get(state, "pid")),
    )


def _bundle_of(state: Any) -> str | None:
    """The bundle's folder: crun states it, runc has it as a label `bundle=…`."""
    stated = documents.text(documents.get(state, "bundle"))
    labels = documents.texts(documents.get(state, "config", "labels"))
    return stated or next(
        (label.removeprefix("bundle=") for label in labels if label.startswith("bundle=")), None
    )
