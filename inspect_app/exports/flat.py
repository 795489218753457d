"""Events and rows of views as CSV and JSON.

CSV    a header of column names, then a row each; its source stands in a file beside it
JSON   {"source": {…}, "rows": [ {column: value, …}, … ]}; what was not recorded is null
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from inspect_app.exports.columns import EVENT_EXPORT_COLUMNS, Dress, column_pieces
from inspect_app.exports.pieces import CHUNK, Line, Progress, chunks, joined, numbers, write_lines
from inspect_app.exports.request import Request
from inspect_app.exports.texts import csv_cell, decodable, json_text
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.export import csv_rows, to_records

CSV = Dress(csv_cell)
JSON = Dress(json_text, missing="null", quote='"', before=',"{}":')


def write_csv(request: Request, stream: BinaryIO, progress: Progress) -> tuple[str, ...]:
    """As CSV."""
    if request.table is not None and request.order is not None:
        names = [column.id for column in request.table.columns]
        stream.write((",".join(names) + "\n").encode())
        for part in _parts(request.order, progress):
            stream.write(csv_rows(request.table, part).encode("utf-8", "backslashreplace"))
        return ()
    stream.write((",".join(column.name for column in EVENT_EXPORT_COLUMNS) + "\n").encode())
    write_lines(stream, request.selection, [*event_line(request.frames, CSV), "\n"], progress)
    return ()


def write_json(request: Request, stream: BinaryIO, progress: Progress) -> tuple[str, ...]:
    """As one JSON document."""
    stream.write(f'{{"source": {request.source.to_json()},\n"rows": ['.encode())
    first = True
    for text in _json_rows(request, progress):
        # Each row begins with a comma and a newline; the first one needs no comma.
        stream.write((text[1:] if first else text).encode())
        first = False
    stream.write(b"\n]}\n")
    return ()


def event_line(frames: CaptureFrames, dress: Dress) -> Line:
    """The pieces of an event's columns; the first, its number, without what stands before it."""
    others = EVENT_EXPORT_COLUMNS[1:]
    return [
        lambda rows: numbers(rows + 1),
        *(piece for column in others for piece in column_pieces(frames, column, dress)),
    ]


def _json_rows(request: Request, progress: Progress) -> Iterator[str]:
    """Rows, each with a comma and a newline before it, many at once."""
    if request.table is not None and request.order is not None:
        for part in _parts(request.order, progress):
            yield "".join(
                f",\n {json.dumps(record)}" for record in to_records(request.table, part, decodable)
            )
        return
    line, done = [',\n {"event":', *event_line(request.frames, JSON), "}"], 0
    for rows in chunks(request.selection):
        yield joined(line, rows)
        done += len(rows)
        progress(done, len(request.selection))


def _parts(order: np.ndarray, progress: Progress) -> Iterator[np.ndarray]:
    for start in range(0, len(order), CHUNK):
        yield order[start : start + CHUNK]
        progress(min(start + CHUNK, len(order)), len(order))
