"""The files of one recording read as one capture.

A recording that is spread over files numbers them; each names the digest of the one before. Their events are
laid end to end. What had not returned at the end of one file returned in the next: it is taken from there.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

from capture.format.blocks import read_block, unpack_document
from capture.format.choosing import Chooser, Chosen
from capture.format.coding import Array
from capture.format.columns import EVENT_COLUMNS
from capture.format.errors import FormatError
from capture.format.integrity import Damage, State, Verdict
from capture.format.pool import Pool
from capture.format.reader import (
    CaptureFile,
    EventArrays,
    EventPlace,
    Progress,
    StoredEvents,
    Zeros,
    arranged,
    in_memory,
    refuse_devices,
)
from capture.format.totals import sums_of, totals_of

EXTENSION = ".exhume"
MANIFEST_SUFFIX = ".manifest.json"
MAX_FILES = 512
"""Files of a set that are open at once; systems give a process a thousand descriptors."""
_SAME_ROW: dict[str, tuple[str, ...]] = {
    "processes": ("pid", "start_ns"),
    "sockets": ("netns", "ino"),
    "cgroups": ("hierarchy", "id"),
    "users": ("uid", "name"),
    "groups": ("gid", "name"),
    "interfaces": ("index", "name"),
    "mounts": ("id", "target"),
}
"""Tables of which later snapshots add rows; by what a row is known. Others are the first snapshot's."""


