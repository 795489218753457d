"""A data set of many captures: Parquet files in folders by host and date, which DuckDB and Spark read as
tables.

    folder  ::=  table*
    table   ::=  NAME/host=HOST/date=DATE/part-DIGEST.parquet

A row has the date of its own time; what was there before the recording has that of its start. DIGEST is
the capture's: writing a capture again replaces its files and leaves those of others. Times are
microseconds in UTC, which Spark reads, beside a column of nanoseconds. `captures` tells what was chosen
of each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from capture.format.placing import placed
from inspect_app.exports.arrow import moments_both, pyarrow, texts, whole_numbers
from inspect_app.exports.columns import EVENT_EXPORT_COLUMNS
from inspect_app.exports.dataset_tables import TABLES
from inspect_app.exports.errors import ExportError
from inspect_app.exports.parquet import METADATA, event_readers
from inspect_app.exports.pieces import Progress, chunks, silent
from inspect_app.exports.request import Request
from inspect_app.session.examiner_log import note

NO_HOST = "__HIVE_DEFAULT_PARTITION__"
"""What a folder of a missing value is called."""
_DAY = 86_400_000_000_000
_GROUP = 1 << 18
Arrays = Mapping[str, Any]


def write_dataset(request: Request, folder: Path, progress: Progress = silent) -> int:
    """Put a selection of a capture into a data set; gives the number of files.

    Things (processes, files, …) are those that the selected events touch; of a whole capture all.

    Raises:
        ExportError: pyarrow is missing, or it is of several hosts.
        OSError: The disk.
    """
    pyarrow()
    if len(request.frames.hosts) > 1:
        raise ExportError("these are captures of several hosts: each is added to the data set by itself")
    parts = _Parts(request, folder)
    parts.forget()
    try:
        for table in TABLES:
            columns, times = table.rows(request)
            _write_things(parts, table.name, {**columns, "capture": parts.constant(len(times))}, times)
        _write_captures(parts)
        _write_events(parts, progress)
    except BaseException:
        # Questions must not find half a capture.
        parts.forget()
        raise
    note("exported", to=str(folder), kind="data set", files=parts.count, selection=request.source.selection)
    return parts.count


class _Parts:
    """Where the files of one capture go."""

    def __init__(self, request: Request, folder: Path) -> None:
        self.request, self.folder, self.count = request, folder, 0
        source = request.source
        whole = ",".join(source.digests) or source.to_json()
        self.digest = source.digests[-1] if source.digests else hashlib.sha256(whole.encode()).hexdigest()
        self.host = quote(source.host, safe="") or NO_HOST
        self.name = f"part-{hashlib.sha256(whole.encode()).hexdigest()[:16]}.parquet"
        started = request.frames.host.get("started_ns")
        self.started = started if isinstance(started, int) else 0

    def forget(self) -> None:
        """Take away what an earlier writing of the same capture left."""
        for path in self.folder.glob(f"*/host={_literal(self.host)}/date=*/{self.name}"):
            path.unlink()

    def path(self, table: str, day: int) -> Path:
        """The file of a table and a day; its folder is made."""
        path = self.folder / table / f"host={self.host}" / f"date={np.datetime64(day, 'D')}" / self.name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def constant(self, rows: int) -> Any:
        """The capture's digest, so many times."""
        return texts(np.full(rows, self.digest, object))

    def write(self, table: str, day: int, batches: Iterable[Arrays]) -> None:
        """One file, from batches of columns."""
        arrow, writer = pyarrow(), None
        with placed(self.path(table, day)) as stream:
            for arrays in batches:
                made = arrow.table(dict(arrays))
                if writer is None:
                    metadata = {METADATA: self.request.source.to_json().encode()}
                    schema = made.schema.with_metadata(metadata)
                    writer = arrow.parquet.ParquetWriter(stream, schema, compression="zstd")
                writer.write_table(made.replace_schema_metadata(writer.schema.metadata))
            if writer is not None:
                writer.close()
        self.count += 1


def _write_things(parts: _Parts, table: str, columns: Arrays, times: np.ndarray) -> None:
    """`times`: ns, -1 not known. A file a day; where there is nothing, an empty one to be asked."""
    days = np.where(times < 0, parts.started, times) // _DAY
    for day in np.unique(days).tolist() or [parts.started // _DAY]:
        mine = np.flatnonzero(days == day)
        part = {name: array.take(pyarrow().array(mine)) for name, array in columns.items()}
        parts.write(table, day, [part])


def _write_captures(parts: _Parts) -> None:
    source, times = parts.request.source, np.array([parts.started])
    told = {
        "file": source.capture,
        "state": source.state,
        "filters": " and ".join(source.filters),
        "window": source.window,
        "tool": str(source.facts()["tool"]),
    }
    ended = parts.request.frames.host.get("ended_ns")
    columns = {
        **{name: texts(np.array([value], object)) for name, value in told.items()},
        **{
            name: whole_numbers(np.array([value]))
            for name, value in (("events", source.events), ("rows", source.rows), ("unseen", source.unseen))
        },
        **moments_both("started", times),
        **moments_both("ended", np.array([ended if isinstance(ended, int) else -1])),
        "capture": parts.constant(1),
    }
    _write_things(parts, "captures", columns, times)


def _write_events(parts: _Parts, progress: Progress) -> None:
    request, times = parts.request, parts.request.frames.events["time"].to_numpy()
    names = [column.name for column in EVENT_EXPORT_COLUMNS if column.name not in ("host", "time")]
    read, done = event_readers(request.frames), 0
    first, last = (times[[0, -1]] // _DAY).tolist() if len(times) else (0, -1)

    def columns(mine: np.ndarray) -> Arrays:
        return {
            **moments_both("time", times[mine]),
            **{name: read[name](mine) for name in names},
            "capture": parts.constant(len(mine)),
        }

    def batches(day: int) -> Iterator[Arrays]:
        nonlocal done
        for rows in chunks(request.selection, _GROUP):
            mine = rows[times[rows] // _DAY == day]
            if not len(mine):
                continue
            yield columns(mine)
            done += len(mine)
            progress(done, len(request.selection))

    rows = request.selection.rows
    if not len(request.selection):
        parts.write("events", parts.started // _DAY, [columns(np.zeros(0, np.int64))])
        return
    for day in np.unique(times[rows] // _DAY).tolist() if first != last else [first]:
        parts.write("events", day, batches(day))


def _literal(name: str) -> str:
    """A name of which nothing means anything to `glob`; the host's is quoted, but for these."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)
