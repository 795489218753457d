"""Frames in one file that is mapped, not read: they are there at once, and the system can drop them.

    file    ::=  magic:8  offset:u64  length:u64  digest:32  room?  array*  header
    header  ::=  msgpack map { "key", "sorted", "rows": { table: rows }, "arrays": [array…] }
    array   ::=  name  count  offset  proof

`offset`, `length` and `digest` (SHA-256) are the header's; all numbers are little endian. An array's dtype is
what this program declares for its name, never what the file says. A column that is the same in every event is
stored once. Columns that were made in the file itself (`Room`) stand first. Texts are three arrays: lengths,
bytes end to end, and, of a frame's column, codes. The proof of an array is its SHA-256; of a column of the
events, the sum of the 64-bit words of each MiB.

The file lies in the user's cache and is taken for hostile all the same: every size is checked against the
file, every proof, and that no event points outside a table.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, BinaryIO

import msgpack
import numpy as np
import pandas as pd

from capture.format import FormatError
from capture.format.blocks import unpack
from capture.format.pieces import each_piece, in_order
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import TABLES, FrameColumn
from inspect_app.frames.room import Room
from inspect_app.frames.tables import build_table

MAGIC = b"EXHUMEFI"
_START = struct.Struct("<8sQQ32s")
_ALIGNMENT = 64
_MAX_HEADER = 4 << 20
_WRITTEN_AT_ONCE = 16 << 20
_WORDS_OF_A_SUM = 1 << 17
_LOOKED_AT = 1 << 12
"""Values at the start of a column that mostly tell already that they are not all the same."""
SOURCE_COLUMNS = ("text", "text2", "addr")
"""What `FileSource` needs of every event: positions in the capture's texts."""
_CODES = {"str": "<i4", "category": "<i2"}
"""Declared dtypes of text, and of the codes that stand for it."""
OF_EVENTS = {
    **{column.name: np.dtype(_CODES.get(column.dtype, column.dtype)).str for column in TABLES["events"]},
    **dict.fromkeys(SOURCE_COLUMNS, "<i4"),
}
"""The columns that have a value an event, with the dtypes that they are kept in."""
_TEXTS = ("paths", "environments", "texts")
_POINTERS = {
    "process": "processes",
    "thread": "threads",
    "image": "images",
    "container": "containers",
    "descriptor": "descriptors",
    "path": "paths",
    "path2": "paths",
}
"""Columns of events that are positions, and in what."""


class StoredTexts(Sequence[bytes]):
    """Texts that are cut out of the mapped file when they are asked for."""

    def __init__(self, lengths: np.ndarray, heap: np.ndarray) -> None:
        self._ends = np.cumsum(lengths, dtype=np.int64)
        self._heap = heap

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        end = int(self._ends[at])
        at = int(at) % len(self)
        return self._heap[int(self._ends[at - 1]) if at else 0 : end].tobytes()

    def __iter__(self) -> Iterator[bytes]:
        every = self._heap.tobytes()
        ends = self._ends.tolist()
        return (every[start:end] for start, end in pairwise((0, *ends)))

    def decoded(self) -> list[str]:
        """All of them, as texts."""
        every = self._heap.tobytes()
        if not every.isascii():
            return [text.decode("utf-8", "surrogatepass") for text in self]
        # Bytes and characters are the same then: they are decoded once, and not each by itself.
        together = every.decode("ascii")
        return [together[start:end] for start, end in pairwise((0, *self._ends.tolist()))]


@dataclass(frozen=True)
class Keepsake:
    """What is written."""

    frames: CaptureFrames
    source: Mapping[str, np.ndarray]
    """The arrays of SOURCE_COLUMNS; others are left out."""
    texts: Sequence[bytes]
    """What they point to."""
    is_sorted: bool
    """Whether the events lie in the capture in the order of the frames."""


@dataclass(frozen=True)
class Stored:
    """What a file held."""

    tables: Mapping[str, pd.DataFrame]
    source: Mapping[str, np.ndarray]
    """The arrays of SOURCE_COLUMNS."""
    paths: Sequence[str]
    environments: Sequence[bytes]
    texts: StoredTexts
    is_sorted: bool


