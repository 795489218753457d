"""From a capture file to its frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from capture.evidence.deriving import members_of
from capture.evidence.judgement import Judgement, judge
from capture.evidence.provenance import provenance
from capture.evidence.signing import Signed
from capture.format import (
    Cancelled,
    Capture,
    FormatError,
    Zeros,
    files_of,
    in_memory,
    open_captures,
    part_of,
    recordings_of,
)
from capture.format.blocks import collector_paused
from capture.format.memory import all_memory_kept
from capture.identity import EventColumns, Identities, identify
from capture.identity.arguments import chooser
from capture.identity.reading import machine_of, results_that_count, tables_of
from capture.identity.requests import with_latencies
from capture.identity.snapshot import Table
from inspect_app.frames import entities, side_index
from inspect_app.frames.capture import CaptureFrames, FileState
from inspect_app.frames.columns import EVENT_COLUMNS
from inspect_app.frames.containers import containers
from inspect_app.frames.counted import counted_frame
from inspect_app.frames.foreign import ENDINGS, readable
from inspect_app.frames.parents import adoption
from inspect_app.frames.recordings import host_frame, recording_frame
from inspect_app.frames.samples import samples_frame
from inspect_app.frames.side_index import SideIndex
from inspect_app.frames.source import FileSource
from inspect_app.frames.stored import Keepsake
from inspect_app.frames.tables import build_table
from inspect_app.frames.types import event_types, sizes
from inspect_app.frames.union import unite

Progress = Callable[[int, int], None]

_READ_AT_ONCE = (
    *("time", "latency", "ret", "cgroup", "ino", "dev", "mode", "uid", "pid", "tid", "fd", "code", "cpu"),
    *("flags", "captured", "text", "text2", "addr", "sock", "exe", "env"),
)
_STEPS = 100
"""What progress counts in: checking the file, reading it, joining, each a share of these."""
_CHECKED, _READ = 15, 60


def open_capture(
    path: str | Path | Sequence[str | Path],
    *,
    cache: bool = True,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> CaptureFrames:
    """Open a capture: every column joined to who, what and where; payload stays in the file.

    Several recordings, of one host or of several, become one: see `union`. Every block's digest is checked
    each time. The frames of a large capture that was opened before are mapped from the side index in the
    user's cache folder; see `side_index`.

    Args:
        path: a capture file, or several, or their folder. The files of a set are read as one recording; of
            a file that is there twice, once. A .scap file is converted first, and what it became is kept in
            the user's cache.
        cache: whether a side index may be used and made.
        progress: called with (done, total) as blocks are read.
        cancelled: asked at every block and between joins.

    Raises:
        FormatError: it is no capture, of a newer format, or one that no recorder writes.
        OSError: it cannot be read.
        Cancelled: `cancelled` said so.
    """
    report = progress or _silent
    stop = cancelled or _never
    with collector_paused(), all_memory_kept():
        paths = [Path(path)] if isinstance(path, str | Path) else [Path(one) for one in path]
        files = files_of(paths, ENDINGS)
        if files == paths and len(files) == 1:
            return _open(paths, report, stop, cache=cache)
        names = dict[Path, Path]()
        for file in files:
            names.setdefault(readable(file, _share(report, 0, _CHECKED), stop), file)
        recordings = recordings_of(list(names))
        if len(recordings) == 1 and len(names) == len(files):
            is_native = list(names) == files
            return _open(paths if is_native else files, report, stop, cache=cache)
        chosen = [[names[one] for one in recording] for recording in recordings]
        return _open_each(chosen, len(files), report, stop, cache=cache)


def _open_each(
    recordings: Sequence[Sequence[Path]],
    count: int,
    report: Progress,
    stop: Callable[[], bool],
    *,
    cache: bool,
) -> CaptureFrames:
    """Several recordings as one, each once. `count`: how many files there are, copies included."""
    parts, total = dict[str, CaptureFrames](), len(recordings)
    for at, files in enumerate(recordings):
        share = _share(report, _STEPS * at // (total + 1), _STEPS * (at + 1) // (total + 1))
        try:
            part = _open(files, share, stop, cache=cache)
        except FormatError as error:
            raise FormatError(f"{files[0].name}: {error}") from error
        parts.setdefault(str(part.host["digests"]), part)
    opened = list(parts.values())
    again = count - sum(len(_texts(part.host["digests"])) for part in opened)
    united = unite(opened) if len(opened) > 1 else opened[0]
    report(_STEPS, _STEPS)
    return replace(united, host={**united.host, "copies": again}) if again else united


def _open(paths: Sequence[Path], report: Progress, stop: Callable[[], bool], *, cache: bool) -> CaptureFrames:
    """One recording: a file, or the files of a set or their folder."""
    read = [readable(path, _share(report, 0, _CHECKED), stop) for path in paths]
    capture = open_captures(read, _share(report, 0, _CHECKED), stop)
    try:
        is_indexed = cache and side_index.is_wanted(capture)
        frames = _indexed(capture, report, stop) if is_indexed else _join(capture, report, stop)[0]
        if read == list(paths):
            return frames
        # What was converted is known under the name that it was given.
        return replace(frames, path=str(paths[0]), recordings=frames.recordings.assign(path=str(paths[0])))
    except BaseException:
        capture.close()
        raise


def _indexed(capture: Capture, report: Progress, stop: Callable[[], bool]) -> CaptureFrames:
    """The frames of the side index; where there are none they are made, and mapped to save memory."""
    index, key = SideIndex(), side_index.key_of(capture)
    stored = index.find(key)
    if stored is None:
        with index.begun(key, capture.count) as part:
            frames, columns = _join(capture, report, stop, part.zeros if part else in_memory)
            kept = Keepsake(frames, columns, capture.texts, capture.is_sorted)
            stored = index.find(key, frames) if part and part.keep(kept) else None
        if stored is None:
            return frames
        del frames, columns, kept
        capture.forget_texts()
    if stored.is_sorted:
        capture.take_for_sorted()
    time = stored.tables["events"]["time"].to_numpy()
    host, state = _host(capture, time), _state(judge(capture))
    # Where a capture lies, and whether it is signed, is no part of what it holds.
    recordings = recording_frame(host, capture.path, state.state, len(time))
    frames = CaptureFrames(
        path=capture.path,
        host=host,
        state=state,
        source=FileSource(capture, stored.source, stored.texts),
        environments=stored.environments,
        paths=stored.paths,
        **{**stored.tables, "recordings": recordings},
    )
    report(_STEPS, _STEPS)
    return frames


def _join(
    capture: Capture, report: Progress, stop: Callable[[], bool], zeros: Zeros = in_memory
) -> tuple[CaptureFrames, Mapping[str, np.ndarray]]:
    """The frames, and the columns of the file that they were made of; `zeros` makes these."""
    machine = machine_of(capture.section)
    read = capture.read_events(
        _READ_AT_ONCE,
        narrow=EventColumns.NARROW,
        choose=chooser(machine),
        progress=_share(report, _CHECKED, _READ),
        cancelled=stop,
        zeros=zeros,
    )
    columns, source = read.columns, FileSource(capture, read.columns)
    recorded = {name: columns[name] for name in EventColumns.COLUMNS}
    recorded["ret"] = results_that_count(columns)
    events = EventColumns(
        machine=machine,
        texts=capture.texts,
        argument=source.argument,
        chosen=read.chosen,
        zeros=zeros,
        **recorded,
    )
    tables = _tables(capture)

    def checkpoint() -> None:
        if stop():
            raise Cancelled

    found = identify(events, tables, checkpoint=checkpoint)
    report(_STEPS - 5, _STEPS)
    processes, descriptors = entities.processes(found), entities.descriptors(found, columns["time"])
    host, state = _host(capture, columns["time"]), _state(judge(capture))
    events_frame, containers_frame = _events(events, columns, found), containers(found)
    adopted = adoption(events_frame, processes, containers_frame, events.raw_arguments)
    processes["last_parent"] = adopted.last_parents()
    frames = CaptureFrames(
        path=capture.path,
        host=host,
        state=state,
        events=events_frame,
        processes=processes,
        threads=entities.threads(found),
        images=entities.images(found),
        descriptors=descriptors,
        containers=containers_frame,
        users=entities.users(tables["users"]),
        drops=entities.drops(capture.documents.get("counters", [])),
        counted=counted_frame(capture.counted(), processes, descriptors, events.machine),
        samples=samples_frame(capture.samples(), found.processes, columns["time"]),
        source=source,
        environments=entities.environments(found),
        paths=found.paths.names.all,
        opened=entities.opened(found, tables["descriptors"]),
        mounts=entities.mounts(tables["mounts"]),
        groups=entities.groups(tables["groups"]),
        hosts=host_frame([host]),
        recordings=recording_frame(host, capture.path, state.state, len(columns["time"])),
    )
    report(_STEPS, _STEPS)
    return frames, columns


def _events(events: EventColumns, columns: dict[str, np.ndarray], found: Identities) -> pd.DataFrame:
    return build_table(
        EVENT_COLUMNS,
        {
            "time": columns["time"],
            "latency": with_latencies(columns["latency"], columns["time"], found.requests),
            "type": event_types(events.kind, columns["code"], columns["flags"], events.machine),
            "abi": events.abi,
            "ret": columns["ret"],
            "flags": columns["flags"],
            "cpu": columns["cpu"],
            "process": found.processes.of_event,
            "thread": found.threads.of_event,
            "image": found.images.of_event,
            "container": found.containers.of_event,
            "uid": columns["uid"],
            "fd": columns["fd"],
            "descriptor": found.descriptors.of_event,
            "path": found.paths.first,
            "path2": found.paths.second,
            "size": sizes(events.kind, events.ret, events.raw_arguments, events.zeros),
            "captured": columns["captured"],
        },
    )


def _tables(capture: Capture) -> dict[str, Table]:
    tables = tables_of(capture)
    recorder = _map(capture.section.get("recorder"))
    if isinstance(recorder.get("pid"), int) and all(
        row.get("pid") != recorder["pid"] for row in tables["processes"]
    ):
        # It leaves itself out of the snapshot, yet starts the command that it records.
        itself = {"pid": recorder["pid"], "comm": recorder.get("name"), "argv": recorder.get("command_line")}
        tables["processes"] = [*tables["processes"], itself]
    return tables


def _host(capture: Capture, time: np.ndarray) -> dict[str, object]:
    """What was recorded of host, clock and recorder, one level deep; see CaptureFrames.host."""
    section, ending = capture.section, capture.ending or {}
    recorder, clock = _map(section.get("recorder")), _map(section.get("clock"))
    first, last = (int(time[0]), int(time[-1])) if len(time) else (0, 0)
    host: dict[str, object] = {**section, **_map(section.get("host")), **clock}
    started = _first_number(section.get("started_ns"), clock.get("started"), first)
    # The probe is at work a moment before the recorder writes down when it began.
    host["started_ns"] = min(started, first) if len(time) else started
    host["ended_ns"] = _first_number(ending.get("ended_ns"), ending.get("ended"), last)
    host["totals"] = ending
    host["part"] = part_of(capture)
    host["digests"] = [member.digest.hex() for member in members_of(capture)]
    host["provenance"] = [(told.title, told.text) for told in provenance(section)]
    if recorder:
        host["recorder"] = f"{recorder.get('name', '')} {recorder.get('version', '')}".strip()
        host["options"] = recorder.get("settings", {})
        host["command_line"] = recorder.get("command_line", [])
        host["traced_command"] = recorder.get("traced_command", [])
    for name in ("host", "clock"):
        host.pop(name, None)
    return host


def _map(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _first_number(*values: object) -> int:
    return next((value for value in values if isinstance(value, int)), 0)


def _state(judgement: Judgement) -> FileState:
    detail, signed = str(judgement), judgement.signature.state is Signed.VALID
    return FileState(str(judgement.verdict.state), detail[:1].upper() + detail[1:] + ".", signed)


def _share(report: Progress, start: int, end: int) -> Progress:
    """Progress of one stage as a share of the whole."""

    def tell(done: int, total: int) -> None:
        report(start + (end - start) * done // max(total, 1), _STEPS)

    return tell


def _silent(done: int, total: int) -> None:
    del done, total


def _never() -> bool:
    return False
