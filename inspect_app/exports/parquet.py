"""Events or rows of a view as one Parquet file; its source is in the file's metadata, under `exhume`.

python: pyarrow.parquet.read_schema(path).metadata[b"exhume"]
duckdb: SELECT value FROM parquet_kv_metadata('events.parquet')
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from inspect_app.exports.arrow import dictionary, event_array, moments, pyarrow, type_of, whole_numbers
from inspect_app.exports.columns import EVENT_EXPORT_COLUMNS
from inspect_app.exports.pieces import Progress, chunks
from inspect_app.exports.request import Request
from inspect_app.exports.source import Source
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.cells import Cells
from inspect_app.views.format import Unit

METADATA = b"exhume"
GROUP = 1 << 18
"""Rows of a row group."""


def write_parquet(request: Request, stream: BinaryIO, progress: Progress) -> tuple[str, ...]:
    """As Parquet, compressed with zstd."""
    arrow = pyarrow()
    if request.table is not None and request.order is not None:
        columns = zip(request.table.columns, request.table.cells, strict=True)
        arrays = {column.id: _cells(cells.take(request.order), column.unit) for column, cells in columns}
        schema = arrow.schema([arrow.field(name, array.type) for name, array in arrays.items()])
        with _writer(stream, schema, request.source) as writer:
            writer.write_table(arrow.table(arrays, schema=writer.schema), row_group_size=GROUP)
        return ()
    done = 0
    with _writer(stream, event_schema(), request.source) as writer:
        read = event_readers(request.frames)
        for rows in chunks(request.selection, GROUP):
            arrays = {name: array(rows) for name, array in read.items()}
            writer.write_table(arrow.table(arrays, schema=writer.schema))
            done += len(rows)
            progress(done, len(request.selection))
    return ()


def event_schema() -> Any:
    """The columns of events."""
    arrow = pyarrow()
    return arrow.schema([arrow.field(column.name, type_of(column)) for column in EVENT_EXPORT_COLUMNS])


def event_readers(frames: CaptureFrames) -> Mapping[str, Callable[[np.ndarray], Any]]:
    """Of each column what gives the array of some rows."""
    return {column.name: event_array(frames, column) for column in EVENT_EXPORT_COLUMNS}


def _writer(stream: BinaryIO, schema: Any, source: Source) -> Any:
    arrow = pyarrow()
    told = schema.with_metadata({METADATA: source.to_json().encode()})
    return arrow.parquet.ParquetWriter(stream, told, compression="zstd")


def _cells(cells: Cells, unit: Unit) -> Any:
    arrow, absent = pyarrow(), cells.absent()
    if cells.codes is not None:
        return dictionary(np.where(absent, -1, cells.codes), cells.values)
    if unit is Unit.TIME:
        return moments(cells.values, absent)
    if cells.values.dtype.kind == "f":
        return arrow.array(cells.values, mask=absent)
    return whole_numbers(cells.values, absent)
