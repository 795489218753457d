"""Capabilities of a container against those that its runtime gives unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_LIBPOD = frozenset(
    (
        *("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID"),
        *("SETPCAP", "SETUID", "SYS_CHROOT"),
    )
)
_MOBY = _LIBPOD | {"AUDIT_WRITE", "MKNOD", "NET_RAW"}
DEFAULTS: Mapping[str, frozenset[str]] = {
    "docker": _MOBY,
    "containerd": _MOBY,
    "podman": _LIBPOD,
    "cri-o": _LIBPOD - {"SETFCAP", "SYS_CHROOT"},
}
"""By runtime. Sources: moby oci/caps/defaults.go, containerd oci/spec.go, containers/common
pkg/config/default.go, cri-o docs/crio.conf.5.md (default_capabilities). Other runtimes have no default: what
starts them names each one."""


def named(values: Iterable[str]) -> tuple[str, ...]:
    """Names in one form: upper case, without `CAP_`, sorted, each once."""
    return tuple(sorted({value.upper().removeprefix("CAP_") for value in values if value}))


def changes(runtime: str, held: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(added, dropped) against the runtime's default; both empty where it has none."""
    default = DEFAULTS.get(runtime)
    if default is None:
        return (), ()
    own = set(named(held))
    return tuple(sorted(own - default)), tuple(sorted(default - own))
