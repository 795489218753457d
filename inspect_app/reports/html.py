"""A report as one HTML file that needs nothing else and runs nothing.

The template escapes every value; a policy in the page forbids scripts and any request, so that a
report of a hostile capture is as harmless as a printed one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from inspect_app.reports.charts import Chart, Tick, bar_chart, life_path, time_ticks
from inspect_app.reports.model import Figure, Report
from inspect_app.views.format import format_count, format_duration

_WIDTH = 1120
_LEFT = 190
_LANE_HEIGHT = 38
_LANE_GAP = 14
_AXIS = 26
_SPARK_WIDTH, _SPARK_HEIGHT = 160, 30
_STATES = {
    "whole": "✓ whole",
    "cut short": "! cut short",
    "altered": "✗ altered",
    "unfinished": "… unfinished",
}


@dataclass(frozen=True, slots=True)
class _DrawnFigure:
    title: str
    value: str
    meaning: str
    noteworthy: bool
    chart: Chart


@dataclass(frozen=True, slots=True)
class _Lane:
    title: str
    total: str
    y: int
    chart: Chart
    noteworthy: bool


@dataclass(frozen=True, slots=True)
class _DrawnTimeline:
    width: int
    height: int
    left: int
    span: str
    slices: int
    lanes: Sequence[_Lane]
    ticks: Sequence[Tick]


@dataclass(frozen=True, slots=True)
class _DrawnLife:
    label: str
    note: str
    path: str


def write_html(report: Report) -> str:
    """The report as the text of an HTML file."""
    timeline = _draw_timeline(report)
    return _template().render(
        report=report,
        state_text=_STATES.get(report.state, report.state),
        figures=[_draw_figure(figure) for figure in report.figures],
        timeline=timeline,
        lifelines=_draw_lifelines(report),
        lifelines_counted=_lifelines_counted(report),
        lifeline_ticks=time_ticks(report.recorded, left=_LEFT, width=_WIDTH),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("resources", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")


def _draw_figure(figure: Figure) -> _DrawnFigure:
    chart = bar_chart(figure.bars, _SPARK_WIDTH, _SPARK_HEIGHT)
    return _DrawnFigure(figure.title, figure.value, figure.meaning, figure.noteworthy, chart)


def _draw_timeline(report: Report) -> _DrawnTimeline:
    timeline = report.timeline
    step = _LANE_HEIGHT + _LANE_GAP
    lanes = [
        _Lane(
            series.title,
            series.total,
            place * step,
            bar_chart(series.counts, _WIDTH - _LEFT, _LANE_HEIGHT),
            series.noteworthy,
        )
        for place, series in enumerate(timeline.lanes)
    ]
    return _DrawnTimeline(
        width=_WIDTH,
        height=len(lanes) * step + _AXIS,
        left=_LEFT,
        span=format_duration(timeline.window.duration_ns),
        slices=len(timeline.lanes[0].counts) if timeline.lanes else 0,
        lanes=lanes,
        ticks=time_ticks(timeline.window, left=_LEFT, width=_WIDTH),
    )


def _draw_lifelines(report: Report) -> list[_DrawnLife]:
    room = _WIDTH - _LEFT
    return [
        _DrawnLife(
            _shortened(line.label, 26),
            _shortened(line.note, 27),
            life_path(line.start * room, line.end * room, not line.began_before, not line.goes_on),
        )
        for line in report.lifelines
    ]


def _lifelines_counted(report: Report) -> str:
    everything = format_count(report.lifelines_total, "container")
    shown = len(report.lifelines)
    return everything if shown == report.lifelines_total else f"{shown} of {everything} shown"


def _shortened(text: str, limit: int) -> str:
    """The end of a long text says more than its start: registry/path/image:tag."""
    return text if len(text) <= limit else "…" + text[1 - limit :]
