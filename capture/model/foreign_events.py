"""Events that only converted captures hold: what other recorders tell beside system calls.

Their codes are the same on all machines. Names are those that analysts know from the recorder they come from.
"""

from __future__ import annotations

from capture.model.events import FIRST_FOREIGN_CODE, Arg, ArgKind, Category, EventSpec, Returns

_MEMORY = tuple(
    Arg(name, ArgKind.ULONG) for name in ("pgft_maj", "pgft_min", "vm_size_kb", "vm_rss_kb", "vm_swap_kb")
)
_USER = (Arg("uid", ArgKind.UID), Arg("gid", ArgKind.GID))
_NAMED = Arg("name", ArgKind.STRING)

_ROWS: tuple[tuple[str, Category, tuple[Arg, ...]], ...] = (
    ("switch", Category.SCHEDULER, (Arg("next", ArgKind.PID), *_MEMORY)),
    (
        "page_fault",
        Category.MEMORY,
        (Arg("addr", ArgKind.POINTER), Arg("ip", ArgKind.POINTER), Arg("error", ArgKind.HEX)),
    ),
    ("procinfo", Category.OTHER, (Arg("cpu_usr", ArgKind.ULONG), Arg("cpu_sys", ArgKind.ULONG))),
    ("drop", Category.OTHER, (Arg("ratio", ArgKind.UINT),)),
    ("scapevent", Category.OTHER, (Arg("type", ArgKind.UINT), Arg("data", ArgKind.ULONG))),
    ("cpu_hotplug", Category.SYSTEM, (Arg("cpu", ArgKind.UINT), Arg("action", ArgKind.UINT))),
    (
        "container",
        Category.OTHER,
        (Arg("type", ArgKind.UINT), Arg("id", ArgKind.STRING), Arg("name", ArgKind.STRING)),
    ),
    ("k8s", Category.OTHER, ()),
    ("mesos", Category.OTHER, ()),
    ("infra", Category.OTHER, (Arg("source", ArgKind.STRING), _NAMED)),
    ("notification", Category.OTHER, (Arg("id", ArgKind.STRING), Arg("desc", ArgKind.STRING))),
    (
        "tracer",
        Category.OTHER,
        (Arg("id", ArgKind.LONG), Arg("tags", ArgKind.STRING), Arg("args", ArgKind.STRING)),
    ),
    ("pluginevent", Category.OTHER, (Arg("plugin", ArgKind.UINT),)),
    ("asyncevent", Category.OTHER, (Arg("plugin", ArgKind.UINT), _NAMED)),
    ("useradded", Category.USER, (*_USER, _NAMED, Arg("home", ArgKind.STRING))),
    ("userdeleted", Category.USER, (*_USER, _NAMED, Arg("home", ArgKind.STRING))),
    ("groupadded", Category.USER, (Arg("gid", ArgKind.GID), _NAMED)),
    ("groupdeleted", Category.USER, (Arg("gid", ArgKind.GID), _NAMED)),
    (
        "scap_event",
        Category.OTHER,
        (Arg("type", ArgKind.UINT), Arg("id", ArgKind.UINT), Arg("native", ArgKind.UINT)),
    ),
)
"""`scap_event`: of a type that the converter does not know; its payload is all that the file has of it."""

FOREIGN_EVENTS = tuple(
    EventSpec(name, category, args, Returns.ZERO, FIRST_FOREIGN_CODE + at, FIRST_FOREIGN_CODE + at)
    for at, (name, category, args) in enumerate(_ROWS)
)
