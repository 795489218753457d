"""exhume-capture info."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from capture.cli.capture_facts import facts_of, map_of
from capture.cli.container_lines import container_lines
from capture.cli.errors import Exit, told_in_one_line
from capture.cli.gap_rows import filter_rows, gap_rows
from capture.cli.opening import files_argument, opened
from capture.evidence.judgement import judge
from capture.format import State
from capture.identity.snapshot import text_of
from capture.model.text import printable


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
        facts = facts_of(capture)
        state = judge(capture).verdict.state
    if as_json:
        click.echo(json.dumps(plain_of(facts), indent=2))
    else:
        _print(facts)
    if state is not State.WHOLE:
        sys.exit(Exit.CUT_SHORT if state is State.CUT_SHORT else Exit.ALTERED)


def plain_of(value: object) -> object:
    """A value out of a capture as JSON can hold it."""
    if isinstance(value, dict):
        return {text_of(name): plain_of(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain_of(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return text_of(value) if isinstance(value, bytes) else value


def _command_line(words: object) -> str:
    return " ".join(map(text_of, words)) if isinstance(words, list) else ""


def _with(host: dict[str, Any], before: str, name: str) -> str:
    """A fact of the host with what stands before it; empty where it was not recorded."""
    return f"{before}{host[name]}" if host.get(name) else ""


def _programs_line(executables: list[dict[str, Any]]) -> str:
    hashed = sum(bool(row["sha256"]) for row in executables)
    missing = len(executables) - hashed
    return f"{hashed:,} files hashed" + (f", {missing:,} not (see --json)" if missing else "")


def _print(facts: dict[str, Any]) -> None:
    console = Console(highlight=False)
    titled = (*_kept(facts), *_seen(facts), *(("Note", note) for note in facts["notes"]))
    for title, value in titled:
        console.print(Text(f"{title:12} ", "bold").append(printable(str(value)), "none"), soft_wrap=True)
    console.print()
    for line in container_lines(facts["containers"]) or ["No containers."]:
        console.print(Text(line), soft_wrap=True)
    console.print()
    console.print(_kinds(facts["by_kind"], facts["counted"]["by_kind"]))


def _kept(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What the file is, and which machine and recorder it comes from."""
    host, recorder = facts["host"], facts["recorder"]
    system = f"{_with(host, ' · ', 'os')} · Linux{_with(host, ' ', 'kernel')} {host.get('machine')}"
    return [
        ("File", facts["file"]),
        ("State", facts["state"]),
        ("Signature", facts["signature"]),
        *((one["title"], one["text"]) for one in facts["provenance"]),
        *([("Set", facts["set"]["part"])] if facts["set"] else []),
        *([("Frozen", facts["frozen"]["asked"])] if facts["frozen"] else []),
        ("Host", f"{host.get('hostname')}{system}"),
        ("", f"{host.get('cpus')} processors · machine {host.get('machine_id') or 'id not known'}"),
        ("Recorder", f"{recorder.get('name')} {recorder.get('version')}"),
        ("Started as", _command_line(recorder.get("command_line"))),
        ("Content", "; ".join(facts["content"])),
    ]


def _seen(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What was recorded, and what was not."""
    features = map_of(facts["recorder"].get("features"))
    return [
        *filter_rows(facts),
        ("First event", facts["first_event"] or "none"),
        ("Last event", f"{facts['last_event'] or 'none'} ({facts['seconds']:.3f} s)"),
        ("Events", f"{facts['events']:,} by {facts['processes']:,} processes, in {facts['blocks']:,} blocks"),
        ("Programs", _programs_line(facts["executables"])),
        ("Ended", facts["ended"]),
        ("Lost", f"{facts['lost']:,} events" if facts["lost"] else "none"),
        *gap_rows(facts),
        ("Samples", f"{facts['samples']:,} of active processes"),
        *(
            ("Not recorded", f"{text_of(name)}: {text_of(why)}")
            for name, why in features.items()
            if why != "recorded"
        ),
        ("Snapshot", ", ".join(f"{count:,} {name}" for name, count in facts["snapshot"].items())),
    ]


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
