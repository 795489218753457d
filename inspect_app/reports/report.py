"""From a capture, and what was noted of it, to a report.

Every figure is of the same events: those within the window and the filters of the session, which the
report names.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from capture.evidence.deriving import tool
from inspect_app.frames.capture import CaptureFrames
from inspect_app.reports.material import Given, Material
from inspect_app.reports.model import Fact, Report, Section
from inspect_app.reports.options import ReportOptions, Template
from inspect_app.reports.sections import SECTIONS
from inspect_app.reports.wording import listed, shown_text
from inspect_app.views.format import format_duration, format_time

Progress = Callable[[int, int], None]
"""(sections done, sections in all). It may raise to stop."""

_TITLES = {
    Template.EXECUTIVE: "What happened",
    Template.TECHNICAL: "Technical report",
    Template.CONTAINER: "Container report",
}
_ON_COVER = ("Case", "Matter", "Examiner", "Description", "Note")
"""Of what is known of the case; the rest stands further back."""
_LAST = "events"
"""The list of cited events is filled when all that cite are."""


def build_report(
    frames: CaptureFrames,
    options: ReportOptions | None = None,
    given: Given | None = None,
    *,
    progress: Progress | None = None,
) -> Report:
    """Everything a report tells about a capture.

    Args:
        frames: The capture.
        options: What is asked for; without it the technical report of the whole capture.
        given: Notes, rules and logs that the report tells, too.
        progress: Told after each section.

    Raises:
        FilterError: A filter of the session is not one.
        ReportError: A container is asked for that is not there.
        FormatError: The file has changed since it was opened.
    """
    material = Material(frames, options or ReportOptions(), given or Given())
    sections = _filled(material, progress)
    subject = _subject(material)
    title = shown_text(material.options.title) or _TITLES[material.options.template]
    return Report(
        title=title,
        subtitle=subject,
        template=str(material.options.template),
        header=_header(material),
        state=material.summary.state.state,
        cover=_cover(material),
        sections=tuple(sections),
        attachments=tuple(material.attachments),
        made_ns=material.made_ns,
        made=format_time(material.made_ns, digits=0),
        tool=tool(),
    )


def _filled(material: Material, progress: Progress | None) -> list[Section]:
    chosen = material.options.chosen
    order = [name for name in chosen if name != _LAST] + ([_LAST] if _LAST in chosen else [])
    filled: dict[str, Section] = {}
    for done, name in enumerate(order, start=1):
        section = SECTIONS[name](material)
        material.forget()
        if section is not None:
            filled[name] = section
        if progress:
            progress(done, len(order))
    return [filled[name] for name in chosen if name in filled]


def _subject(material: Material) -> str:
    host = shown_text(material.summary.hostname) or "Unknown host"
    if material.options.template is not Template.CONTAINER or not material.options.containers:
        return host
    names = material.frames.containers["name"].to_numpy()
    ids = material.frames.containers["id"].to_numpy()
    told = [shown_text(str(names[row] or ids[row])) for row in material.containers[:4]]
    more = [f"{len(material.containers) - 4:,} more"] if len(material.containers) > 4 else []
    return f"{listed([*told, *more])} on {host}"


def _header(material: Material) -> str:
    told = _told(material)
    name = shown_text(Path(material.frames.path).name, 60)
    return f"Case {told['Case']}" if "Case" in told else name


def _told(material: Material) -> dict[str, str]:
    """What the capture tells of its case, and over that what the case file does."""
    recorded: dict[str, str] = {}
    for title, text in material.summary.provenance:
        # Of several recordings each tells its own.
        recorded[title] = f"{recorded[title]}; {text}" if title in recorded else text
    told = {**recorded, **dict(material.given.case)}
    return {title: shown_text(text, 200) for title, text in told.items()}


def _cover(material: Material) -> tuple[Fact, ...]:
    summary, told = material.summary, _told(material)
    facts = [Fact(title, told[title]) for title in _ON_COVER if title in told]
    facts += [
        Fact("Subject", _subject(material)),
        Fact("Capture", shown_text(Path(material.frames.path).name), exact=True),
    ]
    facts += [Fact("SHA-256", digest, exact=True) for _, digest in material.given.digests[:3]]
    if summary.started_ns is not None and summary.ended_ns is not None:
        span = format_duration(max(0, summary.ended_ns - summary.started_ns))
        facts.append(Fact("Recorded", f"{format_time(summary.started_ns, digits=0)}, for {span}"))
    facts += [
        Fact("Verification", shown_text(summary.state.detail)),
        Fact("Report made", f"{format_time(material.made_ns, digits=0)} with {tool()}"),
    ]
    return tuple(fact for fact in facts if fact.value)
