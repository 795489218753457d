"""A report as one HTML file that needs nothing else and runs nothing.

The template escapes every value; a policy in the page forbids scripts and any request, so that a
report of a hostile capture is as harmless as a printed one.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from inspect_app.reports.drawing import Drawing
from inspect_app.reports.model import Block, Report
from inspect_app.reports.writers.states import state_text
from inspect_app.reports.writers.svg import svg_shapes


def write_html(report: Report) -> bytes:
    """The report as the bytes of an HTML file."""
    return _template().render(report=report, state_text=state_text(report.state)).encode("utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("resources", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = _kind
    environment.filters["shapes"] = _shapes
    return environment.get_template("report.html")


def _kind(block: Block) -> str:
    """What a block is, in one word."""
    return type(block).__name__.lower()


def _shapes(drawing: Drawing) -> Markup:
    # Every text in it has been escaped where it was made.
    return Markup(svg_shapes(drawing))  # noqa: S704
