"""Mounts by which a container reaches into its host: its secrets, its devices, the runtimes that rule it.

A bind mount counts if what is mounted is one of the places below or contains one (`/` contains all), or lies
within one that counts with all that is in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from capture.identity.snapshot import text_of

WHOLE_PLACES = (
    *("/boot", "/dev", "/etc", "/home", "/lib/modules", "/proc", "/root", "/sys"),
    *("/run/containerd", "/run/crio", "/run/docker", "/run/podman", "/run/systemd"),
)
"""Sensitive with all that is in them."""
OWN_PLACES = (
    *("/run/docker.sock", "/usr", "/var/log", "/var/spool/cron"),
    *("/var/lib/containerd", "/var/lib/containers", "/var/lib/docker", "/var/lib/kubelet"),
)
"""Sensitive themselves: runtimes mount single files and volumes out of them into every container."""
MADE_BY_RUNTIMES = frozenset(
    {
        "/etc/hostname",
        "/etc/hosts",
        "/etc/resolv.conf",
        "/dev/shm",  # noqa: S108 - named, not used
        "/dev/termination-log",
        "/run/.containerenv",
    }
)
"""Where runtimes mount files of their own."""


def sensitive_mounts(mounts: Iterable[Mapping[str, Any]]) -> list[str]:
    """`source:destination:mode` of each mount that reaches into the host."""
    return [
        ":".join((source, text_of(mount.get("destination")), mode_of(mount)))
        for mount in mounts
        if (source := _bound(mount))
        and text_of(mount.get("destination")) not in MADE_BY_RUNTIMES
        and _is_sensitive(source)
    ]


def mode_of(mount: Mapping[str, Any]) -> str:
    """`ro` or `rw`; writable is what nothing says of."""
    options = mount.get("options")
    return "ro" if isinstance(options, list) and "ro" in options else "rw"


def _bound(mount: Mapping[str, Any]) -> str:
    """The path of the host that is mounted, empty where it is none."""
    source, options = text_of(mount.get("source")), mount.get("options")
    is_bind = text_of(mount.get("type")) == "bind" or (
        isinstance(options, list) and not {"bind", "rbind"}.isdisjoint(map(text_of, options))
    )
    return source if is_bind and source.startswith("/") else ""


def _is_sensitive(source: str) -> bool:
    path = PurePosixPath(
        source.replace("/var/run/", "/run/", 1) if source.startswith("/var/run/") else source
    )
    places = [PurePosixPath(place) for place in (*WHOLE_PLACES, *OWN_PLACES)]
    return any(place.is_relative_to(path) for place in places) or any(
        path.is_relative_to(place) for place in WHOLE_PLACES
    )
