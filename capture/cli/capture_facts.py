"""What `info` tells of a capture, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from capture.cli.content_lines import content_lines
from capture.cli.lines import iso
from capture.evidence.deriving import steps_of
from capture.evidence.judgement import judge
from capture.evidence.provenance import provenance
from capture.format import Capture, CaptureSet, part_of, set_facts
from capture.identity import EventColumns, identify
from capture.identity.reading import event_columns, tables_of
from capture.identity.resolve import Identities
from capture.identity.snapshot import Row, integer_of, integers, text_of, texts
from capture.model.catalogue import CATALOGUE, event_name
from capture.model.recording_filter import Rule, read_rules

_SNAPSHOT = ("processes", "descriptors", "sockets", "mounts", "users", "groups", "interfaces", "cgroups")

_CONTAINER_FACTS = (
    *(
        "kind",
        "pod",
        "namespace",
        "user",
        "privileged",
        "capabilities_added",
        "capabilities_dropped",
        "seccomp",
    ),
    *("host_namespaces", "memory_limit", "cpu_limit", "pids_limit", "restart_policy", "parent"),
)
"""What is told of a container beside its name and its life; what was not recorded is null."""


def facts_of(capture: Capture) -> dict[str, Any]:
    """What is in a capture, by the names that `info --json` gives: numbers, texts, lists and maps.

    Times are ISO 8601 in UTC, None where not seen.
    """
    events, columns = event_columns(capture)
    tables = tables_of(capture)
    found = identify(events, tables)
    drops = [row for document in capture.documents.get("counters", []) for row in document["rows"]]
    losses = [row for row in drops if row.get("kind") == "lost"]
    return {
        "file": capture.path,
        "state": str(judge(capture).verdict),
        "format": capture.section.get("format"),
        "capture_id": capture.section.get("capture_id"),
        **{name: map_of(capture.section.get(name)) for name in ("host", "recorder", "clock")},
        "content": content_lines(capture),
        **_span(columns["time"]),
        "events": capture.count,
        "blocks": capture.verdict.blocks,
        "by_kind": _by_kind(events),
        "processes": len(found.processes),
        "samples": len(capture.samples()["time"]),
        "snapshot": {name: len(capture.table(name)) for name in _SNAPSHOT},
        "containers": _containers(found),
        "executables": _executables(tables["executables"]),
        "drops": drops,
        "filter": [str(rule) for rule in _rules_of(capture)],
        "left_out": _left_out(capture),
        "lost": sum(integers(losses, "count", 0).tolist()),
        "counted": _counted(capture, events.machine),
        "ended": _ended(capture, columns["time"]),
        "evidence": map_of(capture.section.get("evidence")),
        "derived": steps_of(capture.section),
        "signature": str(judge(capture).signature),
        "provenance": [{"title": one.title, "text": one.text} for one in provenance(capture.section)],
        "unknown_blocks": capture.unknown,
        "set": _set(capture),
        "frozen": _frozen(capture),
        "notes": texts(capture.documents.get("note", []), "text"),
    }


def _span(time: np.ndarray) -> dict[str, Any]:
    """The first and the last event, and the seconds between them; time: int64, ns, sorted."""
    if not len(time):
        return {"first_event": None, "last_event": None, "seconds": 0.0}
    first, last = int(time[0]), int(time[-1])
    return {"first_event": _iso(first), "last_event": _iso(last), "seconds": (last - first) / 1e9}


def _containers(found: Identities) -> list[dict[str, Any]]:
    """Each container with its life and what was recorded of it; the host is none."""
    ends, lives = found.ends, found.containers
    return [
        {
            **{name: record.get(name) for name in ("id", "name", "image", "runtime", "metadata")},
            "birth": _iso(int(lives.birth[at])),
            "death": _iso(int(lives.death[at])),
            "starts": int(lives.starts[at]),
            "exit_code": exit_code if (exit_code := int(ends.exit_code[at])) >= 0 else None,
            "oom_kills": int(ends.oom_kills[at]),
            **{name: record.get(name) for name in _CONTAINER_FACTS},
        }
        for at, record in enumerate(lives.records)
        if record.get("id") != "host"
    ]


def _executables(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The files of programs with their digest, or why there is none."""
    names = ("path", "sha256", "note", "size", "mtime", "ctime", "dev", "ino", "capabilities", "script")
    return [{name: row.get(name) for name in names} for row in rows]


