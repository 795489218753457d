"""What the examiner did, out of the log that was kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from inspect_app.reports.material import Material
from inspect_app.reports.model import Block, Column, Kind, Paragraph, Section, Table, Tone
from inspect_app.reports.wording import shown_text
from inspect_app.views.export import csv_text

TITLE = "Examiner's log"
_ASIDE = frozenset({"time", "user", "host", "tool", "action", "before"})
_HEADINGS = ("time", "user", "action", "what")


def examiner(material: Material) -> Section | None:
    """The lines of the log; None where no log was given."""
    given = material.given
    if not given.examiner_log and not given.log_problem:
        return None
    lines = [_row(line) for line in given.examiner_log]
    blocks: list[Block] = [
        Paragraph("Each line of the log holds the digest of the line before it.", Tone.SOFT)
    ]
    if given.log_problem:
        told = (
            f"The log is not as it was written: {shown_text(given.log_problem)}. What stands before is shown."
        )
        blocks.append(Paragraph(told, Tone.WARNING))
    shown = tuple(lines[: material.options.rows])
    beside = material.attach("examiner-log.csv", _csv(lines)) if len(shown) < len(lines) else ""
    columns = (Column("Time (UTC)", Kind.TIME), Column("Who"), Column("Did"), Column("What", Kind.EXACT))
    blocks.append(
        Table("examiner-log", "Lines of the log", columns, shown, ("line", "lines"), len(lines), (), beside)
    )
    return Section("examiner", TITLE, tuple(blocks))


def _row(line: Mapping[str, Any]) -> tuple[str, str, str, str]:
    what = ", ".join(f"{name} {value}" for name, value in line.items() if name not in _ASIDE and value)
    time = str(line.get("time", "")).replace("T", " ").removesuffix("+00:00")
    return (
        shown_text(time),
        shown_text(str(line.get("user", ""))),
        shown_text(str(line.get("action", ""))),
        shown_text(what),
    )


def _csv(lines: list[tuple[str, str, str, str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([_HEADINGS, *(map(csv_text, line) for line in lines)])
    return out.getvalue()
