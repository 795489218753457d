"""A report as Markdown that reads well as it is, and in a diff.

Every text of the capture is escaped: what Markdown, HTML in it, or a site's own shorthands (links out of bare
addresses, mentions, emoji) would take for more than text has a backslash before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from inspect_app.reports.model import (
    Block,
    Bullets,
    Column,
    Entries,
    Entry,
    Fact,
    Facts,
    Figures,
    Kind,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
    Tone,
)
from inspect_app.reports.writers.states import state_text

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>&|~$#@!]|:(?!\d|\s|$)|(?<=[wW]{3})\.")
_AT_START = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")
_ARE_ONE = re.compile(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")

Link = Callable[[str], str]
"""From the name of a picture's file to where it lies, as Markdown names it."""


def write_markdown(report: Report, link: Link | None = None) -> bytes:
    """The report as the bytes of a Markdown file.

    Args:
        report: What is told.
        link: Where pictures lie; without it they are only told in words.
    """
    lines = [
        f"# {escaped(report.title)}",
        "",
        f"**{escaped(report.subtitle)}** · {escaped(report.header)} · ",
    ]
    lines[-1] += f"the capture: {state_text(report.state)}"
    lines += ["", *_facts(Facts(report.cover))]
    for section in report.sections:
        lines += _section(section, 2, link)
    if report.attachments:
        lines += ["", "## Files beside this report", "", "| File | Bytes | SHA-256 |", "| --- | ---: | --- |"]
        lines += [f"| {escaped(one.name)} | {len(one.data):,} | {one.sha256} |" for one in report.attachments]
    lines += ["", f"Made on {report.made} by {escaped(report.tool)}. Times are UTC. “—” means: not recorded."]
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def escaped(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    flat = _SPECIAL.sub(_escape, _ARE_ONE.sub(" ", text))
    return _AT_START.sub(r"\1\\\2", flat) if not flat[:1].isdigit() else _number(flat)


def _escape(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _number(text: str) -> str:
    """`1.` at the start of a line would begin a list."""
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", text)


def _section(section: Section, level: int, link: Link | None) -> Iterator[str]:
    yield ""
    yield f"{'#' * min(level, 6)} {escaped(section.title)}"
    for block in section.blocks:
        yield ""
        yield from _block(block, link)
    for part in section.parts:
        yield from _section(part, level + 1, link)


def _block(block: Block, link: Link | None) -> Iterator[str]:
    match block:
        case Paragraph():
            yield f"> **Note:** {escaped(block.text)}" if block.tone is Tone.WARNING else escaped(block.text)
        case Bullets():
            yield from (f"- {escaped(item)}" for item in block.items)
        case Facts():
            yield from _facts(block)
        case Figures():
            yield from ("| Figure | Value | Meaning |", "| --- | ---: | --- |")
            for one in block.items:
                mark = " **!**" if one.noteworthy else ""
                yield f"| {escaped(one.title)}{mark} | {escaped(one.value)} | {escaped(one.meaning)} |"
        case Table():
            yield from _table(block)
        case Picture():
            yield from _picture(block, link)
        case Entries():
            for entry in block.items:
                yield from _entry(entry)


def _facts(block: Facts) -> Iterator[str]:
    yield from ("| | |", "| --- | --- |")
    yield from (f"| {escaped(fact.name)} | {_value(fact)} |" for fact in block.items)


def _value(fact: Fact) -> str:
    return escaped(fact.value)


def _table(block: Table) -> Iterator[str]:
    if not block.rows:
        yield "None among the selected events."
        return
    yield f"{f'**{escaped(block.title)}** · ' if block.title else ''}{escaped(block.counted)}"
    yield ""
    marked = any(block.marked)
    yield _row((*(("",) if marked else ()), *(escaped(column.title) for column in block.columns)))
    yield _row((*(("---",) if marked else ()), *map(_rule, block.columns)))
    for place, row in enumerate(block.rows):
        mark = (("**!**" if block.is_marked(place) else "",)) if marked else ()
        yield _row((*mark, *map(escaped, row)))


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(column: Column) -> str:
    return "---:" if column.kind is Kind.NUMBER else "---"


def _picture(block: Picture, link: Link | None) -> Iterator[str]:
    if link is not None:
        yield f"![{escaped(block.alt)}](<{link(f'{block.id}.svg')}>)"
        yield ""
    yield f"*{escaped(block.title)}*"


def _entry(entry: Entry) -> Iterator[str]:
    event = f" ({entry.event})" if entry.event else ""
    about = f" — {escaped(entry.about)}" if entry.about else ""
    yield f"- **{escaped(entry.time)}**{event} {escaped(entry.title)}{about}"
    for text in entry.text:
        yield ""
        yield f"  {escaped(text)}"
