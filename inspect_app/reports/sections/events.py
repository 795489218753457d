"""Where each event lies that the report points at: enough to find it again without this program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from capture.format.reader import EventPlace
from capture.model.decode import format_call
from inspect_app.analysis.event import call_parts
from inspect_app.reports.citations import PREFIX
from inspect_app.reports.material import Material
from inspect_app.reports.model import Column, Kind, Paragraph, Section, Table, Tone
from inspect_app.reports.wording import shown_text
from inspect_app.views.format import UNKNOWN, format_time

TITLE = "Cited events"
_HOW = (
    "A block begins so many bytes into its file; its digest is SHA-256 over all of its bytes before the "
    "digest. An event is told by its position in the block, from 0. Times are in UTC, to the nanosecond."
)


def events(material: Material) -> Section:
    """Every event that was cited, and the blocks that they lie in."""
    rows = material.citations.rows
    places = [material.frames.source.place(row) for row in rows]
    several = len({place.file for place in places if place is not None}) > 1
    told = tuple(
        (f"{PREFIX}{number}", _time(material, row), _call(material, row), *_where(place, several=several))
        for number, (row, place) in enumerate(zip(rows, places, strict=True), start=1)
    )
    columns = (
        Column("Event", Kind.EVENT),
        Column("Returned at (UTC)", Kind.TIME),
        Column("Call", Kind.EXACT),
        *((Column("File", Kind.EXACT),) if several else ()),
        Column("Block", Kind.NUMBER),
        Column("Position", Kind.NUMBER),
    )
    blocks = (
        Paragraph(_HOW, Tone.SOFT),
        Table("cited-events", "Events", columns, told, ("event", "events"), len(told)),
        _blocks(places),
    )
    return Section("events", TITLE, blocks if rows else (Paragraph("No event is cited."),))


def _time(material: Material, row: int) -> str:
    return format_time(material.time_of(row), digits=9).removesuffix(" UTC")


def _where(place: EventPlace | None, *, several: bool) -> tuple[str, ...]:
    if place is None:
        return (UNKNOWN,) * (3 if several else 2)
    at = (f"{place.block:,}", f"{place.index:,}")
    return (_name(place), *at) if several else at


def _name(place: EventPlace) -> str:
    return shown_text(Path(place.file).name)


def _call(material: Material, row: int) -> str:
    arguments, result = call_parts(material.frames, row)
    kind = str(material.frames.events["type"].iat[row])
    return shown_text(format_call(kind, arguments, result), 300)


def _blocks(places: Sequence[EventPlace | None]) -> Table:
    known = [place for place in places if place is not None]
    distinct = sorted({(_name(one), one.block, one.offset, one.digest) for one in known})
    rows = tuple((file, f"{block:,}", f"{offset:,}", digest) for file, block, offset, digest in distinct)
    columns = (
        Column("File", Kind.EXACT),
        Column("Block", Kind.NUMBER),
        Column("Offset", Kind.NUMBER),
        Column("SHA-256 of the block", Kind.EXACT),
    )
    return Table("cited-blocks", "Blocks that they lie in", columns, rows, ("block", "blocks"), len(rows))
