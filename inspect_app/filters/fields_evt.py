"""Fields of the event itself: its number, kind, result, size, and what it opened."""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from capture.format.pieces import each_piece
from capture.model import decode
from capture.model.events import Category, EventFlag
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import (
    MAX_ERRNO,
    arguments_of,
    category_of,
    failures,
    has_flag,
    is_io,
    is_syscall,
    of_types,
    rows_of,
    type_test,
    types,
    unreturned,
)
from inspect_app.filters.entities import entity_array, entity_text, event_array, event_rows
from inspect_app.filters.facets import Facets, NumberFacet, PayloadFacet, TextFacet, distinct, look_up
from inspect_app.filters.field import Argument, Compute, Field, FieldType, not_recorded
from inspect_app.filters.fields_fd import event_path
from inspect_app.filters.structures import opened_how
from inspect_app.frames.capture import CaptureFrames

TRUNCATED = int(EventFlag.TEXT_TRUNCATED | EventFlag.DATA_TRUNCATED | EventFlag.UNREADABLE)

O_ACCMODE, O_WRONLY, O_RDWR, O_CREAT, O_TMPFILE = 0o3, 0o1, 0o2, 0o100, 0o20000000
EXECUTE_BITS = 0o111

_OPEN_FLAGS = {"open": 1, "openat": 2}
"""The raw argument that holds the flags; the mode is the next. openat2 has both in a structure."""
_OPENS = frozenset({"open", "openat", "openat2", "creat", "open_by_handle_at"})
_FLAGS_TOLD = (*_OPEN_FLAGS, "creat", "openat2")
_DIRECTIONS = {Category.IO_READ: "r", Category.IO_WRITE: "w"}
_NETWORK = frozenset({"ipv4", "ipv6"})


def _number(values: Callable[[CaptureFrames], np.ndarray]) -> Compute:
    return lambda frames, _argument: (NumberFacet(values(frames)),)


def _column(column: str) -> Compute:
    return lambda frames, _argument: (NumberFacet(event_array(frames, column)),)


def _wait_latency(frames: CaptureFrames, _argument: str) -> Facets:
    latency = event_array(frames, "latency")
    return (NumberFacet(latency, (latency < 0) | ~of_types(frames, _is_wait)),)


def _type(frames: CaptureFrames, _argument: str) -> Facets:
    return (types(frames),)


def _type_is(frames: CaptureFrames, argument: str) -> Facets:
    return (type_test(frames, lambda name: name == argument),)


def _category(frames: CaptureFrames, _argument: str) -> Facets:
    return (types(frames).mapped(category_of),)


def _syscall_type(frames: CaptureFrames, _argument: str) -> Facets:
    return (types(frames).mapped(lambda name: name if is_syscall(name) else None),)


def _io_direction(frames: CaptureFrames, _argument: str) -> Facets:
    return (types(frames).mapped(lambda name: _DIRECTIONS.get(Category(category_of(name)))),)


def _type_test(holds: Callable[[str], bool]) -> Compute:
    return lambda frames, _argument: (type_test(frames, holds),)


def _is_wait(name: str) -> bool:
    return category_of(name) in (Category.WAIT, Category.SLEEP)


def _result(frames: CaptureFrames, _argument: str) -> Facets:
    ret, failed, nothing = event_array(frames, "ret"), failures(frames), unreturned(frames)

    def count(some: slice) -> np.ndarray:
        return np.bincount(-ret[some][failed[some]], minlength=MAX_ERRNO + 1)

    counts = sum(each_piece(len(ret), count), np.zeros(MAX_ERRNO + 1, np.int64))
    counts[0] += len(ret) - int(counts.sum())
    seen = np.flatnonzero(counts)
    place = np.full(MAX_ERRNO + 1, -1, np.min_scalar_type(-len(seen) - 1))
    place[seen] = np.arange(len(seen))
    names = ["SUCCESS" if errno == 0 else decode.errno_name(-errno) for errno in seen.tolist()]
    rows = np.empty(len(ret), place.dtype)

    def fill(some: slice) -> None:
        rows[some] = np.where(nothing[some], -1, place[0])
        at = np.flatnonzero(failed[some]) + some.start
        rows[at] = place[-ret[at]]

    each_piece(len(ret), fill)
    return (TextFacet(names, None, rows),)


def _raw_result(frames: CaptureFrames, _argument: str) -> Facets:
    return (NumberFacet(event_array(frames, "ret"), unreturned(frames)),)


