"""What is known about a container beside its id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from capture.containers.cgroup_paths import short_id

RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Mount:
    """Something of outside that a container sees at a path of its own."""

    destination: str
    source: str
    type: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContainerMetadata:
    """One container as its runtime describes it.

    A text that nothing recorded is empty. The environment is not kept: it holds secrets.
    """

    full_id: str
    runtime: str
    metadata: str
    """"recorded", or why it is missing."""

    name: str = ""
    image: str = ""
    image_id: str = ""
    image_digest: str = ""
    created_ns: int | None = None
    """Nanoseconds since 1970 UTC, as the runtime wrote it."""

    pod: str = ""
    namespace: str = ""
    pod_uid: str = ""
    command: str = ""
    """What it was told to run, arguments quoted as a shell reads them."""

    user: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    """The runtime's labels; where it stores none, the bundle's annotations."""

    privileged: bool | None = None
    """As the runtime says, or as capabilities, seccomp and devices together show; None: not known."""

    mounts: tuple[Mount, ...] = ()
    host_namespaces: tuple[str, ...] = ()
    """Kinds of namespaces that it shares with the host, by the names of the OCI specification."""

    cgroup: str = ""
    parent: str = ""
    """Full id of the container that this one runs in."""

    @property
    def id(self) -> str:
        """The short id that runtimes show."""
        return short_id(self.full_id)

    def row(self) -> dict[str, Any]:
        """The container as a row of a capture's table of containers: plain values only."""
        return {
            "id": self.id,
            "full_id": self.full_id,
            "name": self.name,
            "image": self.image,
            "image_id": self.image_id,
            "image_digest": self.image_digest,
            "runtime": self.runtime,
            "created": self.created_ns,
            "pod": self.pod,
            "namespace": self.namespace,
            "pod_uid": self.pod_uid,
            "command": self.command,
            "user": self.user,
            "labels": dict(self.labels),
            "privileged": self.privileged,
            "mounts": [
                {
                    "destination": mount.destination,
                    "source": mount.source,
                    "type": mount.type,
                    "options": list(mount.options),
                }
                for mount in self.mounts
            ],
            "host_namespaces": list(self.host_namespaces),
            "metadata": self.metadata,
            "cgroup": self.cgroup,
            "parent": self.parent,
        }
