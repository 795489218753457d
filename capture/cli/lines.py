"""Single events as people and programs read them: a line as strace has it, or fields by filter name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from capture.format import Capture
from capture.identity import identify
from capture.identity.reading import event_columns, tables_of
from capture.identity.requests import with_latencies
from capture.identity.snapshot import integers, text_of, texts
from capture.model.abi import ABIS, Abi
from capture.model.catalogue import CATALOGUE, event_name
from capture.model.decode import errno_name, format_args, format_result
from capture.model.events import NO_RESULT, ArgKind, Category, EventFlag, Returns
from capture.model.text import printable

_DAY_NS = 86_400_000_000_000
_MAX_ERRNO = 4095


class EventLines:
    """The events of one capture, each described when it is asked for."""

    def __init__(self, capture: Capture) -> None:
        more = ("latency", "cpu", "captured", "a0", "a1", "a2", "a3", "a4", "a5")
        self._capture = capture
        self._events, self._columns = event_columns(capture, more)
        self._found = identify(self._events, tables_of(capture))
        columns = self._columns
        columns["latency"] = with_latencies(columns["latency"], columns["time"], self._found.requests)
        users = capture.table("users")
        self._users = dict(zip(integers(users, "uid").tolist(), texts(users, "name"), strict=True))
        self._start = int(self._columns["time"][0]) if len(self._events) else 0

    def text(self, row: int) -> str:
        """One line: time, container, process, call, result, duration."""
        columns = self._columns
        latency = int(columns["latency"][row])
        took = f" <{latency / 1e9:.6f}>" if latency >= 0 else ""
        who = f"{printable(self._comm(row)) or '?'}[{columns['pid'][row]}"
        if columns["tid"][row] != columns["pid"][row]:
            who += f"/{columns['tid'][row]}"
        arguments = ", ".join(self._shown_arguments(row))
        result = self._result(row)
        told = f" = {result}" if result else ""
        told += self._kept(row)
        place = f"{_clock(int(columns['time'][row]))} {self._container(row)}"
        return f"{place} {who}] {self._name(row)}({arguments}){told}{took}"

    def fields(self, row: int) -> dict[str, Any]:
        """The event keyed by the names of the filter language; None where nothing was recorded."""
        columns, found = self._columns, self._found
        time, ret, flags = int(columns["time"][row]), int(columns["ret"][row]), int(columns["flags"][row])
        process, thing = int(found.processes.of_event[row]), int(found.descriptors.of_event[row])
        container = int(found.containers.of_event[row])
        record = found.containers.records[container] if container >= 0 else {}
        program = self._program(row)
        unfinished = bool(flags & NO_RESULT)
        latency = int(columns["latency"][row])
        start = int(found.processes.start[process]) if process >= 0 else -1
        return {
            "evt.num": row + 1,
            "evt.time": _clock(time),
            "evt.rawtime": time,
            "evt.time.iso8601": iso(time),
            "evt.reltime": time - self._start,
            "evt.type": self._name(row),
            "evt.category": self._category(row),
            "evt.dir": "<",
            "evt.cpu": int(columns["cpu"][row]),
            "evt.latency": latency if latency >= 0 else None,
            "evt.rawres": None if unfinished else ret,
            "evt.res": None if unfinished else errno_name(ret) if -_MAX_ERRNO <= ret < 0 else "SUCCESS",
            "evt.failed": not unfinished and -_MAX_ERRNO <= ret < 0,
            "evt.args": ", ".join(f"{name}={value}" for name, value in self._arguments(row)),
            "evt.flags": _flag_names(flags),
            "evt.buflen": int(columns["captured"][row]),
            "evt.buffer": printable(self._capture.payload(row)) if columns["captured"][row] else None,
            "proc.pid": int(columns["pid"][row]),
            "thread.tid": int(columns["tid"][row]),
            "proc.name": printable(self._comm(row)) or None,
            "proc.exe": printable(program.exe) or None,
            "proc.exepath": printable(program.exepath) or None,
            "proc.cmdline": printable(program.cmdline) or None,
            "proc.script": printable(program.script) or None,
            "proc.script_sha256": printable(program.script_file.sha256) or None,
            "proc.exe_sha256": printable(program.executable.sha256) or None,
            "proc.pid.ts": start if start >= 0 else None,
            "proc.ppid": self._ppid(process),
            "user.uid": int(columns["uid"][row]),
            "user.name": printable(self._users.get(int(columns["uid"][row]), "")) or None,
            "fd.num": int(columns["fd"][row]) if columns["fd"][row] >= 0 else None,
            "fd.type": found.descriptors.type[thing] or None if thing >= 0 else None,
            "fd.name": printable(found.descriptors.name[thing]) or None if thing >= 0 else None,
            "fs.path.name": self._path(int(found.paths.first[row])),
            "fs.path.target": self._path(int(found.paths.second[row])),
            "container.id": _shown(record, "id") or None,
            "container.name": _shown(record, "name") or None,
            "container.image": _shown(record, "image") or None,
        }

    # Parts.

    def _name(self, row: int) -> str:
        kind = int(self._events.kind[row])
        if kind >= 0:
            return CATALOGUE[kind].name
        return event_name(
            self._events.machine, int(self._columns["code"][row]), int(self._columns["flags"][row])
        )

    def _abi(self, row: int) -> Abi:
        return ABIS[int(self._events.abi[row])]

    def _category(self, row: int) -> str:
        kind = int(self._events.kind[row])
        return str(CATALOGUE[kind].category if kind >= 0 else Category.OTHER)

    def _arguments(self, row: int) -> list[tuple[str, str]]:
        columns, kind = self._columns, int(self._events.kind[row])
        raw, flags = self._raw_arguments(row), int(columns["flags"][row])
        if kind < 0:
            return [(f"a{index}", f"{value:#x}") for index, value in enumerate(raw)]
        texts = (self._text("text", row), self._text("text2", row))
        data = self._capture.payload(row) if columns["captured"][row] else b""
        return format_args(
            CATALOGUE[kind],
            raw,
            texts,
            self._text("addr", row),
            data,
            int(columns["ret"][row]),
            flags,
            abi=self._abi(row),
        )

    def _raw_arguments(self, row: int) -> list[int]:
        return [int(self._columns[f"a{index}"][row]) for index in range(6)]

    def _shown_arguments(self, row: int) -> list[str]:
        """As strace shows them, the descriptor with its name behind it."""
        kind = int(self._events.kind[row])
        arguments = self._arguments(row)
        if kind < 0 or not CATALOGUE[kind].is_call:
            return [f"{name}={value}" for name, value in arguments]
        shown = [value for _, value in arguments]
        declared = CATALOGUE[kind].args_on(self._abi(row))
        # A completion of io_uring has no descriptor among its arguments, only what it worked on.
        last = len(shown) if CATALOGUE[kind].is_syscall else 0
        at = next((at for at, arg in enumerate(declared) if arg.kind is ArgKind.FD), last)
        if at < len(shown) and CATALOGUE[kind].returns is not Returns.FD:
            shown[at] += self._behind(row)
        return shown

    def _behind(self, row: int) -> str:
        thing = int(self._found.descriptors.of_event[row])
        name = self._found.descriptors.name[thing] if thing >= 0 else ""
        return f"<{printable(name)}>" if name else ""

    def _result(self, row: int) -> str:
        kind, ret = int(self._events.kind[row]), int(self._columns["ret"][row])
        flags = int(self._columns["flags"][row])
        if flags & EventFlag.IN_PROGRESS:
            return "? (had not returned)"
        if flags & NO_RESULT:
            return "?"
        if kind < 0:
            return str(ret)
        spec, raw = CATALOGUE[kind], self._raw_arguments(row)
        result = format_result(spec, ret, flags, args=raw, abi=self._abi(row))
        returns_fd = CATALOGUE[kind].returns is Returns.FD and ret >= 0
        return result + self._behind(row) if returns_fd else result

    def _kept(self, row: int) -> str:
        """How much of what was moved is in the file, where that is not all."""
        kind, moved = int(self._events.kind[row]), int(self._columns["ret"][row])
        captured = int(self._columns["captured"][row])
        if kind < 0 or CATALOGUE[kind].returns is not Returns.SIZE or not 0 < captured < moved:
            return ""
        return f" [{captured:,} of {moved:,} bytes kept]"

    def _container(self, row: int) -> str:
        """`host`, `name(id)`, the id alone, or `unknown`."""
        container = int(self._found.containers.of_event[row])
        if container < 0:
            return "unknown"
        record = self._found.containers.records[container]
        name, identity = _shown(record, "name"), _shown(record, "id")
        return f"{name}({identity})" if name else identity

    def _comm(self, row: int) -> str:
        image = int(self._found.images.of_event[row])
        return self._found.images.comm[image] if image >= 0 else ""

    def _program(self, row: int) -> Any:
        images = self._found.images
        return images.programs[int(images.program[int(images.of_event[row])])]

    def _ppid(self, process: int) -> int | None:
        ppid = int(self._found.processes.ppid[process]) if process >= 0 else -1
        return ppid if ppid >= 0 else None

    def _text(self, name: str, row: int) -> bytes | None:
        code = int(self._columns[name][row])
        return self._capture.texts[code] if code else None

    def _path(self, position: int) -> str | None:
        return printable(self._found.paths.names.all[position]) if position >= 0 else None


def _shown(record: Mapping[str, Any], name: str) -> str:
    """Text of a container's record, safe to print."""
    return printable(text_of(record.get(name)))


def _clock(time_ns: int) -> str:
    """Time of day in UTC, with nanoseconds."""
    rest = time_ns % _DAY_NS
    seconds, fraction = divmod(rest, 1_000_000_000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:09}"


def iso(time_ns: int) -> str:
    """Date and time in UTC, with nanoseconds; the bare number where no calendar has it."""
    seconds, fraction = divmod(time_ns, 1_000_000_000)
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09}Z"
    except (OverflowError, ValueError, OSError):
        return str(time_ns)


def _flag_names(flags: int) -> list[str]:
    return [flag.name.lower() for flag in EventFlag if flags & flag and flag.name]
