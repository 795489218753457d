"""What is known of a subject without counting anything: the column of facts on its page.

Values are texts that hold nothing a terminal or a widget would obey. What was not recorded says so.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from capture.model.decode import printable, signal_name
from inspect_app.analysis.container import NOT_RECORDED, Item, container_items
from inspect_app.analysis.devices import device_text, terminal_text
from inspect_app.analysis.event import DetailGroup
from inspect_app.analysis.listening import listeners
from inspect_app.analysis.moments import distance_text, duration_text, moment_text
from inspect_app.analysis.processes import adopter_of, process_forest, programs_of
from inspect_app.analysis.program import program_file_items
from inspect_app.analysis.subject import Found, Kind
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.host_numbers import user_name

_LIMIT = 4_096
_MOST = 40
"""Lines of a list among the facts; the tables beside them have all."""
_NO_OWNER = "nobody that was recorded"


def facts_of(frames: CaptureFrames, found: Found) -> tuple[DetailGroup, ...]:
    """Groups of facts, in the order in which one reads them; those without any are left out."""
    tell = {
        Kind.PROCESS: _of_process,
        Kind.CONTAINER: _of_container,
        Kind.FILE: _of_file,
        Kind.CONNECTION: _of_connection,
    }
    groups = tell[found.subject.kind](frames, found)
    return tuple(DetailGroup(name, tuple(items)) for name, items in groups if items)


Groups = list[tuple[str, list[Item]]]


def _of_process(frames: CaptureFrames, found: Found) -> Groups:
    process = _values(frames.processes, found.row)
    image = int(process["image"])
    program = _values(frames.images, image) if image >= 0 else None
    known: list[Item] = [("Program", NOT_RECORDED)]
    if program is not None:
        known = [(title, _shown(program[name])) for title, name in _PROGRAM]
        known += program_file_items(frames, program)
    identity = [
        ("PID", str(process["pid"])),
        ("Created by", _creator(frames, found.row)),
        *_adopter(frames, found.row),
        ("Container", _container_name(frames, int(process["container"]))),
        ("User", _user(frames, int(process["uid"]), found.row)),
        ("Started", _moment(int(process["start"]), "before the recording")),
        ("Ended", _end(process)),
        ("Lived", _lived(int(process["start"]), int(process["end"]))),
        ("Session", _number(process["sid"])),
        ("Terminal", terminal_text(int(process["tty"]))),
        ("Logged in as", _user(frames, int(process["loginuid"]), found.row)),
    ]
    above = process_forest(frames).ancestors(found.row)[:_MOST]
    return [
        ("Process", identity),
        ("Program", known),
        ("Ran before", _earlier_programs(frames, found.row)),
        ("Ancestors", [(str(level), _process_name(frames, row)) for level, row in enumerate(above, start=1)]),
        ("Listens on", _listening(frames, "process", found.row)),
    ]


_PROGRAM = (("Name", "comm"), ("Path", "exepath"), ("Command", "cmdline"), ("Directory", "cwd"))


def _of_container(frames: CaptureFrames, found: Found) -> Groups:
    container = _values(frames.containers, found.row)
    items = _host_items(frames, found.row) if frames.is_host[found.row] else container_items(container)
    first = int(container["first_process"])
    began = [("First process", _process_name(frames, first))] if first >= 0 else []
    return [
        ("Container", items + began),
        ("Listens on", _listening(frames, "container", found.row)),
        ("Mounts", _mounts(str(container["mounts"]))),
    ]


def _host_items(frames: CaptureFrames, row: int) -> list[Item]:
    host = _values(frames.hosts, int(frames.containers["host"].to_numpy()[row]))
    told = [(title, _shown(str(host[name]))) for title, name in _HOST if host[name]]
    return [("Name", "host"), ("What it is", "the host itself"), *told]


_HOST = (("Host", "hostname"), ("Kernel", "kernel"), ("System", "os"), ("Architecture", "machine"))


def _of_file(frames: CaptureFrames, found: Found) -> Groups:
    container, path = found.subject.place()
    things = frames.descriptors.iloc[found.things]
    where = _container_id_name(frames, container) if container else "any"
    identity = [("Path", _shown(path)), ("Container", where)]
    if len(things):
        last = _values(things, int(np.argmax(things["last"].to_numpy())))
        identity += [
            ("Type", _shown(last["type"])),
            ("Mode", f"{int(last['mode']):07o}" if int(last["mode"]) >= 0 else NOT_RECORDED),
            ("Device", device_text(int(last["dev"]))),
            ("Inode", _number(last["ino"])),
        ]
    times = frames.events["time"].to_numpy()[found.rows[[0, -1]]]
    identity += [("First seen", moment_text(int(times[0]))), ("Last seen", moment_text(int(times[1])))]
    others = [(f"{place}", _shown(name)) for place, name in enumerate(found.names[1 : _MOST + 1], start=1)]
    return [("File", identity), ("Other names", others), ("Run as program", _runs_of(frames, found))]


def _runs_of(frames: CaptureFrames, found: Found) -> list[Item]:
    """Processes that ran the file, told by the path of their program or script; no mere copies by a fork."""
    images = frames.images
    ran = images["exepath"].isin(found.names) | images["script"].isin(found.names)
    ran &= images["event"] >= 0
    container, _ = found.subject.place()
    owners = pd.unique(images["process"].to_numpy()[ran.to_numpy()])
    owners = owners[owners >= 0]
    if container:
        same = (frames.containers["id"] == container).to_numpy()
        owners = owners[same[frames.processes["container"].to_numpy()[owners]]]
    return [("Process", _process_name(frames, int(row))) for row in owners[:_MOST]]


def _of_connection(frames: CaptureFrames, found: Found) -> Groups:
    thing = _values(frames.descriptors, int(found.things[0]))
    ends = [
        ("Protocol", _shown(thing["l4proto"])),
        ("This end", _end_text(thing, "l")),
        ("Peer", _end_text(thing, "r")),
        ("Role", _shown(thing["role"])),
    ]
    holders = pd.unique(frames.events["process"].to_numpy()[found.rows])
    used = [("Process", _process_name(frames, int(row))) for row in holders[holders >= 0][:_MOST]]
    life: list[Item] = []
    if len(found.rows):
        times = frames.events["time"].to_numpy()[found.rows[[0, -1]]]
        life = [
            ("First seen", moment_text(int(times[0]))),
            ("Last seen", moment_text(int(times[1]))),
            ("Between", _exact(int(times[1] - times[0]))),
        ]
    return [
        ("Ends", ends),
        ("Life", life),
        ("In the hands of", used or [("Process", _NO_OWNER)]),
        ("At the other end", _other_end(frames, thing)),
    ]


def _other_end(frames: CaptureFrames, thing: dict[str, Any]) -> list[Item]:
    """The same connection as this host's other process saw it, where both ends were recorded."""
    things = frames.descriptors
    mirrored = (
        (things["l4proto"] == thing["l4proto"])
        & (things["laddr"] == thing["raddr"])
        & (things["lport"] == thing["rport"])
        & (things["raddr"] == thing["laddr"])
        & (things["rport"] == thing["lport"])
    )
    rows = np.flatnonzero(mirrored.to_numpy() & (things["raddr"] != "").to_numpy())
    if not len(rows):
        return [("Process", "not recorded: another machine, or a process that was not seen")]
    is_it = np.zeros(len(things) + 1, dtype=bool)
    is_it[rows] = True
    events = np.flatnonzero(is_it[frames.events["descriptor"].to_numpy()])
    holders = pd.unique(frames.events["process"].to_numpy()[events])
    return [("Process", _process_name(frames, int(row))) for row in holders[holders >= 0][:_MOST]]


