"""Typst as this program uses it: the templates of resources, the fonts of resources, and nothing else.

A document is handed over as JSON in an input of the compiler, and the templates show its texts as texts:
none is ever read as markup. No file is read but fonts, no package is loaded, nothing is asked of a network.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import typst

from inspect_app.reports.drawing import COLOURS
from inspect_app.reports.writers.glyphs import drawable

_PDF = ["a-2a", "ua-1"]
"""PDF/A for archives, PDF/UA for readers who hear it."""
_PIXELS_AN_INCH = 220


def pdf_of(document: Mapping[str, Any], made_ns: int) -> bytes:
    """A report as PDF."""
    told = _compiled("report.typ", document, "pdf", seconds=made_ns // 1_000_000_000)
    assert isinstance(told, bytes)  # noqa: S101 - a PDF is one file, however many pages it has
    return told


def png_of(drawing: Mapping[str, Any]) -> bytes:
    """A drawing as a picture of points, as wide as a page."""
    told = _compiled("picture.typ", drawing, "png", seconds=0)
    return told if isinstance(told, bytes) else told[0]


def _compiled(
    template: str, document: Mapping[str, Any], form: Literal["pdf", "png"], *, seconds: int
) -> bytes | list[bytes]:
    inputs = {"document": json.dumps(drawable(document)), "colours": json.dumps(COLOURS)}
    with tempfile.TemporaryDirectory() as nowhere, resources.as_file(_folder("fonts")) as fonts:
        made: bytes | list[bytes] | None = typst.compile(  # type: ignore[misc]  # the output is no file
            _source(template),
            root=nowhere,
            font_paths=[fonts],
            ignore_system_fonts=True,
            format=form,
            ppi=float(_PIXELS_AN_INCH),
            sys_inputs=inputs,
            pdf_standards=_PDF if form == "pdf" else [],  # type: ignore[arg-type]  # two that go together
            package_path=Path(nowhere),
            package_cache_path=Path(nowhere),
            timestamp=seconds,
        )
    assert made is not None  # noqa: S101 - it is only None where a file was asked for
    return made


@cache
def _source(template: str) -> bytes:
    """A template behind what all of them share."""
    folder = _folder("templates")
    parts = [folder.joinpath(name).read_bytes() for name in ("drawing.typ", template)]
    return b"".join(parts)


def _folder(name: str) -> Any:
    return resources.files("resources").joinpath(name)