class CaptureSet:
    """Several files opened as one; it is read as a `CaptureFile` is."""

    def __init__(self, members: Sequence[CaptureFile], path: str) -> None:
        """`members`: of one set, at least one.

        Raises:
            FormatError: They are recordings of their own, or one is there twice.
        """
        self.members = sorted(members, key=_number)
        self.path = path
        _refuse_strangers(self.members)
        for member, following in pairwise(self.members):
            if _number(following) == _number(member) + 1:
                member.leave_out_unfinished()
        self.verdict = _verdict(self.members)
        self.section = self.members[0].section
        self.texts = self.members[0].texts
        self._starts = np.cumsum([0, *(member.count for member in self.members)])
        self._order: Array | None = None
        self._order_known = False

    def close(self) -> None:
        """Close all files."""
        for member in self.members:
            member.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def count(self) -> int:
        """Number of events that can be read."""
        return int(self._starts[-1])

    @property
    def fingerprint(self) -> bytes:
        """What tells these files from all others."""
        return hashlib.sha256(b"".join(member.fingerprint for member in self.members)).digest()

    def forget_texts(self) -> None:
        """Give back the memory of `texts`: codes of columns that were read mean nothing any more."""
        for member in self.members:
            member.forget_texts()

    def take_for_sorted(self) -> None:
        """Somebody knows that the events lie in order of time: they need not be read to find out."""
        self._order, self._order_known = None, True
        for member in self.members:
            member.take_for_sorted()

    @property
    def is_sorted(self) -> bool:
        """Whether the events of all files are known to lie in order of time, one file after the other."""
        return self._order_known and self._order is None and all(member.is_sorted for member in self.members)

    @property
    def ending(self) -> dict[str, Any] | None:
        """Totals of all end blocks; None where a file was not closed."""
        endings = [member.ending for member in self.members]
        if any(ending is None for ending in endings):
            return None
        return {**totals_of([ending for ending in endings if ending is not None]), "events": self.count}

    @property
    def documents(self) -> dict[str, list[Any]]:
        """Every other document of all files, by kind."""
        kinds = {kind for member in self.members for kind in member.documents}
        return {
            kind: [document for member in self.members for document in member.documents.get(kind, [])]
            for kind in sorted(kinds)
        }

    @property
    def unknown(self) -> dict[str, int]:
        """Blocks of kinds that this reader does not know, counted."""
        return sums_of(member.unknown for member in self.members)

    def counted(self) -> dict[str, Array]:
        """Calls that were counted instead of recorded: the arrays of COUNTED_COLUMNS, a row a sum."""
        parts = [member.counted() for member in self.members]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def samples(self) -> dict[str, Array]:
        """Samples of processes: the arrays of SAMPLE_COLUMNS, a row a process that was active."""
        parts = [member.samples() for member in self.members]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def table(self, name: str) -> list[dict[str, Any]]:
        """The rows of one snapshot table: those of the first file that has it, and what later ones add."""
        return rows_of_all(name, [member.table(name) for member in self.members])

    @property
    def table_names(self) -> list[str]:
        """The snapshot's tables."""
        return list(dict.fromkeys(name for member in self.members for name in member.table_names))

    def narrowest(self, name: str) -> str:
        """A dtype that holds all values of a column; see `CaptureFile.narrowest`."""
        return max(
            (member.narrowest(name) for member in self.members), key=lambda one: np.dtype(one).itemsize
        )

    def read_columns(
        self,
        names: Iterable[str] = tuple(EVENT_COLUMNS),
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
        zeros: Zeros = in_memory,
    ) -> dict[str, Array]:
        """The named columns of every event, in the order in which the calls returned; see `CaptureFile`.

        Raises:
            FormatError, Cancelled: As `CaptureFile.read_columns` does.
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
        """The same, and of other columns the values of some events; see `CaptureFile.read_events`."""
        wanted = list(dict.fromkeys(names))
        dtypes = {name: self.narrowest(name) if name in narrow else EVENT_COLUMNS[name] for name in wanted}
        columns = {name: zeros(name, dtype, self.count) for name, dtype in dtypes.items()}
        parts: dict[str, list[Chosen]] = {}
        for at, member in enumerate(self.members):
            rows = slice(*self._starts[at : at + 2].tolist())
            found = _read_into({name: col[rows] for name, col in columns.items()}, choose, member, cancelled)
            for name, part in found.items():
                parts.setdefault(name, []).append(part.moved(rows.start))
            if progress:
                progress(at + 1, len(self.members))
        chosen = {name: Chosen.of(name, found) for name, found in parts.items()}
        return arranged(columns, chosen, self._sorted_rows(columns.get("time")))

    def slices(self, names: Iterable[str]) -> Iterator[dict[str, Array]]:
        """The named columns block by block, as they lie in the files."""
        wanted = list(names)
        for member in self.members:
            yield from member.slices(wanted)

    def stored_events(self) -> Iterator[StoredEvents]:
        """Each event block of all files, with where its events are in the columns."""
        order = self._sorted_rows(None)
        place = None if order is None else np.argsort(order)
        for member, start in zip(self.members, self._starts.tolist(), strict=False):
            for stored in member.stored_events():
                rows = stored.rows + start
                yield StoredEvents(rows if place is None else place[rows], stored.block)

    def place(self, row: int) -> EventPlace:
        """Where event `row` lies, and in which file."""
        order = self._sorted_rows(None)
        row = int(row if order is None else order[row])
        at = bisect_right(self._starts.tolist(), row) - 1
        return self.members[at].place(row - int(self._starts[at]))

    def values(self, row: int, names: Iterable[str]) -> list[int]:
        """The named columns of event `row`, but those of texts."""
        order = self._sorted_rows(None)
        row = int(row if order is None else order[row])
        at = bisect_right(self._starts.tolist(), row) - 1
        return self.members[at].values(row - int(self._starts[at]), names)

    def values_at(self, wanted: Mapping[str, Array]) -> dict[str, Array]:
        """The values of columns at some rows each, as `CaptureFile.values_at` gives them."""
        order = self._sorted_rows(None)
        places = {name: rows if order is None else order[rows] for name, rows in wanted.items()}
        found = {name: np.empty(len(place), EVENT_COLUMNS[name]) for name, place in places.items()}
        owners = {
            name: np.searchsorted(self._starts, place, side="right") - 1 for name, place in places.items()
        }
        for at, member in enumerate(self.members):
            mine = {name: np.flatnonzero(owner == at) for name, owner in owners.items()}
            own = {name: places[name][some] - int(self._starts[at]) for name, some in mine.items()}
            for name, values in member.values_at(own).items():
                found[name][mine[name]] = values
        return found

    def payload(self, row: int) -> bytes:
        """The captured bytes of event `row`, empty where none were kept."""
        order = self._sorted_rows(None)
        row = int(row if order is None else order[row])
        at = bisect_right(self._starts.tolist(), row) - 1
        return self.members[at].payload(row - int(self._starts[at]))

    def payload_blocks(self, wanted: Array | None = None) -> Iterator[tuple[Array, Array, bytes]]:
        """All captured bytes, block by block, as `CaptureFile.payload_blocks` gives them."""
        order = self._sorted_rows(None)
        place = None if order is None else np.argsort(order)
        if wanted is not None and place is not None:
            wanted = wanted[place]
        for member, start in zip(self.members, self._starts.tolist(), strict=False):
            for rows, ends, data in member.payload_blocks(None if wanted is None else wanted[start:]):
                yield (rows + start if place is None else place[rows + start]), ends, data

    def _sorted_rows(self, time: Array | None) -> Array | None:
        """The rows in order of time, None where they lie so in the files."""
        if not self._order_known:
            if time is None:
                time = np.concatenate([member.read_columns(("time",))["time"] for member in self.members])
            self._order_known = True
            if bool((time[1:] < time[:-1]).any()):
                self._order = np.argsort(time, kind="stable")
        return self._order


def _read_into(
    columns: Mapping[str, Array],
    choose: Chooser | None,
    member: CaptureFile,
    cancelled: Callable[[], bool] | None,
) -> dict[str, Chosen]:
    """Read one file's columns into arrays of zeros; what was chosen of others."""
    return member.read_events(
        columns, choose=choose, cancelled=cancelled, zeros=lambda name, dtype, rows: columns[name]
    ).chosen