def _failed(frames: CaptureFrames, _argument: str) -> Facets:
    return (NumberFacet(failures(frames), unreturned(frames)),)


@dataclass(frozen=True, slots=True, eq=False)
class OpenFlags:
    """What the kernel looks at of the arguments of opening calls; arrays of one length but `unknown`."""

    rows: np.ndarray
    """int64, ascending: the calls. No call opens with more than 32 bits of flags and 16 of a mode."""
    flags: np.ndarray
    mode: np.ndarray
    unknown: np.ndarray
    """bool, one an event: a call whose flags are not known; they are 0 here."""


def open_flags(frames: CaptureFrames) -> OpenFlags:
    """Flags and mode of every opening call."""

    def compute() -> OpenFlags:
        rows = {name: rows_of(frames, name.__eq__) for name in _FLAGS_TOLD}
        untold = rows_of(frames, lambda name: name in _OPENS and name not in _FLAGS_TOLD)
        asked = [(1, rows["creat"])]
        for name, index in _OPEN_FLAGS.items():
            asked += [(index, rows[name]), (index + 1, rows[name])]
        created, *others = arguments_of(frames, asked)
        how, how_mode, told = opened_how(frames, rows["openat2"])
        nothing = np.zeros(len(untold), np.uint64)
        flags = [np.full(len(created), O_CREAT | O_WRONLY), *others[::2], how, nothing]
        mode = [created, *others[1::2], how_mode, nothing]
        every = np.concatenate((rows["creat"], *map(rows.__getitem__, _OPEN_FLAGS), rows["openat2"], untold))
        order = np.argsort(every)
        unknown = np.zeros(len(frames.events), np.bool_)
        unknown[untold] = True
        unknown[rows["openat2"]] = ~told
        return OpenFlags(
            every[order],
            np.concatenate([part.astype(np.uint32) for part in flags])[order],
            np.concatenate([part.astype(np.uint16) for part in mode])[order],
            unknown,
        )

    return remember(frames, "open flags", compute)


