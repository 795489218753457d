"""One event in full: what an analyst reads beside the list of events.

A detail is groups of (name, value) in the order in which they are read. Values are texts that hold
nothing a terminal or a widget would obey. What was not recorded says so; it is never left blank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from capture.identity.destinations import COPY, THING
from capture.model.abi import ABIS
from capture.model.catalogue import BETWEEN_DESCRIPTORS, spec_named
from capture.model.decode import errno_name, format_args, format_call, format_result, printable, signal_name
from capture.model.events import NO_RESULT, EventFlag, EventSpec
from inspect_app.analysis.container import container_items
from inspect_app.analysis.devices import device_text, terminal_text
from inspect_app.analysis.host import fact_number
from inspect_app.analysis.moments import distance_text, duration_text, moment_text
from inspect_app.analysis.processes import is_orphan, process_forest
from inspect_app.analysis.program import program_file_items
from inspect_app.analysis.samples import last_sample
from inspect_app.filters.copies import behind_numbers
from inspect_app.frames.capture import CaptureFrames

NOT_RECORDED = "not recorded"
MAX_ANCESTORS = 16
_TEXT_LIMIT = 4_096

_FLAG_MEANINGS: tuple[tuple[EventFlag, str], ...] = (
    (EventFlag.COMPAT, "made through the 32-bit entry"),
    (EventFlag.X32, "made through the x32 ABI"),
    (EventFlag.IN_PROGRESS, "had not returned when the recording ended"),
    (EventFlag.NEVER_RETURNED, "never returned: the thread ended inside the call"),
    (EventFlag.TEXT_TRUNCATED, "a path or argument list is cut short"),
    (EventFlag.DATA_TRUNCATED, "fewer bytes were kept than were transferred"),
    (EventFlag.UNREADABLE, "memory that should have been kept could not be read"),
    (EventFlag.LATE, "arrived out of order"),
    (EventFlag.ENTRY_ONLY, "the capture has only its beginning: what it returned is not known"),
    (EventFlag.EXIT_ONLY, "the capture has only its end: what was told at its beginning is not known"),
    (EventFlag.RESULT_UNKNOWN, "the capture does not tell what it returned"),
    (EventFlag.ARGUMENTS_UNKNOWN, "the capture does not tell its arguments"),
    (EventFlag.MASKED, "the recorder masked secrets in it with asterisks"),
)

Item = tuple[str, str]


@dataclass(frozen=True, slots=True)
class DetailGroup:
    """One heading of the detail, with what stands under it."""

    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class EventDetail:
    """One event in full."""

    row: int
    line: str
    """The call on one line, as strace prints it."""
    groups: tuple[DetailGroup, ...]


def describe_event(frames: CaptureFrames, row: int) -> EventDetail:
    """Everything the capture tells of one event.

    Raises:
        IndexError: The capture has no such row.
    """
    if not 0 <= row < len(frames.events):
        raise IndexError(f"event {row} of {len(frames.events)} was asked for")
    kind = str(frames.events["type"].iat[row])
    arguments, result = call_parts(frames, row)
    groups = (
        DetailGroup("Event", tuple(_event_items(frames, row, kind, result))),
        DetailGroup("Arguments", tuple(arguments)),
        DetailGroup("Process", tuple(_process_items(frames, row))),
        DetailGroup("Ancestors", tuple(_ancestor_items(frames, row))),
        DetailGroup("Descriptor", tuple(_descriptor_items(frames, row))),
        DetailGroup("Other descriptor", tuple(_other_descriptor_items(frames, row, kind))),
        DetailGroup("Container", tuple(_container_items(frames, row))),
        DetailGroup("User", tuple(_user_items(frames, row))),
    )
    line = format_call(kind, arguments, result)
    return EventDetail(row, line, tuple(group for group in groups if group.items))


def call_parts(frames: CaptureFrames, row: int) -> tuple[list[Item], str]:
    """The decoded arguments of an event, and its result, as someone who knows strace reads them."""
    ret, flags = _integer(frames.events, "ret", row), _integer(frames.events, "flags", row)
    raw = frames.source.raw_arguments(row)
    spec = _spec(str(frames.events["type"].iat[row]))
    if spec is None:
        # A number that the catalogue does not list: raw arguments are all there is.
        return [(f"a{index}", f"{value:#x}") for index, value in enumerate(raw)], str(ret)
    source, abi = frames.source, ABIS[_integer(frames.events, "abi", row)]
    arguments = format_args(
        spec, raw, source.texts(row), source.address(row), source.payload(row), ret, flags, abi=abi
    )
    return arguments, format_result(spec, ret, flags, args=raw, abi=abi)


def _spec(kind: str) -> EventSpec | None:
    try:
        return spec_named(kind)
    except KeyError:
        return None


def _values(frame: pd.DataFrame, position: int) -> dict[str, Any]:
    """One row, each value with its own type: a Series would make them alike."""
    return {str(name): frame[name].iat[position] for name in frame.columns}


def _integer(frame: pd.DataFrame, column: str, position: int) -> int:
    return int(frame[column].to_numpy()[position])


def _event_items(frames: CaptureFrames, row: int, kind: str, result: str) -> list[Item]:
    event = _values(frames.events, row)
    spec, latency = _spec(kind), int(event["latency"])
    ret, flags = int(event["ret"]), int(event["flags"])
    items = [
        ("Number", f"{row + 1:,}"),
        ("Name", printable(kind, _TEXT_LIMIT)),
        ("Category", spec.category.value if spec else "not in the catalogue"),
        ("Returned at", _moment(int(event["time"]))),
        ("Since start", _since_start(frames, int(event["time"]))),
        ("Took", _lasted(latency)),
        ("Result", result or "none"),
        ("Processor", str(int(event["cpu"]))),
        ("Thread", _thread_text(frames, int(event["thread"]))),
    ]
    if -4_095 <= ret < 0 and not flags & NO_RESULT:
        items.append(("Error", errno_name(ret)))
    size, captured = int(event["size"]), int(event["captured"])
    if size or captured:
        items.append(("Transferred", _bytes(size)))
        items.append(("Kept", f"{_bytes(captured)} of {_bytes(max(size, captured))}"))
    for column, name in (("path", "Path"), ("path2", "Second path")):
        position = int(event[column])
        if position >= 0:
            items.append((name, _shown(frames.paths[position])))
    notes = [meaning for flag, meaning in _FLAG_MEANINGS if flags & flag]
    return items + ([("Note", "; ".join(notes))] if notes else [])


def _process_items(frames: CaptureFrames, row: int) -> list[Item]:
    position = _integer(frames.events, "process", row)
    if position < 0:
        return [("Process", NOT_RECORDED)]
    process = _values(frames.processes, position)
    image = _integer(frames.events, "image", row)
    items = [("PID", str(int(process["pid"])))]
    if image >= 0:
        program = _values(frames.images, image)
        items += [
            ("Name", _shown(program["comm"])),
            ("Program", _shown(program["exepath"])),
            ("Command", _shown(program["cmdline"])),
            ("Directory", _shown(program["cwd"])),
            *program_file_items(frames, program),
        ]
    else:
        items.append(("Name", NOT_RECORDED))
    items += [
        ("Started", _moment(int(process["start"]))),
        ("Ended", _ending(process["end"], process["exit_code"], process["exit_signal"])),
        ("Session", _number(process["sid"])),
        ("Terminal", terminal_text(int(process["tty"]))),
        *_sample_items(frames, position, _integer(frames.events, "time", row)),
    ]
    return items


def _sample_items(frames: CaptureFrames, process: int, at: int) -> list[Item]:
    """What the process had used when it was last sampled; nothing where it was not sampled before."""
    position = last_sample(frames, process, at)
    if position < 0:
        return []
    sample = _values(frames.samples, position)
    return [
        ("Memory", f"{_bytes(int(sample['rss']))} resident, {_bytes(int(sample['vms']))} virtual"),
        ("CPU time", f"{int(sample['cpu_time']) / 1e9:.2f} s"),
        ("Page faults", f"{int(sample['minflt']):,} minor, {int(sample['majflt']):,} major"),
        ("Threads", str(int(sample["threads"]))),
        ("Sampled", f"{distance_text(at - int(sample['time']))} before"),
    ]


def _lasted(nanoseconds: int) -> str:
    """`13.3 µs (13,260 ns)`."""
    if nanoseconds < 0:
        return "not known: its start was not seen"
    told = duration_text(nanoseconds)
    return told if told.endswith(" ns") else f"{told} ({nanoseconds:,} ns)"


def _ancestor_items(frames: CaptureFrames, row: int) -> list[Item]:
    position = _integer(frames.events, "process", row)
    if position < 0:
        return []
    forest = process_forest(frames)
    at = _integer(frames.events, "time", row)
    items, below = [], position
    for level, above in enumerate(forest.ancestors(position)[:MAX_ANCESTORS], start=1):
        gone = " · had ended by then" if is_orphan(frames, below, at) else ""
        items.append((str(level), _process_text(frames, above) + gone))
        below = above
    return items


def _process_text(frames: CaptureFrames, position: int) -> str:
    process = _values(frames.processes, position)
    image = int(process["image"])
    name = _shown(str(frames.images["cmdline"].iat[image])) if image >= 0 else NOT_RECORDED
    return f"{name} ({int(process['pid'])})"


def _descriptor_items(frames: CaptureFrames, row: int) -> list[Item]:
    fd, position = _integer(frames.events, "fd", row), _integer(frames.events, "descriptor", row)
    items = [("Number", str(fd))] if fd >= 0 else []
    if position < 0:
        return [*items, ("Name", NOT_RECORDED)] if items else []
    thing = _values(frames.descriptors, position)
    items += [("Type", _shown(thing["type"])), ("Name", _shown(thing["name"]))]
    if thing["type"] in ("ipv4", "ipv6"):
        items += [
            ("Protocol", _shown(thing["l4proto"])),
            ("Local end", _endpoint(thing["laddr"], thing["lport"])),
            ("Peer", _endpoint(thing["raddr"], thing["rport"])),
            ("Role", _shown(thing["role"])),
        ]
    items += [("Device", device_text(int(thing["dev"]))), ("Inode", _number(thing["ino"]))]
    if int(thing["mode"]) >= 0:
        items.append(("Mode", f"{int(thing['mode']):07o}"))
    return items


def _source_items(frames: CaptureFrames, row: int) -> list[Item]:
    """What a copy within the kernel was read from: the event itself is about what it wrote to."""
    source = int(behind_numbers(frames, np.array([row]), 0)[0])
    if source < 0:
        return [("Name", NOT_RECORDED)]
    thing = _values(frames.descriptors, source)
    place = [("Device", device_text(int(thing["dev"]))), ("Inode", _number(thing["ino"]))]
    return [("Name", _shown(thing["name"])), *place, ("Mode", f"{max(int(thing['mode']), 0):07o}")]


def _other_descriptor_items(frames: CaptureFrames, row: int, kind: str) -> list[Item]:
    """What lies behind the second descriptor of a call that moves bytes between two."""
    if kind == COPY and _integer(frames.events, "ret", row) > 0:
        return _source_items(frames, row)
    recorded = frames.source.address(row)
    if kind not in BETWEEN_DESCRIPTORS or recorded is None or len(recorded) < THING.size:
        return []
    ino, dev, mode = THING.unpack_from(recorded)
    things = frames.descriptors
    host = frames.processes["host"].to_numpy()[_integer(frames.events, "process", row)]
    is_same = (things["ino"].to_numpy() == ino) & (things["dev"].to_numpy() == dev)
    same = np.flatnonzero(is_same & (things["host"].to_numpy() == host))
    # A number is used again when a file is gone: the latest that was used by then.
    used = things["first"].to_numpy()[same]
    by_then = same[(used >= 0) & (used <= _integer(frames.events, "time", row))]
    latest = by_then[-1:] if len(by_then) else same[:1]
    name = _shown(str(things["name"].iat[latest[0]])) if len(latest) else NOT_RECORDED
    return [("Name", name), ("Device", device_text(dev)), ("Inode", str(ino)), ("Mode", f"{mode:07o}")]


def _container_items(frames: CaptureFrames, row: int) -> list[Item]:
    position = _integer(frames.events, "container", row)
    if position < 0:
        return [("Container", "could not be told")]
    if frames.is_host[position]:
        return [("Container", "none: this is the host")]
    return container_items(_values(frames.containers, position))


def _user_items(frames: CaptureFrames, row: int) -> list[Item]:
    uid = _integer(frames.events, "uid", row)
    host = int(frames.processes["host"].to_numpy()[_integer(frames.events, "process", row)])
    users = frames.users[(frames.users["uid"] == uid) & (frames.users["host"] == host)]
    if not len(users):
        return [("UID", str(uid)), ("Name", NOT_RECORDED)]
    user = _values(users, 0)
    return [("UID", str(uid)), ("Name", _shown(user["name"])), ("Home", _shown(user["home"]))]


def _thread_text(frames: CaptureFrames, position: int) -> str:
    return str(_integer(frames.threads, "tid", position)) if position >= 0 else NOT_RECORDED


def _ending(end: int, code: int, signal: int) -> str:
    if end < 0:
        return "alive at the end"
    how = f"killed by {signal_name(int(signal))}" if signal > 0 else f"exit code {_number(code)}"
    return f"{_moment(int(end))}, {how}"


def _endpoint(address: str, port: int) -> str:
    if not address:
        return "none"
    shown = f"[{address}]" if ":" in address else address
    return _shown(f"{shown}:{port}" if port >= 0 else address)


def _shown(text: str) -> str:
    return printable(text, _TEXT_LIMIT) if text else NOT_RECORDED


def _number(value: int) -> str:
    return str(int(value)) if value >= 0 else NOT_RECORDED


def _bytes(number: int) -> str:
    return f"{number:,} byte" if number == 1 else f"{number:,} bytes"


def _moment(nanoseconds: int, unknown: str = NOT_RECORDED) -> str:
    return unknown if nanoseconds < 0 else moment_text(nanoseconds)


def _since_start(frames: CaptureFrames, nanoseconds: int) -> str:
    start = fact_number(frames.host, "started_ns")
    zero = _integer(frames.events, "time", 0) if start is None else start
    return distance_text(nanoseconds - zero)
