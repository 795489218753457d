"""Reading a capture: its documents at once, its columns as arrays, its payload when asked for."""

from __future__ import annotations

import mmap
import stat
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import numpy as np

from capture.format.blocks import (
    IN_PROGRESS_BLOCK,
    TAIL_SIZE,
    Block,
    Header,
    read_block,
    unpack_document,
)
from capture.format.choosing import Chooser, Chosen
from capture.format.coding import Array, width_of
from capture.format.columns import (
    COUNTED_COLUMNS,
    EVENT_COLUMNS,
    SAMPLE_COLUMNS,
    TEXT_COLUMNS,
    EventBatch,
    EventBody,
    unpack_events,
    unpack_table,
)
from capture.format.errors import FormatError
from capture.format.integrity import Verdict, Walk, not_a_capture
from capture.format.pieces import in_order, rows_where, taken_from
from capture.format.pool import Pool
from capture.format.tags import tag_of
from capture.format.text_table import PackedTexts
from capture.format.writer import FORMAT_VERSION

_KEPT_BODIES = 8

_TABLES: Mapping[str, Mapping[str, str]] = {"counted": COUNTED_COLUMNS, "samples": SAMPLE_COLUMNS}
"""Kinds of blocks that hold nothing but columns, with these and their dtypes."""

_UNSIGNED = frozenset(name for name, dtype in EVENT_COLUMNS.items() if np.dtype(dtype).kind == "u")
"""Columns that may be narrower than declared."""

_DOCUMENTS = frozenset(
    {"section", "snapshot", "containers", "executables", "counters", "note", "end", "signature"}
    | {"derivation"}
)
"""Kinds of blocks that hold one map."""

Progress = Callable[[int, int], None]
"""Called with bytes (or blocks) done and their total."""
Zeros = Callable[[str, str, int], Array]
"""Makes an array of zeros for a column: name, dtype, rows."""


_OF_FEW = frozenset({"text2", "exe", "env"})
"""Columns of which nearly all events have zeros: those of calls that run a program, above all."""
_LARGE = 1 << 22


def in_memory(name: str, dtype: str, rows: int) -> Array:
    """Zeros in memory, whatever the column."""
    size = rows * np.dtype(dtype).itemsize
    if name not in _OF_FEW or size < _LARGE:
        return np.zeros(rows, dtype)
    # numpy asks for large pages, of which one value takes all: here a page is small, and most are never made.
    return np.frombuffer(mmap.mmap(-1, size), dtype)


class Cancelled(Exception):
    """Reading was told to stop."""


@dataclass(frozen=True, slots=True)
class BlockRef:
    """Where an event block lies."""

    offset: int
    header: Header
    row: int
    """Number of its first event."""
    size: int
    """Bytes in the file."""
    digest: bytes
    """As it was found when the file was read."""
    body_size: int
    """Bytes of its body, which ends where its digest begins."""
    body_tag: bytes
    """Of its body, when the digest was checked: see `tag_of`."""


@dataclass(frozen=True, slots=True)
class EventPlace:
    """Where one event lies, for citing it."""

    file: str
    """The file's path."""
    block: int
    """The block's number in the file, from 0."""
    offset: int
    """Where the block begins, in bytes."""
    index: int
    """Which of the block's events it is, from 0."""
    digest: str
    """The block's digest in hex."""


@dataclass(frozen=True, slots=True)
class StoredEvents:
    """An event block with where it belongs."""

    rows: Array
    """int64: the positions of its events in the columns."""
    block: Block

    def batch(self) -> EventBatch:
        """Its events; raises FormatError where they are none that a recorder writes."""
        return unpack_events(self.block.body, self.block.header.count, self.block.offset).batch()


@dataclass(frozen=True, slots=True)
class EventArrays:
    """Columns of all events, in the order in which the calls returned."""

    columns: dict[str, Array]
    chosen: dict[str, Chosen]
    """What was chosen of others."""


