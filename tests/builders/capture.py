"""A capture written by hand: rows go in, a real file or its columns come out.

    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/home")
    book.event("openat", pid=100, ret=3, fd=3, ino=7, text=b"notes", args=(AT_FDCWD,))
    book.write(tmp_path / "one.exhume")

What is not given is as it would be recorded where there is nothing to record. Each event comes a
millisecond after the one before unless `time` says otherwise.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import numpy as np

from capture.format import EVENT_COLUMNS, IN_PROGRESS_BLOCK, TEXT_COLUMNS, CaptureWriter, EventBatch
from capture.identity.events import EventColumns
from capture.identity.reading import machine_of
from capture.model.catalogue import spec_named
from capture.model.events import EventFlag

START_NS = 1_700_000_000_000_000_000
MS = 1_000_000
AT_FDCWD = (1 << 64) - 100
FILE, DIRECTORY, PIPE, CHAR, SOCKET = 0o100644, 0o040755, 0o010600, 0o020620, 0o140777


class CaptureBuilder:
    """Collects a capture."""

    def __init__(self, **section) -> None:
        self.section = {
            "host": {"hostname": "node-1", "machine": "x86_64"},
            "clock": {"started": START_NS},
            **section,
        }
        self.tables: dict[str, list[dict]] = {
            name: [] for name in ("processes", "descriptors", "sockets", "cgroups", "containers", "users")
        }
        self.drops: list[dict] = []
        self.rows: list[dict] = []
        self.payload: list[bytes] = []
        self.texts: dict[bytes, int] = {}

    def process(self, pid, *, start_ns=START_NS - 60_000 * MS, ppid=1, threads=(), **facts) -> None:
        """A process that the snapshot found."""
        self.tables["processes"].append(
            {"pid": pid, "start_ns": start_ns, "ppid": ppid, "threads": [pid, *threads], **facts}
        )

    def descriptor(self, pid, fd, name, *, dev=1, ino, mode=FILE) -> None:
        """A descriptor that the snapshot found."""
        row = {"pid": pid, "fd": fd, "name": name, "dev": dev, "ino": ino, "mode": mode}
        self.tables["descriptors"].append(row)

    def event(self, name, *, pid=100, tid=None, time=None, args=(), data=b"", **columns) -> int:
        """An event; returns its row. `name` is one of the catalogue, or a number."""
        before = self.rows[-1]["time"] if self.rows else START_NS
        row = dict.fromkeys(EVENT_COLUMNS, 0)
        row |= {"time": before + MS if time is None else time, "latency": 1_000, "fd": -1, "cgroup": 1}
        machine = machine_of(self.section) or "x86_64"
        row |= {"code": spec_named(name).code_on(machine) if isinstance(name, str) else name}
        row |= {"pid": pid, "tid": pid if tid is None else tid, "captured": len(data)}
        row |= {f"a{index}": value % (1 << 64) for index, value in enumerate(args)}
        if columns.get("ino"):
            columns = {"dev": 1, "mode": FILE, **columns}
        row |= columns
        for column in TEXT_COLUMNS:
            if not isinstance(row[column], int):
                row[column] = self.texts.setdefault(row[column], len(self.texts) + 1)
        self.rows.append(row)
        self.payload.append(data)
        return len(self.rows) - 1

    def fork(self, pid, child, *, thread_of=None, start=None, comm=b"", **columns) -> int:
        """`pid` makes a process, or with `thread_of` a thread of that process."""
        time = self.rows[-1]["time"] + MS if self.rows else START_NS
        group = child if thread_of is None else thread_of
        args = (group, child, time if start is None else start, pid, child)
        if comm:
            columns["text"] = comm
        return self.event("procfork", pid=pid, args=args, **columns)

    def exec(self, pid, program, *words, ino=50, **columns) -> int:
        """`pid` becomes another program."""
        argv = b"".join(word.encode() + b"\0" for word in (words or (program,)))
        return self.event("execve", pid=pid, text=program.encode(), text2=argv, ino=ino, **columns)

    def exit(self, pid, *, tid=None, status=0, last=1, start=0, **columns) -> int:
        """A thread ends; with `last` its process does."""
        return self.event("procexit", pid=pid, tid=tid, args=(status, last, start), **columns)

    def open(self, pid, path, *, ino, fd=3, flags=0, mode=FILE, **columns) -> int:
        """`pid` opens a path relative to its working directory."""
        args = columns.pop("args", (AT_FDCWD, 0, flags))
        return self.event(
            "openat",
            pid=pid,
            ret=fd,
            fd=fd,
            ino=ino,
            mode=mode,
            text=path.encode(),
            args=args,
            dev=1,
            **columns,
        )

    def columns(self) -> dict[str, np.ndarray]:
        """The event columns as arrays."""
        rows = self.rows
        return {name: np.array([row[name] for row in rows], dtype) for name, dtype in EVENT_COLUMNS.items()}

    def events(self) -> EventColumns:
        """The event columns as the joins take them, without a file."""
        columns = self.columns()
        return EventColumns(
            machine=machine_of(self.section),
            texts=[b"", *self.texts],
            argument=lambda index: columns[f"a{index}"],
            **{name: columns[name] for name in EventColumns.COLUMNS},
        )

    def write_set(self, folder: Path, *ends: int, tables=(), unfinished=(), **facts) -> list[Path]:
        """Write the capture as the files of a set, each but the last ending before one of the rows `ends`.

        `tables`: those of later files, by name; the first has the builder's own. `unfinished`: a row for each
        file but the last, of a call that had not returned at its end (None: there was none).
        """
        columns, texts, previous, paths = self.columns(), list(self.texts), None, []
        for at, (start, end) in enumerate(zip((0, *ends), (*ends, len(self.rows)), strict=True)):
            paths.append(folder / f"node-{at + 1:05}.exhume")
            with paths[-1].open("wb") as stream:
                writer = CaptureWriter(stream)
                place = {"id": "5e7", "number": at + 1, "previous": previous, "rotation": {}, **facts}
                writer.section({**self.section, "capture_id": f"{at}", "set": place})
                for name, rows in (self.tables if at == 0 else tables[at - 1] if tables else {}).items():
                    writer.table(name, rows)
                part = slice(start, end)
                rows = {name: values[part] for name, values in columns.items()}
                writer.events(_batch(rows, texts, self.payload[part]))
                if at < len(unfinished) and unfinished[at] is not None:
                    row = unfinished[at]
                    waiting = {name: values[row : row + 1].copy() for name, values in columns.items()}
                    waiting["time"][:] = columns["time"][end - 1]
                    waiting["captured"][:] = 0
                    waiting["flags"][:] = int(EventFlag.IN_PROGRESS)
                    writer.events(_batch(waiting, texts, []), name=IN_PROGRESS_BLOCK)
                writer.end({"events": writer.events_written, "lost": {"small": at}, "late": 0})
                previous = writer.digest.hex()
        return paths

    def write(self, path: Path, *, block: int = 10_000, closed: bool = True) -> Path:
        """Write the capture."""
        for _ in self.write_in_steps(path, block=block, closed=closed):
            pass
        return path

    def write_in_steps(self, path: Path, *, block: int, closed: bool = True) -> Iterator[int]:
        """Write the capture as a recorder does, block by block; yields the number of events after each."""
        with path.open("wb", buffering=0) as stream:
            writer = CaptureWriter(stream)
            writer.section(self.section)
            for name, rows in self.tables.items():
                writer.table(name, rows)
            columns, texts = self.columns(), list(self.texts)
            for start in range(0, len(self.rows), block):
                part = slice(start, start + block)
                writer.events(
                    _batch(
                        {name: values[part] for name, values in columns.items()}, texts, self.payload[part]
                    )
                )
                yield writer.events_written
            if self.drops:
                writer.document("counters", {"rows": self.drops})
            if closed:
                writer.end({"events": len(self.rows)})


def _batch(columns, texts, payload) -> EventBatch:
    """A block holds only the texts that its events use."""
    used = sorted({int(code) for name in TEXT_COLUMNS for code in columns[name] if code})
    place = np.zeros(len(texts) + 1, np.int32)
    place[used] = np.arange(1, len(used) + 1)
    columns = columns | {name: place[columns[name]] for name in TEXT_COLUMNS}
    return EventBatch(columns, [texts[code - 1] for code in used], b"".join(payload))


def sock(local: str = "", peer: str = "", *, kind: int = 1, protocol: int = 6, state: int = 1) -> bytes:
    """The kernel's 48 bytes of an IPv4 or IPv6 socket; ends as `10.0.0.1:80`."""
    (laddr, lport), (raddr, rport) = _end(local), _end(peer)
    family = 10 if 16 in (len(laddr), len(raddr)) else 2
    return struct.pack(
        "<HHHBxHH4x16s16s",
        family,
        kind,
        protocol,
        state,
        lport,
        rport,
        laddr.ljust(16, b"\0"),
        raddr.ljust(16, b"\0"),
    )


def sockaddr(end: str) -> bytes:
    """A sockaddr_in or sockaddr_in6."""
    address, port = _end(end)
    if len(address) == 4:
        return struct.pack("<H", 2) + port.to_bytes(2, "big") + address + bytes(8)
    return struct.pack("<H", 10) + port.to_bytes(2, "big") + bytes(4) + address + bytes(4)


def _end(text: str) -> tuple[bytes, int]:
    if not text:
        return b"", 0
    address, _, port = text.rpartition(":")
    return ip_address(address.strip("[]")).packed, int(port)