# Writing.


def write_frames(stream: BinaryIO, key: bytes, kept: Keepsake, room: Room | None = None) -> None:
    """Write all frames under a key; what lies in the file's `room` already stays there.

    Raises:
        OSError: The disk is full, or the like.
    """
    stream.seek(room.end if room else _START.size)
    placed: list[tuple[str, int, np.ndarray]] = []
    for name, array in _parts(kept.frames, kept.source, kept.texts):
        stream.write(bytes(-stream.tell() % _ALIGNMENT))
        stored = _once(array) if _is_of_events(name) else array
        offset = room.place_of(stored) if room else None
        if offset is None:
            offset = stream.tell()
            _write_array(stream, stored)
        placed.append((name, offset, np.ascontiguousarray(stored)))
    proofs = in_order(lambda one: _proof(one[0], one[2]), placed)
    arrays = [[name, len(array), at, proof] for (name, at, array), proof in zip(placed, proofs, strict=True)]
    offset = stream.tell()
    rows = {table: len(getattr(kept.frames, table)) for table in TABLES}
    header = msgpack.packb({"key": key, "sorted": kept.is_sorted, "rows": rows, "arrays": arrays})
    stream.write(header)
    stream.seek(0)
    stream.write(_START.pack(MAGIC, offset, len(header), hashlib.sha256(header).digest()))


def _is_of_events(name: str) -> bool:
    return name.startswith(("events.", "source."))


def _proof(name: str, array: np.ndarray) -> bytes:
    """What tells whether an array is as it was written.

    Columns of events are hundreds of megabytes: a sum notices a flipped bit, and is made as fast as memory is
    read.
    """
    if not _is_of_events(name):
        return hashlib.sha256(array.data).digest()
    raw = array.view(np.uint8)
    whole = len(raw) // 8 * 8
    words = raw[:whole].view("<u8")
    sums = [
        int(words[start : start + _WORDS_OF_A_SUM].sum()) for start in range(0, len(words), _WORDS_OF_A_SUM)
    ]
    return np.array([*sums, int(raw[whole:].sum())], "<u8").tobytes()


def _once(array: np.ndarray) -> np.ndarray:
    """The array, or its first value where all are the same."""
    is_same = len(array) > 1 and bool((array[:_LOOKED_AT] == array[0]).all())
    is_same = is_same and all(each_piece(len(array), lambda rows: bool((array[rows] == array[0]).all())))
    return array[:1] if is_same else array


