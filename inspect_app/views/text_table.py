"""Texts in columns, for people: in a pipe a line a row; on a terminal as wide as that is.

Where a terminal has room, texts are folded in their columns and figures never break. Where it has none, each
row is a block of its own, a line a column: nothing is ever cut off.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.markup import escape
from rich.table import Table
from rich.text import Text

_LEAST_TEXT = 10
"""Cells in which a text is still read with ease."""
_GAP = 2
_LEAST_VALUE = 8


def laid_out(
    headings: Sequence[str],
    columns: Sequence[list[str]],
    right: Sequence[bool],
    totals: Sequence[str] = (),
    *,
    width: int | None,
) -> str:
    """The rows under their headings.

    Args:
        headings: One a column.
        columns: The texts of each column, safe for a terminal.
        right: Which columns hold figures: they line up at the right.
        totals: The last line, one text a column; empty: there is none.
        width: Cells of the terminal, None for one line a row, however long.
    """
    if width is None:
        return _aligned(headings, columns, right, totals)
    if _least(headings, columns, right, totals) > width:
        return _blocks(headings, columns, totals, width)
    return _folded(headings, columns, right, totals, width)


def _least(
    headings: Sequence[str], columns: Sequence[list[str]], right: Sequence[bool], totals: Sequence[str]
) -> int:
    """The cells without which figures would break, and texts stand in columns too narrow to be read."""
    needed = -_GAP
    for heading, texts, is_figure, total in zip(headings, columns, right, totals or headings, strict=True):
        widest = max(map(cell_len, (heading, total, *texts)))
        needed += (widest if is_figure else min(widest, _LEAST_TEXT)) + _GAP
    return needed


def _aligned(
    headings: Sequence[str], columns: Sequence[list[str]], right: Sequence[bool], totals: Sequence[str]
) -> str:
    padded = []
    for heading, texts, to_right, total in zip(headings, columns, right, totals or headings, strict=True):
        column = [heading, *texts, *([total] if totals else [])]
        lengths = [len(text) if text.isascii() else cell_len(text) for text in column]
        widest = max(lengths)
        blanks = [" " * (widest - length) for length in lengths]
        pairs = zip(column, blanks, strict=True)
        padded.append([blank + text if to_right else text + blank for text, blank in pairs])
    return "".join("  ".join(row).rstrip() + "\n" for row in zip(*padded, strict=True))


def _folded(
    headings: Sequence[str],
    columns: Sequence[list[str]],
    right: Sequence[bool],
    totals: Sequence[str],
    width: int,
) -> str:
    grid = Table(box=None, pad_edge=False, show_footer=bool(totals))
    for place, heading in enumerate(headings):
        footer = Text(totals[place]) if totals else ""
        justify: JustifyMethod = "right" if right[place] else "left"
        # Figures never break; texts do.
        grid.add_column(
            escape(heading), footer=footer, justify=justify, no_wrap=right[place], overflow="fold"
        )
    for row in zip(*columns, strict=True):
        grid.add_row(*map(Text, row))
    out = io.StringIO()
    Console(file=out, width=width, highlight=False, color_system=None).print(grid)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _blocks(headings: Sequence[str], columns: Sequence[list[str]], totals: Sequence[str], width: int) -> str:
    names = max(map(cell_len, headings))
    room = max(width - names - _GAP, _LEAST_VALUE)
    rows = list(zip(*columns, strict=True))
    blocks = [_block(headings, row, names, room) for row in rows]
    if totals:
        told = [place for place, total in enumerate(totals) if total]
        blocks.append(_block([headings[at] for at in told], [totals[at] for at in told], names, room))
    return "\n\n".join(blocks) + "\n" if blocks else " ".join(headings) + "\n"


def _block(headings: Sequence[str], row: Sequence[str], names: int, room: int) -> str:
    before = " " * (names + _GAP)
    lines = []
    for heading, text in zip(headings, row, strict=True):
        pieces = textwrap.wrap(text, room, break_on_hyphens=False) or [""]
        lines.append(heading + " " * (names - cell_len(heading) + _GAP) + f"\n{before}".join(pieces))
    return "\n".join(line.rstrip() for line in lines)