def _open_test(holds: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Compute:
    """False for what is no opening call, missing where the flags are not recorded."""

    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        found = open_flags(frames)
        held = np.zeros(len(frames.events), np.bool_)
        held[found.rows] = holds(found.flags, found.mode)
        return (NumberFacet(held, found.unknown),)

    return compute


def _access(*modes: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda flags, _mode: np.isin(flags & np.uint64(O_ACCMODE), np.array(modes, np.uint64))


def _creates(flags: np.ndarray, _mode: np.ndarray) -> np.ndarray:
    held: np.ndarray = (flags & np.uint64(O_CREAT | O_TMPFILE)) != 0
    return held


def _creates_executable(flags: np.ndarray, mode: np.ndarray) -> np.ndarray:
    held: np.ndarray = _creates(flags, mode) & ((mode & np.uint64(EXECUTE_BITS)) != 0)
    return held


def _transferred(category: Category | None = None, kinds: frozenset[str] = frozenset()) -> Compute:
    """Bytes moved by calls of a direction on a kind of thing; missing for all other events."""

    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        wanted = of_types(frames, lambda name: is_io(name) and category in (None, category_of(name)))
        if kinds:
            descriptor = entity_text(frames, "descriptor", "type")
            wanted &= descriptor.spread(np.array([kind in kinds for kind in descriptor.values], np.bool_))
        return (NumberFacet(event_array(frames, "size"), ~wanted),)

    return compute


def _buffer(frames: CaptureFrames, _argument: str) -> Facets:
    return (PayloadFacet(event_array(frames, "captured")),)


def _one(_frames: CaptureFrames) -> np.ndarray:
    return np.ones(len(_frames.events), np.uint8)


def _failed_on(holds: Callable[[CaptureFrames], np.ndarray]) -> Compute:
    return lambda frames, _argument: (NumberFacet((failures(frames) & holds(frames)).view(np.uint8)),)


def _on_kinds(kinds: frozenset[str]) -> Callable[[CaptureFrames], np.ndarray]:
    def holds(frames: CaptureFrames) -> np.ndarray:
        descriptor = entity_text(frames, "descriptor", "type")
        return descriptor.spread(np.array([kind in kinds for kind in descriptor.values], np.bool_))

    return holds


def _file_errors(frames: CaptureFrames) -> np.ndarray:
    on_file = _on_kinds(frozenset({"file", "directory"}))(frames)
    held: np.ndarray = on_file | of_types(frames, lambda name: category_of(name) == Category.FILE)
    return held


def _net_errors(frames: CaptureFrames) -> np.ndarray:
    held: np.ndarray = _on_kinds(_NETWORK)(frames) | of_types(
        frames, lambda name: category_of(name) == Category.NET
    )
    return held


def _memory_errors(frames: CaptureFrames) -> np.ndarray:
    return of_types(frames, lambda name: category_of(name) == Category.MEMORY)


def _other_errors(frames: CaptureFrames) -> np.ndarray:
    held: np.ndarray = ~(_file_errors(frames) | _net_errors(frames) | _memory_errors(frames))
    return held


def _exits(frames: CaptureFrames) -> np.ndarray:
    return of_types(frames, lambda name: name == "procexit").view(np.uint8)


def _constant(text: Callable[[CaptureFrames], str]) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        value = text(frames)
        return (
            TextFacet(
                [value] if value else [], None, np.full(len(frames.events), 0 if value else -1, np.int8)
            ),
        )

    return compute


def _flag_test(bits: int) -> Compute:
    return lambda frames, _argument: (NumberFacet(has_flag(frames, bits)),)


def _text(name: str, title: str, meaning: str, compute: Compute) -> Field:
    return Field(name, FieldType.TEXT, title, meaning, compute)


def _truth(name: str, title: str, meaning: str, compute: Compute) -> Field:
    return Field(name, FieldType.TRUTH, title, meaning, compute)


def _transfers() -> tuple[Field, ...]:
    files = frozenset({"file"})
    rows: tuple[tuple[str, str, Category | None, frozenset[str]], ...] = (
        ("in", "bytes read", Category.IO_READ, frozenset()),
        ("out", "bytes written", Category.IO_WRITE, frozenset()),
        ("file", "bytes read from or written to files", None, files),
        ("file.in", "bytes read from files", Category.IO_READ, files),
        ("file.out", "bytes written to files", Category.IO_WRITE, files),
        ("net", "bytes received from or sent to IP sockets", None, _NETWORK),
        ("net.in", "bytes received from IP sockets", Category.IO_READ, _NETWORK),
        ("net.out", "bytes sent to IP sockets", Category.IO_WRITE, _NETWORK),
    )
    return tuple(
        Field(f"evt.buflen.{name}", FieldType.SIZE, "Bytes", meaning, _transferred(category, kinds))
        for name, meaning, category, kinds in rows
    )


_SAMPLED = "processes are no events here: they are frames, and samples of what they used"


def _hostname(frames: CaptureFrames, _argument: str) -> Facets:
    codes, values = distinct(name or None for name in frames.hosts["hostname"])
    hosts = look_up(codes, entity_array(frames, "process", "host"), missing=-1)
    return (TextFacet(values, hosts, event_rows(frames, "process")),)


EVENT_FIELDS = (
    Field("evt.num", FieldType.INTEGER, "No.", "number of the event, from 1",
          _number(lambda frames: np.arange(1, len(frames.events) + 1))),
    Field("evt.wait_latency", FieldType.DURATION, "Waited", "how long a call that waits took", _wait_latency),
    _text("evt.type", "Type", "name of the call or scheduler event", _type),
    _text("syscall.type", "Call", "name of the system call; scheduler events have none", _syscall_type),
    Field("evt.type.is", FieldType.TRUTH, "Type", "1 for events of that type", _type_is, Argument.NAME,
          "a type, as in evt.type.is.open"),
    Field("evt.category", FieldType.TEXT, "Category", "what the event is about", _category,
          choices=tuple(str(category) for category in Category)),
    Field("evt.dir", FieldType.TEXT, "Direction", "< for every event: a call is stored once, when it returned",
          _constant(lambda _frames: "<"), choices=("<", ">")),
    Field("evt.cpu", FieldType.INTEGER, "CPU", "processor on which it returned", _column("cpu")),
    _text("evt.res", "Result", "SUCCESS, or the name of the error", _result),
    Field("evt.rawres", FieldType.INTEGER, "Result", "what the call returned; negative is an error", _raw_result),
    _truth("evt.failed", "Failed", "the call returned an error", _failed),
    _truth("evt.is_io", "I/O", "it reads, writes, sends or receives", _type_test(is_io)),
    _truth("evt.is_io_read", "Reads", "it reads or receives",
           _type_test(lambda name: category_of(name) == Category.IO_READ)),
    _truth("evt.is_io_write", "Writes", "it writes or sends",
           _type_test(lambda name: category_of(name) == Category.IO_WRITE)),
    Field("evt.io_dir", FieldType.TEXT, "I/O", "r for reading, w for writing", _io_direction, choices=("r", "w")),
    _truth("evt.is_wait", "Waits", "it waits for something: poll, futex, wait4, nanosleep, …", _type_test(_is_wait)),
    _truth("evt.is_open_read", "Opens to read", "it opens for reading", _open_test(_access(0, O_RDWR))),
    _truth("evt.is_open_write", "Opens to write", "it opens for writing", _open_test(_access(O_WRONLY, O_RDWR))),
    _truth("evt.is_open_create", "Opens to create", "it opens and would create the file", _open_test(_creates)),
    _truth("evt.is_open_exec", "Creates program", "it opens and would create the file executable",
           _open_test(_creates_executable)),
    Field("evt.buflen", FieldType.SIZE, "Bytes", "bytes transferred by a read, write, send or receive", _transferred()),
    *_transfers(),
    Field("evt.buffer", FieldType.BYTES, "Payload", "the kept bytes of what was read, written, sent or received; evt.arg.data and evt.arg.buf are this", _buffer),
    Field("evt.captured", FieldType.SIZE, "Kept", "bytes of payload kept in the file", _column("captured")),
    Field("evt.count", FieldType.INTEGER, "Events", "1 for every event", _number(_one)),
    Field("evt.count.error", FieldType.INTEGER, "Errors", "1 for calls that failed",
          _failed_on(lambda frames: np.ones(len(frames.events), np.bool_))),
    Field("evt.count.error.file", FieldType.INTEGER, "File errors", "1 for failed calls on files",
          _failed_on(_file_errors)),
    Field("evt.count.error.net", FieldType.INTEGER, "Network errors", "1 for failed calls on the network",
          _failed_on(_net_errors)),
    Field("evt.count.error.memory", FieldType.INTEGER, "Memory errors", "1 for failed calls on memory",
          _failed_on(_memory_errors)),
    Field("evt.count.error.other", FieldType.INTEGER, "Other errors", "1 for all other failed calls",
          _failed_on(_other_errors)),
    Field("evt.count.exit", FieldType.INTEGER, "Exits", "1 for threads that ended", _number(_exits)),
    _text("evt.abspath", "Path", "the first path given, resolved", event_path("path")),
    _text("evt.abspath.src", "Source", "the first path given, resolved", event_path("path")),
    _text("evt.abspath.dst", "Target", "the second path given, resolved", event_path("path2")),
    _truth("evt.in_progress", "In progress", "it had not returned when the recording ended",
           _flag_test(EventFlag.IN_PROGRESS)),
    _truth("evt.never_returned", "Never returned", "its thread ended inside the call",
           _flag_test(EventFlag.NEVER_RETURNED)),
    _truth("evt.is_truncated", "Truncated", "not all of its text or payload was kept", _flag_test(TRUNCATED)),
    _truth("evt.is_compat", "32-bit", "made through the 32-bit or x32 entry",
           _flag_test(EventFlag.COMPAT | EventFlag.X32)),
    _truth("evt.is_async", "Asynchronous", "never true here: no event is made by a plugin",
           _type_test(lambda _name: False)),
    _text("evt.source", "Source", "syscall for every event", _constant(lambda _frames: "syscall")),
    _text("evt.hostname", "Host", "name of the recorded host that it happened on", _hostname),
    *(
        not_recorded(name, FieldType.TEXT, title, meaning, reason)
        for name, title, meaning, reason in (
            ("evt.latency.human", "Latency", "how long the call took, in words", "it is a form of output: compare evt.latency"),
            ("evt.asynctype", "Asynchronous", "type of an asynchronous event", "there are no such events"),
            ("evt.pluginname", "Plugin", "plugin that made the event", "no event is made by a plugin"),
            ("evt.plugininfo", "Plugin", "what the plugin says", "no event is made by a plugin"),
        )
    ),
    *(
        not_recorded(name, FieldType.INTEGER, title, meaning, reason)
        for name, title, meaning, reason in (
            ("evt.count.procinfo", "Processes", "1 for events that tell of a process", _SAMPLED),
            ("evt.count.threadinfo", "Threads", "1 for events that tell of a thread", _SAMPLED),
            ("util.cnt", "Count", "how often it was asked", "a filter that counted itself would hold for other events each time"),
        )
    ),
    *(
        not_recorded(f"evt.infra.docker.{name}", FieldType.TEXT, name.capitalize(), f"{name} of an event of Docker",
                     "Docker's own events are not recorded: containers have container.* fields, and their birth and death views")
        for name in ("name", "container.id", "container.name", "container.image")
    ),
)  # fmt: skip
