"""What is known about a container beside its id."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from capture.containers.cgroup_paths import short_id

RECORDED = "recorded"
SANDBOX, CONTAINER = "sandbox", "container"
"""Kinds: what holds the namespaces of a pod, and any other."""


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

    A text, list or table that nothing recorded is empty; None is a number or an answer that is not known.
    Of the environment only names are kept: its values hold secrets.
    """

    full_id: str
    runtime: str
    metadata: str
    """"recorded", or why it is missing."""

    name: str = ""
    kind: str = ""
    """`sandbox` or `container`; empty where the runtime makes no such difference."""

    image: str = ""
    """With its tag, as it was asked for."""

    image_id: str = ""
    image_digest: str = ""
    created_ns: int | None = None
    """Nanoseconds since 1970 UTC, as the runtime wrote it."""

    pod: str = ""
    namespace: str = ""
    pod_uid: str = ""
    pod_labels: dict[str, str] = field(default_factory=dict)
    sandbox: str = ""
    """Full id of the container that holds the pod's namespaces."""

    command: str = ""
    """What it was told to run, entry point and all, arguments quoted as a shell reads them."""

    entrypoint: str = ""
    user: str = ""
    working_directory: str = ""
    hostname: str = ""
    environment: tuple[str, ...] = ()
    """Names of the variables."""

    labels: dict[str, str] = field(default_factory=dict)
    """The runtime's labels; where it stores none, the bundle's annotations."""

    restart_policy: str = ""
    privileged: bool | None = None
    """As the runtime says, or as capabilities, seccomp and devices together show; None: not known."""

    capabilities: tuple[str, ...] = ()
    """Its bounding set, without `CAP_`."""

    capabilities_added: tuple[str, ...] = ()
    """What it has beyond the runtime's default."""

    capabilities_dropped: tuple[str, ...] = ()
    """What the runtime's default has and it has not."""

    seccomp: str = ""
    """`unconfined`, `filtered`, or the profile's name."""

    apparmor: str = ""
    selinux: str = ""
    no_new_privileges: bool | None = None
    read_only: bool | None = None
    """Whether its root file system is."""

    mounts: tuple[Mount, ...] = ()
    devices: tuple[str, ...] = ()
    """Devices of the host that it was given."""

    host_namespaces: tuple[str, ...] = ()
    """Kinds of namespaces that it shares with the host, by the names of the OCI specification."""

    joined_namespaces: dict[str, str] = field(default_factory=dict)
    """Kind → whose namespace it joined: a path, or `container:<id>`."""

    memory_limit: int | None = None
    """Bytes; 0: no limit."""

    cpu_limit: int | None = None
    """Thousandths of a processor; 0: no limit."""

    cpuset: str = ""
    pids_limit: int | None = None
    """0: no limit."""

    addresses: tuple[str, ...] = ()
    cni: str = ""
    """What the network plugin answered, JSON."""

    init_pid: int | None = None
    """Its first process, as the host sees it."""

    cgroup: str = ""
    parent: str = ""
    """Full id of the container that this one runs in."""

    @property
    def id(self) -> str:
        """The short id that runtimes show."""
        return short_id(self.full_id)

    def completed(self, other: ContainerMetadata | None) -> ContainerMetadata:
        """This description, with what it lacks taken from another one."""
        if other is None:
            return self
        missing = [entry.name for entry in fields(self) if getattr(self, entry.name) in ("", None, (), {})]
        return replace(self, **{name: getattr(other, name) for name in missing})

    def row(self) -> dict[str, Any]:
        """The container as a row of a capture's table of containers: plain values only."""
        row = {"id": self.id, **{entry.name: _plain(getattr(self, entry.name)) for entry in fields(self)}}
        row["created"] = row.pop("created_ns")
        return row


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value)}
    return dict(value) if isinstance(value, dict) else value
