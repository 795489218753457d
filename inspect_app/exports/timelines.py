"""Events for timelines: Timesketch's JSON lines, and plaso's l2tCSV and TLN.

    Timesketch   an object a line: message, datetime, timestamp, timestamp_desc, and an event's columns;
                 the first line tells the source
    l2tCSV       17 fixed fields without quoting: a comma in a text becomes a blank; times in seconds, their
                 rest in `extra`
    TLN          time|source|host|user|description, times in seconds since 1970; `|` in a text becomes a blank

The two of plaso have no place for a source: it stands in a file beside them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import BinaryIO

import numpy as np

from inspect_app.exports.columns import EVENT_EXPORT_COLUMNS, Dress, column_pieces
from inspect_app.exports.messages import (
    message,
    number_piece,
    target_piece,
    text_piece,
    time_meaning,
)
from inspect_app.exports.pieces import Line, Piece, Progress, moment, numbers, write_lines
from inspect_app.exports.request import Request
from inspect_app.exports.texts import json_text, plain_field
from inspect_app.filters.calls import category_of

L2T_FIELDS = (
    *("date", "time", "timezone", "MACB", "source", "sourcetype", "type", "user", "host", "short", "desc"),
    *("version", "filename", "inode", "notes", "format", "extra"),
)
TLN_FIELDS = ("Time", "Source", "Host", "User", "Description")
_SOURCE_TIME = "Export of a Capture"
_TIMESKETCH = Dress(json_text, quote='"', before=',"{}":', leaves_out=True)
_MACB = {"io-read": ".A..", "io-write": "M..."}
"""What a call does to a file's times: modified, accessed, changed, born."""
_MACB_OF_CALLS = {
    **dict.fromkeys(("chmod", "fchmod", "fchmodat", "fchmodat2"), "..C."),
    **dict.fromkeys(("chown", "fchown", "lchown", "fchownat"), "..C."),
    **dict.fromkeys(("mkdir", "mkdirat", "creat", "symlink", "symlinkat", "mknod", "mknodat"), "...B"),
    **dict.fromkeys(("truncate", "ftruncate"), "M..."),
    **dict.fromkeys(("rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat"), "..C."),
}
_DAY = 86_400_000_000_000


def write_timesketch(request: Request, stream: BinaryIO, progress: Progress) -> tuple[str, ...]:
    """As Timesketch's JSON lines."""
    frames, source = request.frames, request.source
    if len(frames.events):
        first = {
            "message": f"Events of {source.sentence()}",
            "datetime": source.recorded[0],
            "timestamp": int(frames.events["time"].iloc[0]) // 1_000,
            "timestamp_desc": _SOURCE_TIME,
            "exhume_source": source.to_json(),
        }
        stream.write(json.dumps(first).encode() + b"\n")
    times = frames.events["time"].to_numpy()
    others = (column for column in EVENT_EXPORT_COLUMNS if column.name not in ("event", "time"))
    line: Line = (
        '{"message":"',
        *message(frames, _within_json),
        '","datetime":"',
        *moment(times),
        'Z","timestamp":',
        lambda rows: numbers(times[rows] // 1_000),
        ',"timestamp_desc":"',
        time_meaning(frames),
        '","event":',
        lambda rows: numbers(rows + 1),
        *(piece for column in others for piece in column_pieces(frames, column, _TIMESKETCH)),
        "}\n",
    )
    write_lines(stream, request.selection, line, progress)
    return ()


def write_l2t(request: Request, stream: BinaryIO, progress: Progress) -> tuple[str, ...]:
    """As plaso's l2tCSV."""
    frames, field = request.frames, _field(",")
    times = frames.events["time"].to_numpy()
    line: Line = (
        _days(times),
        ",",
        lambda rows: _clock(times[rows]),
        ",UTC,",
        text_piece(frames, "evt.type", _macb, "...."),
        ",EXHUME,Exhume capture,",
        time_meaning(frames),
        ",",
        text_piece(frames, "user.name", field, "-"),
        ",",
        text_piece(frames, "evt.hostname", field, "-"),
        ",",
        text_piece(frames, "evt.type", field, "-"),
        target_piece(frames, field, " "),
        ",",
        *message(frames, field),
        ",2,",
        target_piece(frames, field),
        ",",
        number_piece(frames, "fd.ino", "-"),
        f",{field(request.source.capture)},exhume,event: ",
        lambda rows: numbers(rows + 1),
        "; ns: ",
        lambda rows: numbers(times[rows] % 1_000_000_000),
        text_piece(frames, "container.id", field, head="; container: "),
        text_piece(frames, "proc.cmdline", field, head="; command: "),
        "\n",
    )
    stream.write((",".join(L2T_FIELDS) + "\n").encode())
    write_lines(stream, request.selection, line, progress)
    return ()


def write_tln(request: Request, stream: BinaryIO, progress: Progress) -> tuple[str, ...]:
    """As plaso's TLN."""
    frames, field = request.frames, _field("|")
    times = frames.events["time"].to_numpy()
    line: Line = (
        lambda rows: numbers(times[rows] // 1_000_000_000),
        "|EXHUME|",
        text_piece(frames, "evt.hostname", field, "-"),
        "|",
        text_piece(frames, "user.name", field, "-"),
        "|",
        *moment(times),
        "Z; ",
        time_meaning(frames),
        "; ",
        *message(frames, field),
        "\n",
    )
    stream.write(("|".join(TLN_FIELDS) + "\n").encode())
    write_lines(stream, request.selection, line, progress)
    return ()


def _within_json(text: str) -> str:
    return json_text(text)[1:-1]


def _field(separator: str) -> Callable[[str], str]:
    return lambda text: plain_field(text, separator)


def _macb(name: str) -> str:
    return _MACB_OF_CALLS.get(name) or _MACB.get(category_of(name), "....")


def _days(times: np.ndarray) -> Piece:
    """`01/02/2026`; few differ."""

    def write(rows: np.ndarray) -> np.ndarray:
        days, codes = np.unique(times[rows] // _DAY, return_inverse=True)
        told = days.astype("datetime64[D]").astype(object).tolist()
        texts = np.array([day.strftime("%m/%d/%Y") for day in told], object)
        found: np.ndarray = texts[codes]
        return found

    return write


def _clock(times: np.ndarray) -> np.ndarray:
    """`03:04:05`."""
    seconds = times // 1_000_000_000
    new = np.append(True, seconds[1:] != seconds[:-1])[: len(seconds)]
    texts = np.datetime_as_string(seconds[new].astype("datetime64[s]")).tolist()
    found: np.ndarray = np.array([text[11:] for text in texts], object)[np.cumsum(new) - 1]
    return found
