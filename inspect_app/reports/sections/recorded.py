"""What was recorded and how, and which part of it the report is of."""

from __future__ import annotations

from inspect_app.analysis.summary import Summary
from inspect_app.reports.material import Material
from inspect_app.reports.model import Fact, Facts, Paragraph, Section, Tone
from inspect_app.reports.wording import shown_text
from inspect_app.views.format import format_bytes, format_count, format_duration, format_time

TITLE = "What was recorded, and how"


def recorded(material: Material) -> Section:
    """Host, recorder, command, filters, clocks and payload; then the window and filters of the report."""
    scope = Section(
        "scope",
        "What the figures are of",
        (
            Paragraph("Every figure and table of this report is of these events and no others.", Tone.SOFT),
            Facts(scope_of(material)),
        ),
    )
    return Section("recorded", TITLE, (Facts(provenance(material.summary)),), (scope,))


def provenance(summary: Summary) -> tuple[Fact, ...]:
    """What was recorded, by whom, where and when."""
    span = summary.span_ns
    settings = ", ".join(_setting(name, value) for name, value in summary.options.items())
    facts = [
        Fact("File", summary.path, exact=True),
        *([Fact("Set", summary.part)] if summary.part else []),
        *(Fact(title, text) for title, text in summary.provenance),
        Fact("Host", summary.hostname),
        Fact("System", summary.system or "Linux"),
        Fact("Kernel", f"{summary.kernel} {summary.machine}".strip()),
        Fact("Processors", "" if summary.cpus is None else str(summary.cpus)),
        Fact("Recorder", summary.recorder),
        Fact("Command", summary.command, exact=True),
        Fact("Settings", settings),
        Fact("Recording filter", summary.filter or "none: all calls"),
        Fact("Payload", _payload(summary)),
        Fact("Recorded from", "" if summary.started_ns is None else format_time(summary.started_ns)),
        Fact("Recorded to", "" if summary.ended_ns is None else format_time(summary.ended_ns)),
        Fact("Span", "" if span is None else format_duration(span)),
        Fact("Clock", _clock(summary)),
        Fact("Events", format_count(summary.events)),
        Fact("Processes", f"{summary.processes:,}, of which {summary.processes_ended:,} ended"),
        Fact(
            "Containers",
            f"{format_count(summary.containers)}, of which {summary.containers_dead:,} gone by the end",
        ),
    ]
    return tuple(Fact(one.name, shown_text(one.value) or "not recorded", one.exact) for one in facts)


def scope_of(material: Material) -> tuple[Fact, ...]:
    """The window and the filters that all figures are of."""
    window = material.options.session.window
    told = (
        "the whole recording"
        if window is None
        else f"{format_time(window.start_ns)} to {format_time(window.end_ns)}"
    )
    everything = format_count(len(material.frames.events), "event")
    condition = shown_text(" and ".join(material.conditions))
    return (
        Fact("Window", told),
        Fact("Filter", condition or "none: every event", exact=bool(condition)),
        Fact("Events", f"{len(material.selection):,} of {everything}"),
    )


def _setting(name: str, value: object) -> str:
    """What the recorder was told, in words: `hold back 30 ms`, `users yes`, `redact nothing`."""
    words = name.replace("_", " ")
    if isinstance(value, bool):
        return f"{words} {'yes' if value else 'no'}"
    if isinstance(value, int) and name.endswith("_ns"):
        return f"{words.removesuffix(' ns')} {format_duration(value)}"
    if isinstance(value, int):
        return f"{words} {value:,}"
    if isinstance(value, list):
        return f"{words} {' '.join(map(str, value)) or 'nothing'}"
    return f"{words} {value}"


def _payload(summary: Summary) -> str:
    snaplen = summary.options.get("snaplen")
    if isinstance(snaplen, bool) or not isinstance(snaplen, int):
        return ""
    if snaplen == 0:
        return "none: no bytes of reads and writes were kept"
    return f"at most {format_bytes(snaplen)} of each read and write were kept"


def _clock(summary: Summary) -> str:
    zone = f"; the host's zone is {summary.timezone}" if summary.timezone else ""
    return f"the recorded host's own, shown in UTC{zone}"
