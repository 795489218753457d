"""A few lines for each container of a capture."""

from __future__ import annotations

from typing import Any

from capture.identity.snapshot import text_of
from capture.model.text import printable


def container_lines(containers: list[dict[str, Any]]) -> list[str]:
    """A few lines a container: what it is, its life, and what it may do that others may not."""
    lines = []
    for row in containers:
        known = " · ".join(str(row[name]) for name in ("name", "image", "runtime") if row[name])
        why = "" if row["metadata"] == "recorded" else f" ({row['metadata']})"
        lines.append(printable(f"Container    {row['id']} {known}{why}"))
        lines.append(f"             born {row['birth'] or 'before the recording'}, {_end(row)}")
        if facts := _remarkable(row):
            lines.append(printable(f"             {facts}"))
    return lines


def _end(row: dict[str, Any]) -> str:
    died = f"died {row['death']}" if row["death"] else "alive at the end"
    told = (
        (row["exit_code"] is not None, f"exit code {row['exit_code']}"),
        (row["oom_kills"] > 0, f"{row['oom_kills']} killed for want of memory"),
        (row["starts"] > 1, f"started {row['starts']} times"),
    )
    return ", ".join((died, *(text for true, text in told if true)))


def _remarkable(row: dict[str, Any]) -> str:
    """What an analyst asks for first: the pod, and what goes beyond a plain container."""
    # Nearly every container without a user of its own shares these two.
    shared = " ".join(
        kind for kind in _words(row["host_namespaces"]).split() if kind not in ("user", "cgroup")
    )
    pod = "/".join(text_of(row[name]) for name in ("namespace", "pod") if text_of(row[name]))
    told = (
        (pod, f"pod {pod}"),
        (row["kind"] == "sandbox", "sandbox"),
        (row["privileged"] is True, "privileged"),
        (row["seccomp"] == "unconfined", "no seccomp"),
        (_words(row["capabilities_added"]), f"added {_words(row['capabilities_added'])}"),
        (shared, f"shares the host's {shared}"),
        (row["parent"], f"in {text_of(row['parent'])[:12]}"),
    )
    return " · ".join(text for true, text in told if true)


def _words(value: object) -> str:
    return " ".join(map(text_of, value)) if isinstance(value, list) else ""
