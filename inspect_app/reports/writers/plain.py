"""A report as plain values: what JSON holds, and what other writers hand to a typesetter.

docs/report-schema.json tells what they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import Enum
from typing import Any

from inspect_app.reports.drawing import Drawing, Shape
from inspect_app.reports.model import Attachment, Block, Report, Section, Table

FORMAT = 1
"""Of the JSON; a change that a reader must know of counts it up."""


def write_json(report: Report) -> bytes:
    """The report as the bytes of a JSON file; what is no ASCII is escaped, so that no terminal obeys it."""
    return (json.dumps(plain_report(report), indent=1, ensure_ascii=True) + "\n").encode("ascii")


def plain_report(report: Report) -> dict[str, Any]:
    """The report as maps, lists, texts and numbers."""
    told: dict[str, Any] = {"format": FORMAT}
    names = ("title", "subtitle", "template", "header", "state", "made_ns", "made", "tool")
    told |= {name: getattr(report, name) for name in names}
    told["cover"] = [_plain(fact) for fact in report.cover]
    told["sections"] = [_section(section) for section in report.sections]
    told["attachments"] = [_attachment(one) for one in report.attachments]
    return told


def _section(section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": section.title,
        "blocks": [_block(block) for block in section.blocks],
        "parts": [_section(part) for part in section.parts],
    }


def _block(block: Block) -> dict[str, Any]:
    told = {"kind": type(block).__name__.lower(), **_plain(block)}
    if isinstance(block, Table):
        told["counted"] = block.counted
    return told


def _attachment(one: Attachment) -> dict[str, Any]:
    return {"name": one.name, "bytes": len(one.data), "sha256": one.sha256}


def _plain(value: Any) -> Any:
    """A frozen value as a map of its fields, and so on for all that is in it."""
    for kind, tell in _KINDS.items():
        if isinstance(value, kind):
            return tell(value)
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def plain_drawing(drawing: Drawing) -> dict[str, Any]:
    """A drawing as a map; each shape tells what it is."""
    return {
        "width": drawing.width,
        "height": drawing.height,
        "shapes": [_shape(one) for one in drawing.shapes],
    }


def _shape(shape: Shape) -> dict[str, Any]:
    told = {field.name: _plain(getattr(shape, field.name)) for field in fields(shape)}
    return {"shape": type(shape).__name__.lower(), **told}


_KINDS: Mapping[type, Callable[[Any], Any]] = {
    Enum: str,
    str: str,
    bool: bool,
    int: int,
    float: float,
    tuple: lambda value: [_plain(entry) for entry in value],
    Drawing: plain_drawing,
}