@dataclass
class CaptureFile:
    """An opened capture; reading it never changes it.

    Damaged parts are left out: `verdict` tells where.
    """

    stream: BinaryIO
    path: str = ""
    section: dict[str, Any] = field(default_factory=dict)
    """Host, clock, recorder and options: the first block."""
    ending: dict[str, Any] | None = None
    """Totals of the end block, None where the recording was not closed."""
    documents: dict[str, list[Any]] = field(default_factory=dict)
    """Every other document, by kind."""
    blocks: list[BlockRef] = field(default_factory=list)
    """The event blocks."""
    unknown: dict[str, int] = field(default_factory=dict)
    """Blocks of kinds that this reader does not know, counted."""
    pool: Pool = field(default_factory=Pool)
    """Shared with the files that are read as one with this one."""

    def __post_init__(self) -> None:
        self._tables: dict[str, list[dict[str, Any]]] = {}
        self._values: tuple[int, tuple[str, ...], list[Array]] | None = None
        """Block, names and columns that `values` was asked for last; lists ask event by event."""
        self._bodies: OrderedDict[int, EventBody] = OrderedDict()
        self._block_codes: dict[int, Array] = {}
        self._size = 0
        self._walk = Walk(self.stream)
        self._payload: tuple[int, Array, bytes] | None = None
        self._order: Array | None = None
        self._order_known = False
        self._reading = Lock()
        self._parts: dict[str, list[dict[str, Array]]] = {kind: [] for kind in _TABLES}
        self._widths: dict[str, int] = {}
        """Bytes of the widest numbers of columns in the first `_widened` blocks."""
        self._widened = 0

    @classmethod
    def open(
        cls,
        path: Path | str,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
        pool: Pool | None = None,
    ) -> CaptureFile:
        """Open a file, check every block, and read all but the events.

        Raises:
            FormatError: Not a capture, or of a newer format.
            OSError: It cannot be read.
            Cancelled: `cancelled` said so.
        """
        refuse_devices(Path(path))
        stream = Path(path).open("rb")  # noqa: SIM115  kept open for the payload, closed by `close`
        try:
            capture = cls(stream, str(path), pool=pool or Pool())
            capture.grow(progress, cancelled)
        except BaseException:
            stream.close()
            raise
        return capture

    def close(self) -> None:
        """Close the file."""
        self.stream.close()

    def __enter__(self) -> CaptureFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def verdict(self) -> Verdict:
        """Whole, cut short or altered, as found when the file was opened or has grown."""
        return self._walk.verdict

    @property
    def digest(self) -> bytes:
        """The digest of the last block."""
        return self._walk.digest

    @property
    def closing_digest(self) -> bytes:
        """The digest of the end block, which a signature is made of; empty without one."""
        return self._walk.closing_digest

    @property
    def fingerprint(self) -> bytes:
        """What tells this file from every other: a digest over those of all its blocks that can be read."""
        return self._walk.fingerprint

    @property
    def texts(self) -> list[bytes]:
        """Distinct texts; the codes of text columns are positions in it, 0 is not recorded."""
        return self.pool.texts

    @property
    def count(self) -> int:
        """Number of events that can be read."""
        return self.blocks[-1].row + self.blocks[-1].header.count if self.blocks else 0

    def table(self, name: str) -> list[dict[str, Any]]:
        """The rows of one snapshot table; empty where it was not recorded."""
        return self._tables.get(name, [])

    @property
    def table_names(self) -> list[str]:
        """The snapshot's tables."""
        return list(self._tables)

    def grow(self, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None) -> bool:
        """Take up the whole blocks that were appended since the file was opened; whether there are any.

        Rows of events may get other numbers: those that came late, and the calls that had not returned, lie
        where their time belongs.

        Raises:
            FormatError: The file has become shorter, or is none that a recorder writes.
            Cancelled: `cancelled` said so.
        """
        size = self.stream.seek(0, 2)
        if size < self._size:
            raise FormatError(f"the file became shorter while it was open: {size} bytes of {self._size}")
        self.pool.admit(size - self._size)
        self._size = size
        self._walk.go_on()
        before = self.verdict.blocks
        for block in self._walk:
            if cancelled and cancelled():
                raise Cancelled
            if not self.section and block.header.kind != "section":
                raise FormatError("the section block is missing or damaged: nothing tells what was recorded")
            self._take(block)
            if progress:
                progress(block.offset + block.size, size)
        if not self.section:
            raise FormatError(not_a_capture(self.stream))
        self._order, self._order_known = None, False
        return self.verdict.blocks > before

    def rows_since(self, count: int) -> Array:
        """int64: positions in the columns of the events that lie behind the first `count` of the file."""
        order = self._sorted_rows(None)
        return np.arange(count, self.count) if order is None else np.flatnonzero(order >= count)

    def forget_texts(self) -> None:
        """Give back the memory of `texts`: codes of columns that were read mean nothing any more."""
        self._block_codes.clear()
        self._bodies.clear()
        self._values = None
        self.pool.forget_texts()

    def take_for_sorted(self) -> None:
        """Somebody knows that the events lie in order of time: they need not be read to find out."""
        self._order, self._order_known = None, True

    @property
    def is_sorted(self) -> bool:
        """Whether the events are known to lie in order of time."""
        return self._order_known and self._order is None

    def leave_out_unfinished(self) -> None:
        """Forget the calls that had not returned when the file ended: the next file has them whole."""
        refs = [ref for ref in self.blocks if ref.header.name != IN_PROGRESS_BLOCK]
        starts = accumulate((ref.header.count for ref in refs), initial=0)
        self.blocks = [replace(ref, row=row) for ref, row in zip(refs, starts, strict=False)]
        self._order, self._order_known = None, False
        self._widened = 0

    # Opening.

    def _take(self, block: Block) -> None:
        header = block.header
        if header.kind == "events":
            body = (len(block.body), tag_of(block.body))
            self.blocks.append(BlockRef(block.offset, header, self.count, block.size, block.digest, *body))
            self.pool.count_events(header.count, block.offset)
            return
        if header.kind in _TABLES:
            self.pool.count_rows(header.count, block.offset)
            columns = unpack_table(block.body, header.count, _TABLES[header.kind], block.offset)
            self._parts[header.kind].append(columns)
            return
        if header.kind not in _DOCUMENTS:
            self.unknown[header.kind] = self.unknown.get(header.kind, 0) + 1
            return
        document = unpack_document(block.body, block.offset, self.pool.allowance)
        if not isinstance(document, dict):
            raise FormatError(f"a {header.kind} block holds no map", block.offset)
        if header.kind == "section" and not self.section:
            _check_version(document, block.offset)
            self.section = document
        elif header.kind == "snapshot":
            self._tables.setdefault(header.name, []).extend(_rows(document, block.offset))
        elif header.kind == "end":
            self.ending = document
        else:
            if header.kind in ("containers", "executables", "counters"):
                _rows(document, block.offset)
            self.documents.setdefault(header.kind, []).append(document)

    # Columns.

    def counted(self) -> dict[str, Array]:
        """Calls that were counted instead of recorded: the arrays of COUNTED_COLUMNS, a row a sum."""
        return self._whole("counted")

    def samples(self) -> dict[str, Array]:
        """Samples of processes: the arrays of SAMPLE_COLUMNS, a row a process that was active."""
        return self._whole("samples")

    def _whole(self, kind: str) -> dict[str, Array]:
        return {
            name: np.concatenate([np.empty(0, dtype), *(columns[name] for columns in self._parts[kind])])
            for name, dtype in _TABLES[kind].items()
        }

    def narrowest(self, name: str) -> str:
        """A dtype that holds all values of a column and is no wider than that of EVENT_COLUMNS.

        Narrower are columns without a sign alone; how the blocks store them tells, nothing is unpacked.
        """
        dtype = np.dtype(EVENT_COLUMNS[name])
        if dtype.kind != "u":
            return dtype.str
        self._widen()
        return f"<u{self._widths.get(name, 1)}"

    def _widen(self) -> None:
        """Note how wide the numbers of blocks are that were not asked before."""
        several = in_order if len(self.blocks) > 1 else map
        for widths in several(self._widths_of, range(self._widened, len(self.blocks))):
            for name, width in widths.items():
                self._widths[name] = max(width, self._widths.get(name, 1))
        self._widened = len(self.blocks)

    def _widths_of(self, index: int) -> dict[str, int]:
        columns = self._read_body(index).columns
        return {
            name: width_of(columns[name], np.dtype(EVENT_COLUMNS[name]))
            for name in columns.keys() & _UNSIGNED
        }

    def read_columns(
        self,
        names: Iterable[str] = tuple(EVENT_COLUMNS),
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
        zeros: Zeros = in_memory,
    ) -> dict[str, Array]:
        """The named columns of every event, in the order in which the calls returned.

        The arrays have the dtypes of EVENT_COLUMNS and the length `count`. Text columns hold
        positions in `texts`, which grows as needed. `zeros` makes what they are written to.

        Raises:
            FormatError: A block's digest is right and its columns are not: a recorder's error or a forgery.
            Cancelled: `cancelled` said so.
        """
        return self.read_events(names, progress=progress, cancelled=cancelled, zeros=zeros).columns

    def read_events(
        self,
        names: Iterable[str],
        *,
        narrow: Container[str] = (),
        choose: Chooser | None = None,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
        zeros: Zeros = in_memory,
    ) -> EventArrays:
        """The same, and of other columns the values of some events.

        Args:
            names: the columns that are read whole.
            narrow: those of them that get the dtype that `narrowest` tells.
            choose: of which events other columns are wanted; none of texts.
            progress: called with blocks done and their total.
            cancelled: asked at each block.
            zeros: makes what whole columns are written to.

        Raises:
            FormatError, Cancelled: As `read_columns` does.
        """
        wanted = list(dict.fromkeys(names))
        dtypes = {name: self.narrowest(name) if name in narrow else EVENT_COLUMNS[name] for name in wanted}
        columns = {name: zeros(name, dtype, self.count) for name, dtype in dtypes.items()}
        has_texts = not set(TEXT_COLUMNS).isdisjoint(wanted)
        several = in_order if len(self.blocks) > 1 else map

        def begun() -> Iterator[_Begun]:
            # Texts are numbered in the order of the blocks, so here and not in the threads.
            for one in several(
                lambda index: self._begin(index, with_texts=has_texts), range(len(self.blocks))
            ):
                if cancelled and cancelled():
                    raise Cancelled
                if one.texts is not None and one.index not in self._block_codes:
                    offset = self.blocks[one.index].offset
                    self._block_codes[one.index] = self.pool.codes_of(one.texts, offset)
                yield one

        parts: dict[str, list[Chosen]] = {}
        for done, found in enumerate(several(lambda one: self._finish(one, columns, choose), begun())):
            for name, part in found.items():
                parts.setdefault(name, []).append(part)
            if progress:
                progress(done + 1, len(self.blocks))
        chosen = {name: Chosen.of(name, found) for name, found in parts.items()}
        return arranged(columns, chosen, self._sorted_rows(columns.get("time")))

    def _begin(self, index: int, *, with_texts: bool) -> _Begun:
        body = self._read_body(index)
        texts = body.text_heap() if with_texts and index not in self._block_codes else None
        if texts is not None and len(texts):
            # Made here, where several threads share the work.
            _ = texts.words
        return _Begun(index, body, texts)

    def _finish(
        self, begun: _Begun, columns: Mapping[str, Array], choose: Chooser | None
    ) -> dict[str, Chosen]:
        """Write a block's columns where they belong; what was chosen of others."""
        ref, body = self.blocks[begun.index], begun.body
        rows = slice(ref.row, ref.row + ref.header.count)
        own = {name: out[rows] for name, out in columns.items()}
        for name, out in own.items():
            if body.column_into(name, out) and name in TEXT_COLUMNS:
                out[:] = _spread(self._block_codes[begun.index], out, ref.offset)
        wanted = choose(own) if choose else {}
        return {
            name: Chosen.beginning(ref.row, some, body.values(name, some)) for name, some in wanted.items()
        }

    def slices(self, names: Iterable[str]) -> Iterator[dict[str, Array]]:
        """The named columns block by block, as they lie in the file; for reading a part of it."""
        wanted = list(names)
        for index in range(len(self.blocks)):
            body = self._body(index)
            yield {name: self._column(index, body, name) for name in wanted}

    def stored_events(self) -> Iterator[StoredEvents]:
        """Each event block as it lies in the file, with where its events are in the columns."""
        order = self._sorted_rows(None)
        place = None if order is None else np.argsort(order)
        for index, ref in enumerate(self.blocks):
            rows = np.arange(ref.row, ref.row + ref.header.count)
            yield StoredEvents(rows if place is None else place[rows], self._read_block(index))

    def place(self, row: int) -> EventPlace:
        """Where event `row` lies in the file."""
        order = self._sorted_rows(None)
        row = int(row if order is None else order[row])
        ref = self.blocks[bisect_right(self.blocks, row, key=lambda ref: ref.row) - 1]
        return EventPlace(self.path, ref.header.seq, ref.offset, row - ref.row, ref.digest.hex())

    def values(self, row: int, names: Iterable[str]) -> list[int]:
        """The named columns of event `row`, but those of texts."""
        order = self._sorted_rows(None)
        row = int(row if order is None else order[row])
        index = bisect_right(self.blocks, row, key=lambda ref: ref.row) - 1
        names, local, kept = tuple(names), row - self.blocks[index].row, self._values
        if kept is None or kept[:2] != (index, names):
            body = self._body(index)
            kept = self._values = (index, names, [body.column(name) for name in names])
        return [int(column[local]) for column in kept[2]]

    def values_at(self, wanted: Mapping[str, Array]) -> dict[str, Array]:
        """The values of columns, but those of texts, at some rows each; every block is read once at most."""
        order = self._sorted_rows(None)
        places = {name: rows if order is None else order[rows] for name, rows in wanted.items()}
        sorted_by = {name: np.argsort(place, kind="stable") for name, place in places.items()}
        places = {name: place[sorted_by[name]] for name, place in places.items()}
        found = {name: np.empty(len(place), EVENT_COLUMNS[name]) for name, place in places.items()}
        bounds = np.append([ref.row for ref in self.blocks], self.count)
        ends = {name: np.searchsorted(place, bounds) for name, place in places.items()}

        def take(index: int) -> None:
            parts = {name: slice(*end[index : index + 2].tolist()) for name, end in ends.items()}
            if not any(part.start < part.stop for part in parts.values()):
                return
            body = self._read_body(index)
            for name, part in parts.items():
                local = places[name][part] - bounds[index]
                found[name][sorted_by[name][part]] = body.values(name, local)

        several = in_order if len(self.blocks) > 1 else map
        for _ in several(take, range(len(self.blocks))):
            pass
        return found

    def payload(self, row: int) -> bytes:
        """The captured bytes of event `row`, empty where none were kept."""
        order = self._sorted_rows(None)
        row = int(row if order is None else order[row])
        index = bisect_right(self.blocks, row, key=lambda ref: ref.row) - 1
        if self._payload is None or self._payload[0] != index:
            body = self._body(index)
            ends = np.cumsum(body.column("captured"), dtype=np.int64)
            self._payload = (index, ends, body.payload())
        _, ends, heap = self._payload
        local = row - self.blocks[index].row
        start = int(ends[local - 1]) if local else 0
        return heap[start : int(ends[local])]

    def payload_blocks(self, wanted: Array | None = None) -> Iterator[tuple[Array, Array, bytes]]:
        """All captured bytes, block by block.

        Args:
            wanted: bool, by position in the columns; a block without such an event is passed over unread.

        Yields:
            rows, int64: the events of the block that have payload, as positions in the columns;
            ends, int64: where each one's bytes end; the bytes, end to end.
        """
        order = self._sorted_rows(None)
        place = None
        if order is not None:
            place = np.empty(len(order), np.int64)
            place[order] = np.arange(len(order))

        def read(index: int) -> tuple[Array, Array, bytes] | None:
            ref = self.blocks[index]
            if wanted is not None:
                mine = slice(ref.row, ref.row + ref.header.count)
                if not (wanted[mine] if place is None else wanted[place[mine]]).any():
                    return None
            body = self._bodies.get(index) or self._read_body(index)
            captured = body.column("captured")
            having = np.flatnonzero(captured != 0)
            rows = having + ref.row
            rows = rows if place is None else place[rows]
            if not len(rows) or not (wanted is None or wanted[rows].any()):
                return None
            return rows, np.cumsum(captured[having], dtype=np.int64), body.payload()

        several = in_order if len(self.blocks) > 1 else map
        for block in several(read, range(len(self.blocks))):
            if block is not None:
                yield block

    def _body(self, index: int) -> EventBody:
        if index in self._bodies:
            self._bodies.move_to_end(index)
            return self._bodies[index]
        self._bodies[index] = body = self._read_body(index)
        if len(self._bodies) > _KEPT_BODIES:
            self._bodies.popitem(last=False)
        return body

    def _read_body(self, index: int) -> EventBody:
        """Read a block's body again; any thread may.

        Its digest was checked when the file was opened. A file that changed since is noticed by the tag,
        which takes a fifth of the time.
        """
        ref = self.blocks[index]
        with self._reading:
            self.stream.seek(ref.offset + ref.size - TAIL_SIZE - ref.body_size)
            body = self.stream.read(ref.body_size)
        if len(body) != ref.body_size:
            raise FormatError("the file became shorter while it was open", ref.offset)
        if tag_of(body) != ref.body_tag:
            raise FormatError("the file was changed while it was open", ref.offset)
        return unpack_events(body, ref.header.count, ref.offset)

    def _read_block(self, index: int) -> Block:
        ref = self.blocks[index]
        with self._reading:
            self.stream.seek(ref.offset)
            data = self.stream.read(ref.size)
        block = read_block(BytesIO(data), ref.offset)
        if block is None:
            raise FormatError("the file became shorter while it was open", ref.offset)
        return block

    def _column(self, index: int, body: EventBody, name: str) -> Array:
        values = body.column(name)
        if name not in TEXT_COLUMNS:
            return values
        return _spread(self._global_codes(index, body), values, self.blocks[index].offset)

    def _global_codes(self, index: int, body: EventBody) -> Array:
        """For each text code of the block, its position in `texts`."""
        if index not in self._block_codes:
            offset = self.blocks[index].offset
            self._block_codes[index] = self.pool.codes_of(body.text_heap(), offset)
        return self._block_codes[index]

    def _sorted_rows(self, time: Array | None) -> Array | None:
        """The rows in order of time, None where they lie so in the file."""
        if not self._order_known:
            if time is None:
                parts = [self._body(index).column("time") for index in range(len(self.blocks))]
                time = np.concatenate(parts) if parts else np.empty(0, "<i8")
            self._order_known = True
            if len(time) and bool((time[1:] < time[:-1]).any()):
                self._order = np.argsort(time, kind="stable")
        return self._order