def _end_text(thing: dict[str, Any], side: str) -> str:
    address, port = str(thing[f"{side}addr"]), int(thing[f"{side}port"])
    if not address:
        return "none"
    shown = f"[{address}]" if ":" in address else address
    return _shown(f"{shown}:{port}" if port >= 0 else shown)


def _listening(frames: CaptureFrames, column: str, row: int) -> list[Item]:
    found = listeners(frames)
    mine = found[found[column] == row].groupby("descriptor", sort=False)["process"].agg(["first", "size"])
    things, items = frames.descriptors, []
    for thing, process, held in list(mine.itertuples(name=None))[:_MOST]:
        holder = "" if column == "process" else f", held by {_process_name(frames, process)}"
        others = f" and {held - 1:,} more" if held > 1 else ""
        end = _end_text(_values(things, thing), "l")
        items.append((_shown(str(things["l4proto"].iat[thing])), f"{end}{holder}{others}"))
    return items


def _mounts(text: str) -> list[Item]:
    rows = json.loads(text) if text else []
    return [
        (_shown(row["destination"]), _shown(f"{row['source']}  ({row['type'] or 'bind'})"))
        for row in rows[:_MOST]
    ]


def _earlier_programs(frames: CaptureFrames, row: int) -> list[Item]:
    programs = programs_of(frames, row)[:-1]
    return [
        (moment_text(one.since, digits=3, date=False) if one.since >= 0 else "before", _shown(one.cmdline))
        for one in programs[-_MOST:]
    ]


