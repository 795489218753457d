"""What a low-level runtime's own command line tells, seen when it is executed.

    runc --root /run/containerd/runc/k8s.io create --bundle /run/containerd/…/<id> --pid-file … <id>
    conmon -c <id> -n web -b /var/lib/containers/storage/overlay-containers/<id>/userdata …
    containerd-shim-runc-v2 -namespace k8s.io -id <id> -address …           in the bundle's folder
    systemd-nspawn --keep-unit -D /srv/deb -M deb …                in `payload` of the caller's cgroup

So the bundle is known before the container's first process runs, also where runtimes keep it in unusual
places. Anyone may execute a program of that name with any arguments: believe it only of an id that a cgroup
has as well.
"""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from dataclasses import dataclass, replace

from capture.containers.documents import is_name, text

_RUNTIMES = {"runc", "crun", "youki", "runsc", "kata-runtime"}
_STARTS = {"create", "run", "restore"}
_BUNDLE = ("--bundle", "-bundle", "-b")
_SHIM = "containerd-shim"

_NSPAWN, _NSPAWN_RUNTIME = "systemd-nspawn", "nspawn"
_NSPAWN_PLACES = ("-D", "--directory", "-i", "--image", "--template")
_DISK_IMAGE = ".raw"

PROGRAMS = (*sorted(_RUNTIMES), "conmon", _NSPAWN)
"""Names of the programs whose execution may make a container."""


@dataclass(frozen=True, slots=True)
class RuntimeCall:
    """One call that makes a container."""

    full_id: str
    bundle: str
    """The bundle's folder as given; empty: the caller's working directory."""

    name: str = ""
    """The name that people use, where the call tells it (conmon)."""

    runtime: str = ""
    """runc, crun, …, where it was called itself."""

    cgroups: tuple[str, ...] = ()
    """Those of the container, where its name does not tell them."""


def runtime_call(argv: Sequence[bytes], cwd: str = "") -> RuntimeCall | None:
    """Read a command line; None if it does not make a container.

    Args:
        argv: the arguments, program first.
        cwd: where the program runs, if it is known: a bundle is told relative to it.
    """
    call = _call_of(argv)
    if (
        call is None
        or call.runtime == _NSPAWN_RUNTIME
        or call.bundle.startswith("/")
        or not cwd.startswith("/")
    ):
        return call
    return replace(call, bundle=os.path.normpath(f"{cwd}/{call.bundle}"))


def _call_of(argv: Sequence[bytes]) -> RuntimeCall | None:
    words = [text(word.decode("utf-8", "replace")) for word in argv]
    program = os.path.basename(words[0]) if words else ""  # noqa: PTH119  text, not a file here
    if program == "conmon":
        full_id = _value(words, "-c", "--cid")
        return _call(full_id, _value(words, *_BUNDLE), _value(words, "-n", "--name"))
    if program.startswith(_SHIM):
        return _call(_value(words, "-id"), "", "")
    if program == _NSPAWN:
        return _call(_machine(words), "", "", _NSPAWN_RUNTIME)
    if program in _RUNTIMES and _STARTS.intersection(words[1:-1]):
        return _call(words[-1], _value(words, *_BUNDLE), "", program)
    return None


def payloads_of(cgroups: Sequence[str]) -> tuple[str, ...]:
    """The cgroups of a container of systemd-nspawn, from those of its supervisor, one a hierarchy."""
    units = dict.fromkeys(path.removesuffix("/supervisor").rstrip("/") for path in cgroups)
    return tuple(f"{unit}/payload" for unit in units if unit)


def _machine(words: Sequence[str]) -> str:
    """The name of a container of systemd-nspawn: as told, else by its folder or image (systemd-nspawn(1))."""
    place = _value(words, *_NSPAWN_PLACES).rstrip("/")
    named = _value(words, "-M", "--machine")
    return named or os.path.basename(place).removesuffix(_DISK_IMAGE)  # noqa: PTH119  text, not a file here


def _call(full_id: str, bundle: str, name: str, runtime: str = "") -> RuntimeCall | None:
    return RuntimeCall(full_id, bundle, name, runtime) if is_name(full_id) else None


def _value(words: Sequence[str], *options: str) -> str:
    """The value of an option, given as the next word or after an equals sign; empty if it is not there."""
    for position, word in enumerate(words[1:], start=1):
        option, equals, value = word.partition("=")
        if option in options:
            return value if equals else next(iter(words[position + 1 :]), "")
    return ""
