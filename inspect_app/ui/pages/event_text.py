"""Events of a list as text for the clipboard, as the list shows them; and the lines that hold a name."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from inspect_app.ui.event_model import COLUMNS, EventModel
from inspect_app.views.export import csv_text

Check = Callable[[], object]
"""Called for every line; raises to stop."""
_TITLES = tuple(title for title, *_ in COLUMNS)


def as_text(model: EventModel, lines: Sequence[int], check: Check) -> str:
    """One event a line, its cells apart by tabs."""
    return "\n".join("\t".join(cells) for cells in _cells(model, lines, check))


def as_csv(model: EventModel, lines: Sequence[int], check: Check) -> str:
    """With a header; nothing that a spreadsheet would take for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_TITLES)
    writer.writerows([csv_text(cell) for cell in cells] for cells in _cells(model, lines, check))
    return out.getvalue()


def as_json(model: EventModel, lines: Sequence[int], check: Check) -> str:
    """An array of objects by column titles."""
    records = (dict(zip(_TITLES, cells, strict=True)) for cells in _cells(model, lines, check))
    body = ",\n ".join(json.dumps(record, ensure_ascii=True) for record in records)
    return f"[{body}]\n"


def _cells(model: EventModel, lines: Sequence[int], check: Check) -> Iterator[list[str]]:
    sections = range(model.columnCount())
    for line in lines:
        check()
        yield [model.text(line, section) for section in sections]


def lines_named(model: EventModel, text: str) -> np.ndarray:
    """Lines whose event or process is named so, int64: each distinct name is looked at once."""
    frames, rows, wanted = model.frames, model.rows, text.casefold()
    kinds = frames.events["type"].cat
    named = np.array([wanted in str(kind).casefold() for kind in kinds.categories], dtype=bool)
    hit = np.append(named, False)[kinds.codes.to_numpy()[rows]]
    comms = np.array([wanted in str(name).casefold() for name in frames.images["comm"]], dtype=bool)
    hit |= np.append(comms, False)[frames.events["image"].to_numpy()[rows]]
    return np.flatnonzero(hit)
