"""exhume-capture info."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from capture.cli.content_lines import content_lines
from capture.cli.errors import Exit, told_in_one_line
from capture.cli.lines import iso
from capture.cli.opening import files_argument, opened
from capture.evidence.deriving import steps_of
from capture.evidence.judgement import judge
from capture.evidence.provenance import provenance
from capture.format import Capture, CaptureSet, State, part_of, set_facts
from capture.identity import EventColumns, identify
from capture.identity.reading import event_columns, tables_of
from capture.identity.snapshot import Row, integer_of, integers, text_of, texts
from capture.model.catalogue import CATALOGUE, event_name
from capture.model.recording_filter import Rule, read_rules
from capture.model.text import printable

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


@click.command()
@files_argument
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@told_in_one_line
def info(files: tuple[Path, ...], as_json: bool) -> None:
    """What is in FILE: host, times, counts by kind, drops, snapshot, containers with birth and death.

    Several files of a set, or their folder, are read as one recording.

    \b
    exhume-capture info node.exhume
    exhume-capture info /var/captures/
    exhume-capture info node.exhume --json | jq .containers
    """
    with opened(files) as capture:
        facts = _facts(capture)
        state = judge(capture).verdict.state
    if as_json:
        click.echo(json.dumps(_plain(facts), indent=2))
    else:
        _print(facts)
    if state is not State.WHOLE:
        sys.exit(Exit.CUT_SHORT if state is State.CUT_SHORT else Exit.ALTERED)


def _facts(capture: Capture) -> dict[str, Any]:
    events, columns = event_columns(capture)
    time = columns["time"]
    tables = tables_of(capture)
    found = identify(events, tables)
    drops = [row for document in capture.documents.get("counters", []) for row in document["rows"]]
    losses = [row for row in drops if row.get("kind") == "lost"]
    containers = [
        {
            **{name: record.get(name) for name in ("id", "name", "image", "runtime", "metadata")},
            "birth": _iso(int(found.containers.birth[at])),
            "death": _iso(int(found.containers.death[at])),
            "starts": int(found.containers.starts[at]),
            "exit_code": exit_code if (exit_code := int(found.ends.exit_code[at])) >= 0 else None,
            "oom_kills": int(found.ends.oom_kills[at]),
            **{name: record.get(name) for name in _CONTAINER_FACTS},
        }
        for at, record in enumerate(found.containers.records)
        if record.get("id") != "host"
    ]
    return {
        "file": capture.path,
        "state": str(judge(capture).verdict),
        "format": capture.section.get("format"),
        "capture_id": capture.section.get("capture_id"),
        **{name: _map(capture.section.get(name)) for name in ("host", "recorder", "clock")},
        "content": content_lines(capture),
        "first_event": _iso(int(time[0])) if len(time) else None,
        "last_event": _iso(int(time[-1])) if len(time) else None,
        "seconds": (int(time[-1]) - int(time[0])) / 1e9 if len(time) else 0.0,
        "events": capture.count,
        "blocks": capture.verdict.blocks,
        "by_kind": _by_kind(events),
        "processes": len(found.processes),
        "samples": len(capture.samples()["time"]),
        "snapshot": {name: len(capture.table(name)) for name in _SNAPSHOT},
        "containers": containers,
        "executables": _executables(tables["executables"]),
        "drops": drops,
        "filter": [str(rule) for rule in rules_of(capture)],
        "left_out": _left_out(capture),
        "lost": sum(integers(losses, "count", 0).tolist()),
        "counted": _counted(capture, events.machine),
        "ended": _ended(capture, time),
        "evidence": _map(capture.section.get("evidence")),
        "derived": steps_of(capture.section),
        "signature": str(judge(capture).signature),
        "provenance": [{"title": one.title, "text": one.text} for one in provenance(capture.section)],
        "unknown_blocks": capture.unknown,
        "set": _set(capture),
        "frozen": _frozen(capture),
        "notes": texts(capture.documents.get("note", []), "text"),
    }


def _executables(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The files of programs with their digest, or why there is none."""
    names = ("path", "sha256", "note", "size", "mtime", "ctime", "dev", "ino", "capabilities", "script")
    return [{name: row.get(name) for name in names} for row in rows]


def _programs_line(executables: list[dict[str, Any]]) -> str:
    hashed = sum(bool(row["sha256"]) for row in executables)
    missing = len(executables) - hashed
    return f"{hashed:,} files hashed" + (f", {missing:,} not (see --json)" if missing else "")


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