def arranged(columns: dict[str, Array], chosen: dict[str, Chosen], order: Array | None) -> EventArrays:
    """Columns with the event at each row that was at `order[row]`, each in the array that it was in."""
    if order is None:
        return EventArrays(columns, chosen)
    moved = rows_where(len(order), lambda rows: order[rows] != np.arange(rows.start, rows.stop))
    if len(moved):
        # All others stay where they are: events that came late are mostly few, and close to their place.
        some = slice(int(moved[0]), int(moved[-1]) + 1)
        source = order[some] - some.start
        for column in columns.values():
            column[some] = taken_from(column[some], source)
    return EventArrays(columns, {name: part.in_order(order) for name, part in chosen.items()})


@dataclass(frozen=True, slots=True)
class _Begun:
    """An event block on its way into columns."""

    index: int
    body: EventBody
    texts: PackedTexts | None
    """Where the block's codes are not known yet."""


def _spread(codes: Array, positions: Array, offset: int) -> Array:
    """`codes[positions]`, refusing a position outside as numpy's wrap-around would not."""
    # A negative position is a large one without a sign.
    if len(positions) and int(positions.view(np.uint32).max()) >= len(codes):
        raise FormatError("an event points to a text that is not there", offset)
    # Of narrow positions `take` is three times as quick as an index.
    return codes.take(positions)


def _rows(document: dict[str, Any], offset: int) -> list[dict[str, Any]]:
    rows = document.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FormatError("a table has no rows", offset)
    return rows


def _check_version(section: dict[str, Any], offset: int) -> None:
    version = section.get("format")
    if type(version) is not int or version < 1:
        raise FormatError("the section block has no format version", offset)
    if version > FORMAT_VERSION:
        raise FormatError(
            f"written in format {version}, this program reads up to {FORMAT_VERSION}: please update Exhume"
        )


def refuse_devices(path: Path) -> None:
    """A device or a pipe may have no end: only a file is read.

    Raises:
        FormatError: It is neither a file nor a folder (which cannot be opened anyway).
        OSError: It is not there.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise FormatError("this is a device or a pipe, not a file")
