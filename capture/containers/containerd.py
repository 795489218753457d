"""containerd's containers, Kubernetes' and others, from the bundles of its running tasks.

    <state>/io.containerd.runtime.v2.task/<namespace>/<id>/config.json

What containerd knows beyond the bundle lies in its database, which is not read. Kubernetes and nerdctl put
names and images into the bundle's annotations; of a container that `ctr` made only the command is known, and
its id is its name.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from capture.containers import documents, oci
from capture.containers.cgroup_paths import short_id
from capture.containers.metadata import ContainerMetadata

STATES = (
    "run/containerd",
    "run/k3s/containerd",
    "run/docker/containerd/daemon",
    "run/docker/containerd",
    "var/snap/microk8s/common/run/containerd",
)
"""State folders: the default, k3s and RKE2, Docker's private ones, MicroK8s."""

TASKS = ("io.containerd.runtime.v2.task", "io.containerd.runtime.v1.linux")


def find(full_id: str, root: Path = Path("/")) -> ContainerMetadata | None:
    """Read the bundle of a container that runs; None if there is none.

    Raises:
        MetadataError: there is one, but it cannot be used.
    """
    if not documents.is_name(full_id):
        return None
    for tasks in (root / state / kind for state in STATES for kind in TASKS):
        for namespace in documents.names_in(tasks):
            found = oci.read_bundle(tasks / namespace / full_id, full_id, "containerd")
            if found is not None:
                # Docker's own description is better; where it was not found, it is still Docker's container.
                runtime = "docker" if namespace == "moby" else "containerd"
                name = found.name or (full_id if short_id(full_id) == full_id else "")
                return replace(found, name=name, runtime=runtime)
    return None
