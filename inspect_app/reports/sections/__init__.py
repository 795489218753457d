"""The sections of a report, one a file, by their ids in `inspect_app.reports.options.PARTS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from inspect_app.reports.material import Material
from inspect_app.reports.model import Section
from inspect_app.reports.sections.containers import containers
from inspect_app.reports.sections.events import events
from inspect_app.reports.sections.examiner import examiner
from inspect_app.reports.sections.findings import findings
from inspect_app.reports.sections.indicators import indicators
from inspect_app.reports.sections.integrity import integrity
from inspect_app.reports.sections.limits import limits
from inspect_app.reports.sections.recorded import recorded
from inspect_app.reports.sections.summary import summary
from inspect_app.reports.sections.tables import tables
from inspect_app.reports.sections.timeline import timeline

Fill = Callable[[Material], Section | None]

SECTIONS: Mapping[str, Fill] = MappingProxyType(
    {
        "summary": summary,
        "recorded": recorded,
        "integrity": integrity,
        "timeline": timeline,
        "findings": findings,
        "containers": containers,
        "tables": tables,
        "indicators": indicators,
        "examiner": examiner,
        "limits": limits,
        "events": events,
    }
)