def _counted(capture: Capture, machine: str) -> dict[str, Any]:
    """Calls that were added up instead of recorded: how many, and how many of each kind."""
    columns = capture.counted()
    packed = columns["code"].astype(np.int64) << 16 | columns["flags"]
    kinds, which = np.unique(packed, return_inverse=True)
    by_kind: dict[str, int] = {}
    for at, kind in enumerate(kinds.tolist()):
        name = event_name(machine, kind >> 16, kind & 0xFFFF)
        by_kind[name] = by_kind.get(name, 0) + int(columns["count"][which == at].sum())
    return {
        "calls": sum(by_kind.values()),
        "bytes": int(columns["bytes"].sum()),
        "by_kind": dict(sorted(by_kind.items(), key=lambda item: (-item[1], item[0]))),
    }


def _ended(capture: Capture, time: np.ndarray) -> str:
    """How the recording ended, and from when on nothing is known."""
    if capture.ending is None:
        last = iso(int(time[-1])) if len(time) else "its beginning"
        return f"not in order: what came after {last} is not known"
    return text_of(capture.ending.get("reason")) or "in order"


def _rules_of(capture: Capture) -> tuple[Rule, ...]:
    """What the recording was asked to leave out."""
    return read_rules(map_of(capture.section.get("recorder")).get("filter"))


def _left_out(capture: Capture) -> dict[str, int]:
    """Calls that the filter left out, by name, the most frequent first."""
    counts = map_of(map_of(capture.ending).get("filtered"))
    known = {text_of(name): count for name, count in counts.items() if isinstance(count, int)}
    return dict(sorted(known.items(), key=lambda item: (-item[1], item[0])))


def _frozen(capture: Capture) -> dict[str, Any] | None:
    """When a flight recorder was asked for this window, None for other recordings."""
    facts = map_of(capture.section.get("frozen"))
    if not facts:
        return None
    return {**facts, "asked": _iso(integer_of(facts.get("asked")))}


def _set(capture: Capture) -> dict[str, Any] | None:
    """Which files of which set were read, None for a recording of its own."""
    members = capture.members if isinstance(capture, CaptureSet) else [capture]
    facts = [set_facts(member.section) for member in members]
    if not facts[0]:
        return None
    return {
        "part": part_of(capture),
        "id": facts[0].get("id"),
        "numbers": [fact.get("number") for fact in facts],
        "files": [member.path for member in members],
        "rotation": map_of(facts[0].get("rotation")),
    }


def map_of(value: object) -> dict[Any, Any]:
    """What should be a map, empty where it is none."""
    return value if isinstance(value, dict) else {}


def _by_kind(events: EventColumns) -> dict[str, int]:
    """Events by name, the most frequent first."""
    counts = np.bincount(events.kind + 1, minlength=len(CATALOGUE) + 1)[1:]
    names = {CATALOGUE[kind].name: int(counts[kind]) for kind in np.flatnonzero(counts).tolist()}
    unknown = events.kind < 0
    packed = events.code[unknown].astype(np.int64) << 16 | events.flags[unknown]
    kinds, counts = np.unique(packed, return_counts=True)
    for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
        name = event_name(events.machine, kind >> 16, kind & 0xFFFF)
        names[name] = names.get(name, 0) + count
    return dict(sorted(names.items(), key=lambda item: (-item[1], item[0])))


def _iso(time_ns: int) -> str | None:
    """A time as ISO 8601, None for -1 (not seen)."""
    return iso(time_ns) if time_ns >= 0 else None
