"""From a cgroup path to the container that lives there; no file is read.

A path is a list of segments, and what a runtime calls a container's segment is its signature:

    /libpod_parent/libpod-<id>/container                        Podman, cgroupfs driver, crun's child cgroup
    /kubepods.slice/…/kubepods-pod<uid>.slice/crio-<id>.scope   CRI-O, systemd driver
    /kubepods/burstable/pod<uid>/<id>                           some CRI runtime, cgroupfs driver
    /docker/<id>/docker/<id>                                    a container in a container

The table `PATTERNS` holds the signatures. The last segment that matches is the container, those before it
contain it, and what follows it are cgroups that the container made for itself. The paths of all hierarchies
(v1, hybrid, v2) look alike, so that one table does. A path that matches nothing belongs to no container known
here, which is not the same as belonging to the host: a runtime called directly may name its cgroup as it
likes. Ids that such a runtime was seen to use can be passed as `known`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

_ID = r"(?P<id>[0-9a-f]{64})"
_NAME = r"(?P<id>[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,254})"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SHORT_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){4}"
"""As many of a UUID's characters as Cloud Foundry keeps of it."""
MAX_PATH = 4096
"""Paths longer than the kernel's PATH_MAX are not looked at."""


@dataclass(frozen=True, slots=True)
class ContainerRef:
    """A container as its cgroup path tells it."""

    runtime: str
    """podman, docker, containerd, cri-o, runc, crun, lxc, …; empty where the path does not tell."""

    full_id: str
    """64 hex digits, or the name for runtimes that go by names."""

    cgroup: str = field(default="", compare=False)
    """The path up to the container's own cgroup; it differs between hierarchies."""

    pod_uid: str = ""
    parent: ContainerRef | None = None
    """The container that this one runs in."""

    @property
    def id(self) -> str:
        """The short id that runtimes show."""
        return short_id(self.full_id)


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a runtime names the cgroup of a container."""

    runtime: str
    segment: str
    """A regular expression for the whole segment, with the group `id`."""

    below: str = ""
    """A regular expression for the whole segment before it; empty: any."""

    unless: str = ""
    """A regular expression for the whole segment after it, with which it is no container: the child cgroup in
    which the runtime itself runs, or the containers of what is a pod."""


# A trailing `.scope` is the systemd driver. `<slice>:<prefix>:<id>` appears where a runtime with the cgroupfs
# driver is handed a name meant for the systemd driver.
PATTERNS: tuple[Pattern, ...] = (
    Pattern("docker", rf"docker-{_ID}\.scope"),
    Pattern("docker", rf"[^:]*:docker:{_ID}"),
    Pattern("docker", _ID, below="docker|moby"),
    Pattern("podman", rf"libpod-(payload-)?{_ID}(\.scope)?"),
    Pattern("podman", rf"[^:]*:libpod:{_ID}"),
    Pattern("cri-o", rf"crio-{_ID}(\.scope)?"),
    Pattern("cri-o", rf"[^:]*:crio:{_ID}"),
    Pattern("containerd", rf"cri-containerd-{_ID}(\.scope)?"),
    Pattern("containerd", rf"[^:]*:(cri-containerd|nerdctl):{_ID}"),
    Pattern("containerd", rf"nerdctl-{_ID}\.scope"),
    # Clients of containerd choose ids freely; these are the namespaces that clients use unless told
    # otherwise.
    Pattern(
        "containerd",
        r"(?P<id>[A-Za-z0-9][A-Za-z0-9_.-]{0,75})(?<!\.slice)(?<!\.scope)",
        below="default|k8s\\.io",
    ),
    Pattern("buildkit", r"(?P<id>[0-9a-z]{25})", below="buildkit"),
    Pattern("lxc", rf"lxc\.payload\.{_NAME}"),
    Pattern("lxc", _NAME, below=r"lxc|lxc\.payload"),
    Pattern("libvirt-lxc", r"machine-lxc\\x2d\d+\\x2d(?P<id>[A-Za-z0-9_][A-Za-z0-9_.\\-]{0,254})\.scope"),
    Pattern("nspawn", rf"systemd-nspawn@{_NAME}\.service", unless="supervisor"),
    # libvirt's virtual machines are registered the same way; they are no containers.
    Pattern(
        "nspawn",
        r"machine-(?!qemu\\x2d|lxc\\x2d)(?P<id>[A-Za-z0-9_][A-Za-z0-9_.\\-]{0,254})\.scope",
        unless="supervisor",
    ),
    Pattern("runc", rf"runc-{_NAME}\.scope"),
    Pattern("crun", rf"crun-{_NAME}\.scope"),
    Pattern("crun", _NAME, below="crun"),
    Pattern("kata", rf"kata_(overhead_)?{_ID}"),
    Pattern("kata", _ID, below="kata_overhead|vc"),
    Pattern("garden", rf"(?P<id>{_UUID}|{_SHORT_UUID}|[0-9a-z]{{11}})", below="garden(-[^/]*)?"),
    Pattern("bpm", r"bpm-(?P<id>[A-Za-z0-9][A-Za-z0-9_.+-]{0,200})"),
    Pattern("nomad", rf"(?P<id>{_UUID}\.[A-Za-z0-9_.-]{{1,128}})\.scope", below=r"[^/]*\.slice"),
    Pattern("nomad", rf"(?P<id>{_UUID}[.-][A-Za-z0-9_.-]{{1,128}})(?<!\.scope)", below="nomad|share|reserve"),
    Pattern("ecs", r"(?P<id>[0-9a-f]{32}-\d{1,20})", below=r"[0-9a-f]{32}"),
    # A runtime that is not known here, with the systemd driver; monitors have two words before the id.
    Pattern("", rf"((?!conmon)[A-Za-z0-9_]+-)?{_ID}\.scope"),
    # Nothing but containers has names like this, whatever the parent (--cgroup-parent, Kubernetes' pods), but
    # for Podman's pods with the cgroupfs driver.
    Pattern("", _ID, below=r"(?!libpod_parent$).*", unless=r"libpod-.*"),
)

_COMPILED = tuple(
    (row, re.compile(row.segment), re.compile(row.below), re.compile(row.unless)) for row in PATTERNS
)
_POD = re.compile(
    r"(?:.*-)?pod(?P<uid>[0-9a-f]{8}(?:[-_]?[0-9a-f]{4}){3}[-_]?[0-9a-f]{12})(?:\.slice(?::.*)?)?"
)


def container_of(
    path: str, *, known: Collection[str] = (), told: Mapping[str, str] | None = None
) -> ContainerRef | None:
    """Tell which container a cgroup belongs to, None where the path shows none.

    Args:
        path: as in /proc/PID/cgroup or in the kernel's cgroup events, with or without a first slash.
        known: ids or names that a runtime called directly was seen to use.
        told: cgroup → id or name, where a runtime said whose it is.
    """
    if len(path) > MAX_PATH:
        return None
    segments = [part for part in path.split("/") if part]
    found: ContainerRef | None = None
    pod_uid = ""
    for position, segment in enumerate(segments):
        if pod := _POD.fullmatch(segment):
            pod_uid = pod["uid"].replace("_", "-")
        cgroup = "/" + "/".join(segments[: position + 1])
        match = _match(segments, position, known)
        if match is None and told and cgroup in told:
            match = "", told[cgroup]
        if match is None or (found is not None and found.full_id == match[1]):
            continue
        found = ContainerRef(match[0], match[1], cgroup, pod_uid, found)
        pod_uid = ""
    return found


def container_of_process(lines: Iterable[str], *, known: Collection[str] = ()) -> ContainerRef | None:
    """Tell which container a process is in from the lines of /proc/PID/cgroup, one a hierarchy.

    Most hierarchies agree; the first in which a container shows decides, the unified one before all.
    """
    paths = [line.rstrip("\n").split(":", 2) for line in lines]
    paths.sort(key=lambda parts: parts[0] != "0")
    found = (container_of(parts[2], known=known) for parts in paths if len(parts) == 3)
    return next((ref for ref in found if ref is not None), None)


def short_id(full_id: str) -> str:
    """Shorten 64 hex digits to 12, as runtimes do; a name stays whole."""
    return full_id[:12] if re.fullmatch(_ID, full_id) else full_id


def _match(segments: list[str], position: int, known: Collection[str]) -> tuple[str, str] | None:
    """Give (runtime, id) where this segment is a container's own."""
    segment = segments[position]
    before = segments[position - 1] if position else ""
    after = segments[position + 1] if position + 1 < len(segments) else ""
    for row, pattern, below, unless in _COMPILED:
        match = pattern.fullmatch(segment)
        if match is None or (row.below and not below.fullmatch(before)):
            continue
        if row.unless and unless.fullmatch(after):
            return None
        # systemd writes a dash in a name as \x2d.
        return row.runtime, match["id"].replace("\\x2d", "-")
    return ("", segment) if segment in known else None
