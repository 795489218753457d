"""containerd's containers, Kubernetes' and others, from bundles of running tasks and from its database.

    <state>/io.containerd.runtime.v2.task/<namespace>/<id>/config.json   the bundle, while the task runs
    <state>/io.containerd.runtime.v2.task/<namespace>/<id>/init.pid      its first process
    <state>/io.containerd.runtime.v2.task/<namespace>/<id>/work          a link that leads to <root>
    <root>/io.containerd.metadata.v1.bolt/meta.db                        see `containerd_database`

Kubernetes and nerdctl put names and images into the bundle's annotations; labels, those of pods too, and the
images of containers that `ctr` made are in the database alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from capture.containers import containerd_database, documents, homes, oci
from capture.containers.cgroup_paths import short_id
from capture.containers.metadata import ContainerMetadata

PLACES = (
    ("run/containerd", "var/lib/containerd"),
    ("run/k3s/containerd", "var/lib/rancher/k3s/agent/containerd"),
    ("run/k3s/containerd", "var/lib/rancher/rke2/agent/containerd"),
    ("run/k0s/containerd", "var/lib/k0s/containerd"),
    ("run/docker/containerd/daemon", "var/lib/docker/containerd/daemon"),
    ("run/docker/containerd", "var/lib/docker/containerd"),
    ("var/snap/microk8s/common/run/containerd", "var/snap/microk8s/common/var/lib/containerd"),
)
"""State and root folders: the default (kind's and minikube's, too), k3s, RKE2, k0s, Docker's own, MicroK8s.
Those of a rootless Docker are in the user's run folder."""

TASKS = ("io.containerd.runtime.v2.task", "io.containerd.runtime.v1.linux")
DOCKER_NAMESPACE = "moby"


def find(full_id: str, root: Path = Path("/"), bundle: Path | None = None) -> ContainerMetadata | None:
    """Read what is known of a container, running or not; None if nothing.

    Raises:
        MetadataError: there is something, but it cannot be used.
    """
    if not documents.is_name(full_id):
        return None
    for folder in bundles(full_id, root, bundle):
        found = oci.read_bundle(folder, full_id, "containerd")
        if found is not None:
            namespace = folder.parent.name
            known = replace(found, init_pid=documents.read_number(folder / "init.pid"))
            return _named(_with_database(known, _roots_of(folder, root), namespace), namespace)
    return _from_database(full_id, root)


def bundles(full_id: str, root: Path, bundle: Path | None = None) -> Iterator[Path]:
    """Folders in which a container's bundle may lie, the one that a command line told first."""
    if bundle is not None and bundle.parents and bundle.parent.parent.name in TASKS:
        yield bundle
    states = (
        *(root / state for state, _ in PLACES),
        *(run / "docker/containerd/daemon" for run in homes.run_folders(root)),
    )
    for tasks in dict.fromkeys(state / kind for state in states for kind in TASKS):
        yield from (tasks / namespace / full_id for namespace in documents.names_in(tasks))


def _roots_of(bundle: Path, root: Path) -> list[Path]:
    """containerd's root, where the bundle's link `work` leads, <root>/<tasks>/<namespace>/<id>; or all."""
    try:
        target = (bundle / "work").readlink()
    except OSError:
        target = Path()
    if len(target.parents) > 3 and target.is_absolute():
        return [root / str(target.parents[2]).lstrip("/")]
    return [root / data for _, data in PLACES]


def _with_database(known: ContainerMetadata, roots: list[Path], namespace: str) -> ContainerMetadata:
    """Add labels, image and time; without the database the rest still counts."""
    for data in roots:
        try:
            entry = containerd_database.find_entry(data, namespace, known.full_id)
        except documents.MetadataError:
            continue
        if entry is not None:
            return containerd_database.completed(known, entry)
    return known


def _from_database(full_id: str, root: Path) -> ContainerMetadata | None:
    """A container that has no task: its specification is in the database, too."""
    for data in dict.fromkeys(data for _, data in PLACES):
        for namespace in containerd_database.namespaces(root / data):
            entry = containerd_database.find_entry(root / data, namespace, full_id)
            if entry is not None:
                known = oci.from_config(entry.spec, full_id, "containerd")
                return _named(containerd_database.completed(known, entry), namespace)
    return None


def _named(found: ContainerMetadata, namespace: str) -> ContainerMetadata:
    # Docker's own description is better; where it was not found, it is still Docker's container.
    runtime = "docker" if namespace == DOCKER_NAMESPACE else "containerd"
    name = found.name or (found.full_id if short_id(found.full_id) == found.full_id else "")
    return replace(found, name=name, runtime=runtime)
