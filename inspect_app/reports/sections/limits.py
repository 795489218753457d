"""How the figures came about, what they mean, and what was not seen."""

from __future__ import annotations

from inspect_app.analysis.summary import Summary
from inspect_app.frames.columns import COUNTED_KIND, FILTERED_KIND
from inspect_app.reports.material import Material
from inspect_app.reports.model import Bullets, Column, Kind, Paragraph, Section, Table, Tone
from inspect_app.reports.wording import shown_text
from inspect_app.rules.run import State
from inspect_app.views.format import format_bytes, format_count

_TOLD = {
    "lost": "lost, for the kernel had no room",
    "unwritten": "not written, for the disk was full",
    "late": "recorded out of order",
    "payload": "recorded without payload, for the recorder was short of room",
    "path": "opened without the path behind it, for the recorder was short of room",
}
_HAPPENED = {"step": "The recorder was short of room", "stalled": "The recorder did not run"}
"""How a kind of the frame of drops is put to a reader."""
_METHOD = (
    "The recorder notes every system call of the machine when it returns, in the kernel, with the process, "
    "container and file or connection that it concerned. This report is computed from these records alone; "
    "nothing was asked of the machine afterwards.",
    "Times are of the recorded machine's clock, in UTC. A call is told at the moment it returned, for then "
    "its effects exist.",
    "What is said of processes that were there before the recording began is what the machine told of them "
    "at that moment.",
    "A container is told by the control group of its processes; its name, image and settings by its runtime.",
    "Paths are as the program gave them, resolved by the folder it was in; a link may lead elsewhere.",
    "Text of the recorded machine is shown as it was recorded, except that characters which could hide or "
    "imitate something are written as escapes, such as \\x1b; what is cut short ends in “…”.",
    "“—” means: not recorded. Zero means: none among what was recorded.",
)
_PLAIN = (
    "This report tells what the system calls of a machine show within the time that was recorded. What "
    "happened before, after, or on other machines is not in it. That a rule found something is a reason to "
    "look, and no proof of intent.",
)


def limits(material: Material) -> Section:
    """Method and limits; what was lost comes first."""
    warnings = warnings_of(material.summary)
    missing: tuple[Paragraph | Bullets, ...] = (
        Paragraph("Nothing was lost, as far as the recorder could tell.")
        if not warnings
        else Bullets(warnings, Tone.WARNING),
    )
    blocks = (*missing, Bullets(_PLAIN if material.is_brief else (*_PLAIN, *_METHOD)))
    title = "How sure this is" if material.is_brief else "Method and limits"
    parts = () if material.is_brief else _rules(material)
    return Section("limits", title, blocks, parts)


def warnings_of(summary: Summary) -> tuple[str, ...]:
    """What a reader must know before trusting a figure: damage, losses, names never seen."""
    warnings = []
    if summary.state.state != "whole":
        warnings.append(shown_text(summary.state.detail))
    if summary.filter:
        many = f"{format_count(summary.left_out, 'call')} were" if summary.left_out else "Calls may have been"
        warnings.append(
            f"Recorded with a filter: {shown_text(summary.filter)}. {many} left out on purpose: all figures "
            "and tables are of what was recorded."
        )
    if summary.counted:
        warnings.append(
            f"{format_count(summary.counted, 'call')} ({format_bytes(summary.counted_bytes)} moved) were only"
            " counted, not recorded one by one, for there were too many at once: no other figure has them."
        )
    if not summary.tells_loss:
        warnings.append(
            "The file does not tell what its recorder lost: there may be gaps that nothing shows."
        )
    for kind in summary.unseen:
        intervals = format_count(kind.intervals, "interval")
        told = f"{format_count(kind.count, 'event')} {_TOLD.get(kind.kind, shown_text(kind.kind))}"
        if kind.count and kind.kind not in (COUNTED_KIND, FILTERED_KIND):
            warnings.append(f"{told}, in {intervals}.")
        elif kind.kind in _HAPPENED:
            warnings.append(f"{_HAPPENED[kind.kind]}, in {intervals}.")
    if summary.containers_unnamed:
        many = format_count(summary.containers_unnamed, "container")
        warnings.append(f"The metadata of {many} was never seen; there is only an id.")
    return tuple(warnings)


def _rules(material: Material) -> tuple[Section, ...]:
    """Rules that could not be asked: none is silently false."""
    if "findings" not in material.chosen_parts:
        return ()
    outcomes = material.run.outcomes
    untold = [one for one in outcomes if one.state in (State.NOT_EVALUABLE, State.INVALID)]
    asked = sum(one.state is State.EVALUATED for one in outcomes)
    said = f"{format_count(asked, 'rule')} of {len(outcomes):,} could be asked of this capture."
    if not untold:
        return (Section("rules-asked", "Which rules were asked", (Paragraph(said),)),)
    rows = tuple((shown_text(one.rule.name), str(one.state), shown_text(one.reason)) for one in untold)
    table = Table(
        "rules-not-asked",
        "Rules that could not be asked",
        (Column("Rule"), Column("State"), Column("Why", Kind.TEXT)),
        rows[: material.options.rows],
        ("rule", "rules"),
        len(rows),
    )
    return (Section("rules-asked", "Which rules were asked", (Paragraph(said), table)),)
