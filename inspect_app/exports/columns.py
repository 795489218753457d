"""The columns of an event in flat forms (CSV, JSON, Timesketch, Parquet): fields of the filter language.

A name here, what it is there, and so what it means: `exhume-inspect fields` tells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inspect_app.exports.pieces import Looked, Piece, moment, numbers
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.facets import Facet, NumberFacet, TextFacet, look_up
from inspect_app.filters.field import FieldType
from inspect_app.filters.fields import FIELDS
from inspect_app.frames.capture import CaptureFrames


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """One column."""

    name: str
    field: str
    """A field of the filter language."""

    @property
    def type(self) -> FieldType:
        """What its values are."""
        return FIELDS[self.field].type


EVENT_EXPORT_COLUMNS = (
    ExportColumn("event", "evt.num"),
    ExportColumn("time", "evt.rawtime"),
    ExportColumn("latency_ns", "evt.latency"),
    ExportColumn("host", "evt.hostname"),
    ExportColumn("type", "evt.type"),
    ExportColumn("category", "evt.category"),
    ExportColumn("result", "evt.rawres"),
    ExportColumn("outcome", "evt.res"),
    ExportColumn("process", "proc.name"),
    ExportColumn("pid", "proc.pid"),
    ExportColumn("tid", "thread.tid"),
    ExportColumn("ppid", "proc.ppid"),
    ExportColumn("exe", "proc.exepath"),
    ExportColumn("cmdline", "proc.cmdline"),
    ExportColumn("exe_sha256", "proc.exe_sha256"),
    ExportColumn("uid", "user.uid"),
    ExportColumn("user", "user.name"),
    ExportColumn("container_id", "container.id"),
    ExportColumn("container", "container.name"),
    ExportColumn("container_image", "container.image"),
    ExportColumn("pod", "k8s.pod.name"),
    ExportColumn("namespace", "k8s.ns.name"),
    ExportColumn("fd", "fd.num"),
    ExportColumn("fd_type", "fd.type"),
    ExportColumn("name", "fd.name"),
    ExportColumn("protocol", "fd.l4proto"),
    ExportColumn("local_address", "fd.lip"),
    ExportColumn("local_port", "fd.lport"),
    ExportColumn("peer_address", "fd.rip"),
    ExportColumn("peer_port", "fd.rport"),
    ExportColumn("role", "fd.role"),
    ExportColumn("path", "evt.abspath"),
    ExportColumn("path2", "evt.abspath.dst"),
    ExportColumn("bytes", "evt.buflen"),
    ExportColumn("kept_bytes", "evt.captured"),
    ExportColumn("cpu", "evt.cpu"),
    ExportColumn("truncated", "evt.is_truncated"),
)


def facet_of(frames: CaptureFrames, column: ExportColumn) -> Facet | None:
    """The values over events; None where this capture cannot tell them."""
    try:
        return FIELDS[column.field].facets(frames)[0]
    except NotEvaluableError:
        return None


def text_codes(facet: TextFacet) -> Callable[[np.ndarray], np.ndarray]:
    """Rows of events → positions in the facet's values, -1 missing; nothing as long as the events is made."""
    if facet.next_row is not None or (facet.codes is None and facet.rows is None):
        every = facet.event_codes()
        return lambda rows: every[rows]
    codes, pointer = facet.codes, facet.rows
    if codes is None or pointer is None:
        direct = pointer if codes is None else codes
        assert direct is not None  # noqa: S101 - asked above
        return lambda rows: direct[rows]
    return lambda rows: look_up(codes, pointer[rows], missing=-1)


def number_values(facet: NumberFacet) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Rows of events → their numbers, and where there is none (bool)."""
    values, missing, pointer = facet.values, facet.missing, facet.rows
    if facet.next_row is not None:
        (values, missing), pointer = facet.event_values(), None

    def read(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = rows if pointer is None else pointer[rows]
        if pointer is None:
            gone = np.zeros(len(rows), bool) if missing is None else missing[at]
            return values[at], gone
        absent = np.zeros(len(values), bool) if missing is None else missing
        return look_up(values, at, missing=0), look_up(absent, at, missing=True)

    return read


@dataclass(frozen=True, slots=True)
class Dress:
    """How a form writes a cell."""

    text: Callable[[str], str]
    missing: str = ""
    quote: str = ""
    """Around moments."""
    before: str = ","
    """Before a cell; `{}` in it is the column's name."""
    leaves_out: bool = False
    """A cell that is missing has nothing before it either."""

    def head(self, column: ExportColumn) -> str:
        """What stands before a cell of the column."""
        return self.before.format(column.name)

    def gap(self, column: ExportColumn) -> str:
        """What stands where a cell is missing."""
        return "" if self.leaves_out else self.head(column) + self.missing


def column_pieces(frames: CaptureFrames, column: ExportColumn, dress: Dress) -> tuple[str | Piece, ...]:
    """The pieces that write a column, each cell with what stands before it."""
    head, gap, facet = dress.head(column), dress.gap(column), facet_of(frames, column)
    if column.type is FieldType.TIME:
        return (head + dress.quote, *moment(frames.events["time"].to_numpy()), "Z" + dress.quote)
    if isinstance(facet, TextFacet):
        values = facet.values
        return (
            Looked(text_codes(facet), len(values), lambda code: head + dress.text(str(values[code])), gap),
        )
    return (_number_piece(facet, head, gap),) if isinstance(facet, NumberFacet) else (gap,)


def _number_piece(facet: NumberFacet, head: str, gap: str) -> Piece:
    values, missing, pointer = facet.values, facet.missing, facet.rows
    if pointer is not None and facet.next_row is None:

        def write_row(row: int) -> str:
            return gap if missing is not None and missing[row] else head + _told(values[row : row + 1])[0]

        return Looked(lambda rows: pointer[rows], len(values), write_row, gap)
    read = number_values(facet)

    def write(rows: np.ndarray) -> np.ndarray:
        found, gone = read(rows)
        texts = head + _told(found)
        if gone.any():
            texts[gone] = gap
        return texts

    return write


def _told(values: np.ndarray) -> np.ndarray:
    return _TRUTHS[values.astype(np.intp)] if values.dtype == np.bool_ else numbers(values)


_TRUTHS = np.array(["false", "true"], object)