def _write_array(stream: BinaryIO, array: np.ndarray) -> None:
    step = max(1, _WRITTEN_AT_ONCE // array.itemsize)
    for start in range(0, len(array), step):
        stream.write(np.ascontiguousarray(array[start : start + step]).data)


def _parts(
    frames: CaptureFrames, source: Mapping[str, np.ndarray], texts: Sequence[bytes]
) -> Iterator[tuple[str, np.ndarray]]:
    """Every array under its name, with the dtype that `_dtypes` declares."""
    for table, columns in TABLES.items():
        frame: pd.DataFrame = getattr(frames, table)
        for column in columns:
            yield from _column_parts(f"{table}.{column.name}", frame[column.name], column.dtype)
    for name in SOURCE_COLUMNS:
        yield f"source.{name}", source[name].astype("<i4", copy=False)
    yield from _text_parts("paths", frames.paths)
    yield from _byte_parts("environments", frames.environments)
    yield from _byte_parts("texts", texts)


def _column_parts(name: str, values: pd.Series, dtype: str) -> Iterator[tuple[str, np.ndarray]]:
    if dtype not in _CODES:
        yield name, values.to_numpy()
        return
    if dtype == "category":
        codes, texts = values.cat.codes.to_numpy(), list(values.cat.categories)
    else:
        codes, distinct = pd.factorize(values.to_numpy(dtype=object))
        texts = list(distinct)
    yield name, np.asarray(codes, _CODES[dtype])
    yield from _text_parts(name, texts)


def _text_parts(name: str, texts: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
    together = "".join(texts)
    if together.isascii():
        # Bytes and characters are the same then: they are encoded once, and not each by itself.
        yield from _heap_parts(name, texts, together.encode("ascii"))
    else:
        yield from _byte_parts(name, [text.encode("utf-8", "surrogatepass") for text in texts])


def _byte_parts(name: str, texts: Iterable[bytes]) -> Iterator[tuple[str, np.ndarray]]:
    every = list(texts)
    return _heap_parts(name, every, b"".join(every))


def _heap_parts(name: str, texts: Sequence[str | bytes], heap: bytes) -> Iterator[tuple[str, np.ndarray]]:
    yield f"{name}#lengths", np.fromiter(map(len, texts), "<i8", len(texts))
    yield f"{name}#bytes", np.frombuffer(heap, np.uint8)


# Reading.


def read_frames(descriptor: int, key: bytes, own: CaptureFrames | None = None) -> Stored:
    """Map the frames that were written under `key` into an open file. It may be closed afterwards.

    Args:
        descriptor: the open file.
        key: what they were written under.
        own: the frames, if this process has just written them: proofs need not be made again, and what is no
            column of the events is taken from them.

    Raises:
        FormatError: They are not, the file is damaged, or was made by another version.
    """
    size = os.fstat(descriptor).st_size
    if size < _START.size:
        raise FormatError("the side index is too short")
    mapped = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
    header = _header(mapped, size)
    match header:
        case {"key": bytes(found), "sorted": bool(order), "rows": dict(rows), "arrays": list(listed)} if (
            found == key
        ):
            pass
        case _:
            raise FormatError("the side index is of another capture")
    arrays = _arrays(mapped, size, listed, is_own=own is not None)
    events = _count(rows, "events")
    source = {name: _spread(arrays, f"source.{name}", events) for name in SOURCE_COLUMNS}
    texts = _texts(arrays, "texts")
    if own is not None:
        tables = {table: getattr(own, table) for table in TABLES}
        tables["events"] = _table("events", TABLES["events"], arrays, events)
        return Stored(tables, source, own.paths, own.environments, texts, order)
    tables = {table: _table(table, columns, arrays, _count(rows, table)) for table, columns in TABLES.items()}
    paths, environments = _texts(arrays, "paths").decoded(), list(_texts(arrays, "environments"))
    stored = Stored(tables, source, paths, environments, texts, order)
    _check_pointers(stored)
    if hasattr(mapped, "madvise"):
        # What was read to check it is read again when it is wanted; until then it takes no memory.
        mapped.madvise(mmap.MADV_DONTNEED)
    return stored


def _header(mapped: mmap.mmap, size: int) -> Any:
    magic, offset, length, digest = _START.unpack(mapped[: _START.size])
    if magic != MAGIC or length > _MAX_HEADER or offset + length != size:
        raise FormatError("the side index is damaged, or of another version")
    header = mapped[offset : offset + length]
    if hashlib.sha256(header).digest() != digest:
        raise FormatError("the side index's header is damaged")
    return unpack(header)


def _arrays(mapped: mmap.mmap, size: int, listed: list[Any], *, is_own: bool) -> dict[str, np.ndarray]:
    """Every array that the header lists, its place and (but of our own) its proof checked."""
    dtypes, arrays, proofs = _dtypes(), dict[str, np.ndarray](), dict[str, bytes]()
    for row in listed:
        match row:
            case [str(name), int(count), int(offset), bytes(proof)] if name in dtypes:
                dtype = np.dtype(dtypes[name])
            case _:
                raise FormatError("the side index holds what this program does not know")
        if count < 0 or offset < _START.size or offset + count * dtype.itemsize > size:
            raise FormatError("the side index claims more than it holds")
        array = np.frombuffer(mapped, dtype, count, offset)
        arrays[name], proofs[name] = array, proof
    # Several at once: neither sums nor digests hold the interpreter's lock.
    found = in_order(lambda one: (one[0], _proof(*one)), () if is_own else arrays.items())
    if damaged := [name for name, proof in found if proof != proofs[name]]:
        raise FormatError(f"the side index is damaged at {damaged[0]}")
    if missing := dtypes.keys() - arrays.keys():
        raise FormatError(f"the side index lacks {min(missing)}")
    return arrays


def _dtypes() -> dict[str, str]:
    """The dtype of each array by its name."""
    found = {f"source.{name}": "<i4" for name in SOURCE_COLUMNS}
    texts = list(_TEXTS)
    for table, columns in TABLES.items():
        for column in columns:
            name = f"{table}.{column.name}"
            found[name] = _CODES.get(column.dtype, column.dtype)
            if column.dtype in _CODES:
                texts.append(name)
    for name in texts:
        found |= {f"{name}#lengths": "<i8", f"{name}#bytes": "u1"}
    return found


def _count(rows: Mapping[str, object], table: str) -> int:
    count = rows.get(table)
    if not isinstance(count, int) or count < 0:
        raise FormatError(f"the side index does not say how many rows {table} has")
    return count


def _table(
    table: str, columns: Sequence[FrameColumn], arrays: Mapping[str, np.ndarray], count: int
) -> pd.DataFrame:
    data: dict[str, Any] = {}
    for column in columns:
        name = f"{table}.{column.name}"
        values = _spread(arrays, name, count)
        if column.dtype in _CODES:
            texts = _texts(arrays, name).decoded()
            _check_codes(values, len(texts), name)
            data[column.name] = (
                _category(values, texts) if column.dtype == "category" else _column(values, texts)
            )
        else:
            data[column.name] = values
    return build_table(columns, data)


def _category(codes: np.ndarray, texts: list[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, pd.Index(texts, dtype="str"), validate=False)


def _column(codes: np.ndarray, texts: list[str]) -> pd.api.extensions.ExtensionArray:
    # Each distinct text becomes one of pandas' once; the last is what -1 points to.
    return pd.array([*texts, ""], dtype="str").take(codes)


def _spread(arrays: Mapping[str, np.ndarray], name: str, count: int) -> np.ndarray:
    """A column of `count` rows; one value stands for all of them."""
    values = arrays[name]
    if len(values) == count:
        return values
    if len(values) == 1 and _is_of_events(name):
        return np.broadcast_to(values, count)
    raise FormatError(f"the side index has {len(values)} rows of {name}, {count} wanted")


def _texts(arrays: Mapping[str, np.ndarray], name: str) -> StoredTexts:
    lengths, heap = arrays[f"{name}#lengths"], arrays[f"{name}#bytes"]
    if len(lengths) and (int(lengths.min()) < 0 or int(lengths.max()) > len(heap)):
        raise FormatError(f"the side index's texts of {name} have impossible lengths")
    if int(lengths.sum()) != len(heap):
        raise FormatError(f"the side index's texts of {name} are not as long as they say")
    return StoredTexts(lengths, heap)


def _check_pointers(stored: Stored) -> None:
    """Raise where an event points to what is not there; its time may not run backwards either."""
    events = stored.tables["events"]
    sizes = {table: len(frame) for table, frame in stored.tables.items()} | {"paths": len(stored.paths)}
    asked = [(column, events[column].to_numpy(), sizes[table]) for column, table in _POINTERS.items()]
    asked += [(name, codes, len(stored.texts)) for name, codes in stored.source.items()]
    # Each looks at every value once and makes nothing: columns, not pieces, are shared by the processors.
    for _ in in_order(lambda one: _check_codes(one[1], one[2], one[0]), asked):
        pass
    time = events["time"].to_numpy()

    def runs_back(rows: slice) -> bool:
        part = time[max(rows.start - 1, 0) : rows.stop]
        return bool((part[1:] < part[:-1]).any())

    if any(each_piece(len(time), runs_back)):
        raise FormatError("the side index's events are not in order")


def _check_codes(codes: np.ndarray, size: int, name: str) -> None:
    # One value for all events is looked at once.
    codes = codes[:1] if codes.strides == (0,) else codes
    if len(codes) and (int(codes.min()) < -1 or int(codes.max()) >= size):
        raise FormatError(f"the side index's {name} points outside")