def rules_of(capture: Capture) -> tuple[Rule, ...]:
    """What the recording was asked to leave out."""
    return read_rules(_map(capture.section.get("recorder")).get("filter"))


def _left_out(capture: Capture) -> dict[str, int]:
    """Calls that the filter left out, by name, the most frequent first."""
    counts = _map(_map(capture.ending).get("filtered"))
    known = {text_of(name): count for name, count in counts.items() if isinstance(count, int)}
    return dict(sorted(known.items(), key=lambda item: (-item[1], item[0])))


def _frozen(capture: Capture) -> dict[str, Any] | None:
    """When a flight recorder was asked for this window, None for other recordings."""
    facts = _map(capture.section.get("frozen"))
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
        "rotation": _map(facts[0].get("rotation")),
    }


def _map(value: object) -> dict[Any, Any]:
    """What should be a map, empty where it is none."""
    return value if isinstance(value, dict) else {}


def _plain(value: object) -> object:
    """A value out of a capture as JSON can hold it."""
    if isinstance(value, dict):
        return {text_of(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return text_of(value) if isinstance(value, bytes) else value


def _command_line(words: object) -> str:
    return " ".join(map(text_of, words)) if isinstance(words, list) else ""


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


def _with(host: dict[str, Any], before: str, name: str) -> str:
    """A fact of the host with what stands before it; empty where it was not recorded."""
    return f"{before}{host[name]}" if host.get(name) else ""


def _print(facts: dict[str, Any]) -> None:
    console = Console(highlight=False)
    host, recorder = facts["host"], facts["recorder"]
    rows = (
        ("File", facts["file"]),
        ("State", facts["state"]),
        ("Signature", facts["signature"]),
        *((one["title"], one["text"]) for one in facts["provenance"]),
        *([("Set", facts["set"]["part"])] if facts["set"] else []),
        *([("Frozen", facts["frozen"]["asked"])] if facts["frozen"] else []),
        (
            "Host",
            f"{host.get('hostname')}{_with(host, ' · ', 'os')} · Linux{_with(host, ' ', 'kernel')} "
            f"{host.get('machine')}",
        ),
        ("", f"{host.get('cpus')} processors · machine {host.get('machine_id') or 'id not known'}"),
        ("Recorder", f"{recorder.get('name')} {recorder.get('version')}"),
        ("Started as", _command_line(recorder.get("command_line"))),
        ("Content", "; ".join(facts["content"])),
        *_filter_rows(facts),
        ("First event", facts["first_event"] or "none"),
        ("Last event", f"{facts['last_event'] or 'none'} ({facts['seconds']:.3f} s)"),
        ("Events", f"{facts['events']:,} by {facts['processes']:,} processes, in {facts['blocks']:,} blocks"),
        ("Programs", _programs_line(facts["executables"])),
        ("Ended", facts["ended"]),
        ("Lost", f"{facts['lost']:,} events" if facts["lost"] else "none"),
        *_given_up(facts),
        ("Samples", f"{facts['samples']:,} of active processes"),
        *(
            ("Not recorded", f"{text_of(name)}: {text_of(why)}")
            for name, why in _map(recorder.get("features")).items()
            if why != "recorded"
        ),
        ("Snapshot", ", ".join(f"{count:,} {name}" for name, count in facts["snapshot"].items())),
    )
    for title, value in rows:
        console.print(Text(f"{title:12} ", "bold").append(printable(str(value)), "none"), soft_wrap=True)
    for note in facts["notes"]:
        console.print(Text("Note         ", "bold").append(printable(note), "none"), soft_wrap=True)
    console.print()
    for line in _containers(facts["containers"]) or ["No containers."]:
        console.print(Text(line), soft_wrap=True)
    console.print()
    console.print(_kinds(facts["by_kind"], facts["counted"]["by_kind"]))


def _kinds(recorded: dict[str, int], counted: dict[str, int]) -> Table:
    """Events by kind, with a column for those that were only counted if there are any."""
    titles = ("Kind", "Events", *(("Counted only",) if counted else ()))
    table = Table(*titles, box=None, pad_edge=False, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    for name in dict.fromkeys((*recorded, *counted)):
        more = (f"{counted.get(name, 0):,}",) if counted else ()
        table.add_row(printable(name), f"{recorded.get(name, 0):,}", *more)
    return table


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


def _given_up(facts: dict[str, Any]) -> list[tuple[str, str]]:
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


def _filter_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
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


def _containers(containers: list[dict[str, Any]]) -> list[str]:
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
