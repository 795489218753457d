"""What a recording left out or lost, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from capture.cli.lines import iso
from capture.identity.snapshot import integers, text_of

_TITLES = {
    "lost": "lost",
    "payload": "recorded without payload",
    "path": "opened without the path behind it",
    "counted": "counted, not recorded one by one",
    "late": "recorded out of order",
    "unwritten": "not written: no room on disk",
    "stalled": "the recorder did not run",
    "stalled disk": "the disk did not keep up",
}


def gap_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What was counted, and each kind of gap with its time and its categories."""
    counted = facts["counted"]
    lines = []
    if counted["calls"]:
        lines.append(
            ("Counted only", f"{counted['calls']:,} calls more, which moved {counted['bytes']:,} bytes")
        )
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in facts["drops"]:
        if row.get("kind") == "filtered":  # on purpose: told with the filter
            continue
        kind, where = text_of(row.get("kind")), text_of(row.get("where"))
        title = where if kind == "step" else _TITLES.get(f"{kind} {where}", _TITLES.get(kind, kind))
        groups.setdefault(title, []).append(row)
    for at, (title, rows) in enumerate(sorted(groups.items())):
        lines.append(("Gaps" if at == 0 else "", f"{title}: {_told(rows)}"))
    return lines


def _told(rows: list[dict[str, Any]]) -> str:
    """How often, from when to when, how much, of what and on which processors."""
    since, until, counts = (integers(rows, name) for name in ("since", "time", "count"))
    intervals = len(np.unique(np.stack([since, until]), axis=1).T)
    many = f"in {intervals:,} interval{'s' if intervals > 1 else ''}"
    told = f"{many} from {iso(int(since.min()))} to {iso(int(until.max()))}"
    if not (total := sum(counts.tolist())):
        return f"{told}, {int((until - since).sum()) / 1e9:.3f} s"
    shares: dict[str, int] = {}
    for row, count in zip(rows, counts.tolist(), strict=True):
        of = text_of(row.get("category"))
        shares[of] = shares.get(of, 0) + count
    parts = ", ".join(f"{of} {count:,}" for of, count in sorted(shares.items(), key=lambda s: -s[1]) if of)
    cpus = [cpu for cpu in np.unique(integers(rows, "cpu")).tolist() if cpu >= 0]
    on = f", on processors {', '.join(map(str, cpus))}" if cpus else ""
    return f"{told}, {total:,} events{f' ({parts})' if parts else ''}{on}"


def filter_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What is missing on purpose; nothing where all was recorded."""
    if not facts["filter"]:
        return []
    counts = facts["left_out"]
    most = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:5])
    total = f"{sum(counts.values()):,} calls: {most}" + (", …" if len(counts) > 5 else "")
    return [
        ("Filter", "; ".join(facts["filter"])),
        ("Left out", total if counts else "not told: the recording was not closed"),
    ]