def _creator(frames: CaptureFrames, row: int) -> str:
    parent = int(frames.processes["parent"].to_numpy()[row])
    return _process_name(frames, parent) if parent >= 0 else _number(frames.processes["ppid"].to_numpy()[row])


def _adopter(frames: CaptureFrames, row: int) -> list[Item]:
    adopter = adopter_of(frames, row)
    return [("Adopted by", _process_name(frames, adopter))] if adopter >= 0 else []


def _process_name(frames: CaptureFrames, row: int) -> str:
    image = int(frames.processes["image"].to_numpy()[row])
    name = _shown(str(frames.images["cmdline"].iat[image])) if image >= 0 else "unknown program"
    return f"{name} ({int(frames.processes['pid'].to_numpy()[row])})"


def _container_name(frames: CaptureFrames, row: int) -> str:
    if row < 0:
        return "could not be told"
    if frames.is_host[row]:
        return "none: on the host itself"
    return _shown(str(frames.containers["name"].iat[row]) or str(frames.containers["id"].iat[row]))


def _container_id_name(frames: CaptureFrames, identity: str) -> str:
    rows = np.flatnonzero((frames.containers["id"] == identity).to_numpy())
    return _container_name(frames, int(rows[0])) if len(rows) else _shown(identity)


def _user(frames: CaptureFrames, uid: int, process: int) -> str:
    name = user_name(frames, uid, process)
    return f"{_shown(name)} ({uid})" if name else _number(uid)


def _end(process: dict[str, Any]) -> str:
    end, signal, code = int(process["end"]), int(process["exit_signal"]), int(process["exit_code"])
    if end < 0:
        return "alive at the end"
    if signal > 0:
        return f"{moment_text(end)}, killed by {signal_name(signal)}"
    return f"{moment_text(end)}, exit code {code}" if code >= 0 else moment_text(end)


def _lived(start: int, end: int) -> str:
    if start < 0 or end < 0:
        return "longer than was recorded"
    return _exact(end - start)


def _exact(nanoseconds: int) -> str:
    """`11.5 ms (0.011538562 s)`."""
    return f"{duration_text(nanoseconds)} ({distance_text(nanoseconds).removeprefix('+')})"


def _values(frame: pd.DataFrame, position: int) -> dict[str, Any]:
    """One row, each value with its own type: a Series would make them alike."""
    return {str(name): frame[name].iat[position] for name in frame.columns}


def _shown(text: str) -> str:
    return printable(text, _LIMIT) if text else NOT_RECORDED


def _number(value: int) -> str:
    return str(int(value)) if value >= 0 else NOT_RECORDED


def _moment(nanoseconds: int, unknown: str) -> str:
    return unknown if nanoseconds < 0 else moment_text(nanoseconds)