Capture = CaptureFile | CaptureSet
"""What can be read: one file, or the files of a set."""


def open_captures(
    paths: Sequence[Path],
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Capture:
    """Open a file, or a folder or several files that hold one recording.

    Raises:
        FormatError: Not a capture, of a newer format, or not one recording.
        OSError: It cannot be read.
        Cancelled: `cancelled` said so.
    """
    files = files_of(paths)
    if len(paths) == 1 and files == list(paths):
        return CaptureFile.open(paths[0], progress, cancelled)
    total = sum(path.stat().st_size for path in files)
    pool, members, done = Pool(), list[CaptureFile](), 0
    try:
        for path in files:
            members.append(_member(path, _share(progress, done, total), cancelled, pool))
            done += path.stat().st_size
        return CaptureSet(members, str(paths[0]) if len(paths) == 1 else f"{paths[0]} … {paths[-1]}")
    except BaseException:
        for member in members:
            member.close()
        raise


def recordings_of(paths: Sequence[Path]) -> list[list[Path]]:
    """The files of each recording among some files: those of a set together, others each alone.

    A file that tells nothing of itself is one of its own: opening it says what is wrong.

    Raises:
        OSError: One cannot be read.
    """
    recordings: dict[str, list[Path]] = {}
    for path in paths:
        refuse_devices(path)
        with path.open("rb") as stream:
            recordings.setdefault(_set_id(stream) or str(path), []).append(path)
    return list(recordings.values())


def _set_id(stream: BinaryIO) -> str:
    """The set that a file says it is of, empty where it is none."""
    try:
        block = read_block(stream, 0)
        document = unpack_document(block.body) if block else None
    except FormatError:
        return ""
    return str(set_facts(document).get("id", "")) if isinstance(document, dict) else ""


def files_of(paths: Sequence[Path], endings: Sequence[str] = (EXTENSION,)) -> list[Path]:
    """The files that are meant: of a folder all captures in it but empty ones, which have yet to begin.

    A shell's `*` names the manifests of sets as well: these are read beside the files that they list.

    `endings`: how the names of a folder's captures end.

    Raises:
        FormatError: A folder without captures, or too many files.
        OSError: A folder cannot be read.
    """
    files: list[Path] = []
    for path in [path for path in paths if not path.name.endswith(MANIFEST_SUFFIX)] or paths:
        if not path.is_dir():
            files.append(path)
            continue
        found = sorted(entry for entry in path.iterdir() if entry.name.endswith(tuple(endings)))
        found = [entry for entry in found if entry.is_file() and entry.stat().st_size]
        if not found:
            raise FormatError(f"a directory without captures ({', '.join(endings)}) in it")
        files += found
    if len(files) > MAX_FILES:
        raise FormatError(f"{len(files)} files; at most {MAX_FILES} can be opened as one")
    return files


def rows_of_all(name: str, tables: Iterable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """One snapshot table out of several snapshots of a machine: the first, and what later ones add."""
    having = [table for table in tables if table]
    if name not in _SAME_ROW:
        return having[0] if having else []
    rows: dict[tuple[object, ...], dict[str, Any]] = {}
    for row in (row for table in having for row in table):
        # As text: what should be a number may be a list in a file that somebody made.
        rows.setdefault(tuple(repr(row.get(key)) for key in _SAME_ROW[name]), row)
    return list(rows.values())


def _member(
    path: Path, progress: Progress | None, cancelled: Callable[[], bool] | None, pool: Pool
) -> CaptureFile:
    try:
        return CaptureFile.open(path, progress, cancelled, pool)
    except FormatError as error:
        raise FormatError(f"{path.name}: {error}") from error


def _share(progress: Progress | None, start: int, total: int) -> Progress | None:
    if progress is None:
        return None
    return lambda done, _: progress(start + done, total)


def set_facts(section: Mapping[str, Any]) -> dict[str, Any]:
    """What a section tells of its set; empty where the file is a recording of its own."""
    facts = section.get("set")
    return facts if isinstance(facts, dict) else {}


def part_of(capture: Capture) -> str:
    """Which files of which set this is, for people; empty for a recording of its own."""
    members = capture.members if isinstance(capture, CaptureSet) else [capture]
    facts = set_facts(members[0].section)
    if not facts:
        return ""
    first, last = _number(members[0]), _number(members[-1])
    which = f"file {first}" if len(members) == 1 else f"files {first} to {last}"
    return f"{which} of set {facts.get('id')}"


def _number(member: CaptureFile) -> int:
    number = set_facts(member.section).get("number")
    return number if isinstance(number, int) else 0


def _refuse_strangers(members: Sequence[CaptureFile]) -> None:
    if len(members) == 1:
        return
    ids = {str(set_facts(member.section).get("id", member.path)) for member in members}
    if len(ids) > 1:
        raise FormatError(
            f"{len(members)} files of {len(ids)} recordings cannot be opened as one: "
            "give the files of one of them, or open them one after another"
        )
    for member, following in pairwise(members):
        if _number(member) == _number(following):
            raise FormatError(
                f"{member.path} and {following.path} are both file {_number(member)} of the set"
            )


def _verdict(members: Sequence[CaptureFile]) -> Verdict:
    """Whole when each file is and they are a chain; else what is worst, and the first of that."""
    blocks, faults = 0, list[Verdict]()
    total = sum(member.verdict.blocks for member in members)
    for at, member in enumerate(members):
        own = member.verdict
        before = members[at - 1] if at else None
        reason, damage = _break(before, member)
        if reason:
            state = State.CUT_SHORT if damage is Damage.MISSING else State.ALTERED
            last = members[at - 1].verdict.before
            faults.append(Verdict(state, blocks, reason, total, last, damage, _first_time(member)))
        if own.state is not State.WHOLE:
            told = f"{Path(member.path).name}: {own.reason}"
            faults.append(replace(own, block=blocks + own.block, reason=told, blocks=total))
        blocks += own.blocks
    altered = [fault for fault in faults if fault.state is State.ALTERED]
    return next(iter(altered or faults), Verdict(State.WHOLE, total, "", total, members[-1].verdict.before))


def _first_time(member: CaptureFile) -> int:
    """When the first event of a file returned, ns since 1970 UTC; 0 there is none."""
    return min((block.header.first for block in member.blocks if block.header.count), default=0)


def _break(before: CaptureFile | None, member: CaptureFile) -> tuple[str, Damage]:
    """How the chain of files is broken between two, empty where it is not."""
    if before is None:
        return "", Damage.NONE
    name, gap = Path(member.path).name, _number(member) - _number(before) - 1
    if gap:
        which = f"{_number(before) + 1}" if gap == 1 else f"{_number(before) + 1} to {_number(member) - 1}"
        return f"file {which} of the set is not here, {name} is number {_number(member)}", Damage.MISSING
    if set_facts(member.section).get("previous") != before.digest.hex():
        told = f"{name} was not written after {Path(before.path).name} as it is now"
        return told, Damage.FOREIGN
    return "", Damage.NONE
