"""Pictures as values: a few kinds of shapes in inks that each writer has a colour for.

Lengths are points, from the upper left corner; texts stand on their baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ink(StrEnum):
    """What a shape is drawn with: a meaning, not a colour."""

    TEXT = "text"
    SOFT = "soft"
    LINE = "line"
    FAINT = "faint"
    ACCENT = "accent"
    NOTE = "note"
    """Worth a second look."""
    HIGH = "high"
    """Worth the first look."""
    PAPER = "paper"


COLOURS: dict[Ink, str] = {
    Ink.TEXT: "#1b2430",
    Ink.SOFT: "#566170",
    Ink.LINE: "#cfd5dc",
    Ink.FAINT: "#eceff2",
    Ink.ACCENT: "#1f6f8b",
    Ink.NOTE: "#b4530a",
    Ink.HIGH: "#a31621",
    Ink.PAPER: "#ffffff",
}
"""On paper. They differ in lightness, too, so that they can be told apart in print and by everybody."""


class Anchor(StrEnum):
    """Which end of a text stands at its place."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class Rect:
    """A filled rectangle; with a radius its corners are round."""

    x: float
    y: float
    width: float
    height: float
    ink: Ink
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """A thin line, upright or level."""

    x1: float
    y1: float
    x2: float
    y2: float
    ink: Ink


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text."""

    x: float
    y: float
    text: str
    size: float
    ink: Ink
    anchor: Anchor = Anchor.START
    bold: bool = False


Shape = Rect | Line | Text


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes on a sheet, drawn in their order."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


def fitting(text: str, width: float, size: float) -> str:
    """As much of a text as fits, its middle left out: both ends of a path tell something."""
    limit = max(4, int(width / (size * 0.6)))
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"
