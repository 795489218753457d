"""LXC's containers, and those of LXD and Incus, from the configuration LXC was started with.

    lxc.uts.name = web
    lxc.rootfs.path = dir:/var/lib/lxc/web/rootfs
    lxc.mount.entry = /srv/data srv/data none bind 0 0
    lxc.cgroup2.memory.max = 512M

A container's name is its id. None of them writes the image there. Keys are those of lxc.container.conf(5);
the names of before LXC 3 are read as the new ones. Files that it includes (the distribution's defaults) are
not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from capture.containers import capabilities, documents, homes, oci
from capture.containers.metadata import RECORDED, ContainerMetadata, Mount

PLACES = (
    "var/lib/lxc/{name}/config",
    "run/lxd/{name}/lxc.conf",
    "var/log/lxd/{name}/lxc.conf",
    "var/snap/lxd/common/lxd/logs/{name}/lxc.conf",
    "run/incus/{name}/lxc.conf",
    "var/log/incus/{name}/lxc.conf",
)
_OLD_NAMES = {
    "lxc.utsname": "lxc.uts.name",
    "lxc.mount": "lxc.mount.fstab",
    "lxc.rootfs": "lxc.rootfs.path",
    "lxc.aa_profile": "lxc.apparmor.profile",
    "lxc.se_context": "lxc.selinux.context",
    "lxc.seccomp": "lxc.seccomp.profile",
    "lxc.init_cmd": "lxc.init.cmd",
    "lxc.init_uid": "lxc.init.uid",
    "lxc.id_map": "lxc.idmap",
}
_NAMESPACES = {"network": "net", "mount": "mnt"}
"""LXC's names of namespaces where they are not the OCI specification's."""

_SIZE = re.compile(r"(\d{1,15})\s*([kmgt]?)b?", re.IGNORECASE)
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}


@dataclass(frozen=True, slots=True)
class _Settings:
    """Pairs of key and value, in order."""

    pairs: tuple[tuple[str, str], ...]

    def last(self, *keys: str) -> str:
        """The last value of the first of these keys that has one."""
        found = dict(self.pairs)
        return documents.text(next((found[key] for key in keys if found.get(key)), ""))

    def all(self, key: str) -> list[str]:
        """Every value of a key. An empty one takes back those before it."""
        values: list[str] = []
        for name, value in self.pairs:
            if name == key:
                values = [*values, value] if value else []
        return values[: documents.MAX_ITEMS]


def find(full_id: str, root: Path = Path("/"), bundle: Path | None = None) -> ContainerMetadata | None:
    """Read the configuration of the container of that name; None if there is none.

    Raises:
        MetadataError: there is one, but it cannot be read.
    """
    del bundle
    if not documents.is_name(full_id):
        return None
    files = [root / place.format(name=full_id) for place in PLACES]
    files += [home / ".local/share/lxc" / full_id / "config" for home in homes.homes(root)]
    for file in files:
        content = documents.read_bytes(file)
        if content is not None:
            return _described(full_id, _parsed(content.decode("utf-8", "replace")))
    return None


def _parsed(content: str) -> _Settings:
    rows = (line.partition("=") for line in content.splitlines() if not line.lstrip().startswith("#"))
    named = ((key.strip(), value.strip()) for key, equals, value in rows if equals)
    return _Settings(tuple((_OLD_NAMES.get(key, key), value) for key, value in named))


def _described(name: str, settings: _Settings) -> ContainerMetadata:
    kept = settings.last("lxc.namespace.keep").split()
    shared = {
        kind: settings.last(f"lxc.namespace.share.{_NAMESPACES.get(kind, kind)}") for kind in oci.NAMESPACES
    }
    no_new = settings.last("lxc.no_new_privs")
    dropped = capabilities.named(" ".join(settings.all("lxc.cap.drop")).split())
    profile = Path(settings.last("lxc.seccomp.profile")).name
    return ContainerMetadata(
        full_id=name,
        runtime="lxc",
        metadata=RECORDED,
        name=documents.text(name),
        hostname=settings.last("lxc.uts.name"),
        command=settings.last("lxc.execute.cmd", "lxc.init.cmd"),
        user=settings.last("lxc.init.uid"),
        working_directory=settings.last("lxc.init.cwd"),
        environment=tuple(value.partition("=")[0] for value in settings.all("lxc.environment")),
        capabilities=capabilities.named(" ".join(settings.all("lxc.cap.keep")).split()),
        capabilities_dropped=dropped,
        apparmor=settings.last("lxc.apparmor.profile"),
        selinux=settings.last("lxc.selinux.context"),
        seccomp=profile,
        no_new_privileges=no_new == "1" if no_new else None,
        mounts=_mounts(settings.all("lxc.mount.entry")),
        host_namespaces=tuple(kind for kind in oci.NAMESPACES if _NAMESPACES.get(kind, kind) in kept),
        joined_namespaces={kind: whose for kind, whose in shared.items() if whose},
        memory_limit=_size(settings.last("lxc.cgroup2.memory.max", "lxc.cgroup.memory.limit_in_bytes")),
        cpu_limit=_cpu_limit(settings),
        cpuset=settings.last("lxc.cgroup2.cpuset.cpus", "lxc.cgroup.cpuset.cpus"),
        pids_limit=_size(settings.last("lxc.cgroup2.pids.max", "lxc.cgroup.pids.max")),
        addresses=tuple(
            settings.last(key).partition("/")[0]
            for key in ("lxc.net.0.ipv4.address", "lxc.net.0.ipv6.address")
            if settings.last(key)
        ),
    )


def _size(text: str) -> int:
    """Bytes, or a count; 0 where there is no limit."""
    match = _SIZE.fullmatch(text)
    return int(match[1]) << _UNITS[match[2].lower()] if match else 0


def _cpu_limit(settings: _Settings) -> int:
    """cgroup v2 has quota and period in one line, v1 in two."""
    quota, _, period = settings.last("lxc.cgroup2.cpu.max").partition(" ")
    quota = quota or settings.last("lxc.cgroup.cpu.cfs_quota_us")
    period = period or settings.last("lxc.cgroup.cpu.cfs_period_us")
    return oci.cpu_share(_size(quota), _size(period))


def _mounts(entries: list[str]) -> tuple[Mount, ...]:
    """Read lines of fstab's form: source, destination, type, options, and two numbers."""
    rows = [entry.split() for entry in entries]
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
