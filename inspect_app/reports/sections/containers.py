"""A dossier of each container, also of those that are gone."""

from __future__ import annotations

import numpy as np

from inspect_app.analysis.matches import within
from inspect_app.analysis.selection import Selection
from inspect_app.analysis.subject import Found, container_subject, label_of
from inspect_app.analysis.subject_facts import facts_of
from inspect_app.reports.drawing import Ink
from inspect_app.reports.found import rows_found
from inspect_app.reports.material import Material
from inspect_app.reports.model import Block, Fact, Facts, Paragraph, Picture, Section, Tone
from inspect_app.reports.options import Template
from inspect_app.reports.pictures.lifelines import lifelines_drawing
from inspect_app.reports.pictures.tree import process_lives
from inspect_app.reports.sections.findings import findings_among
from inspect_app.reports.tables import Plan, table_of
from inspect_app.reports.wording import shown_text
from inspect_app.views.format import format_count, format_time

TITLE = "Containers"
DOSSIERS = 8
"""Of containers that nobody asked for by name: those that something was found in, or that are gone, first."""
_ROWS = 20
_LINES = 20
"""Of the picture of its processes: it stands beside the facts on one page."""
_EXACT = frozenset(
    {"ID", "Image", "Digest", "Command", "Entry point", "Environment", "Labels", "Host mounts", "Addresses"}
)
_PLANS = (
    Plan(
        "commands",
        "Commands",
        "Programs that were started in it.",
        ("evt.rawtime", "proc.pid", "user.name", "proc.pname", "proc.exeline"),
    ),
    Plan(
        "file_changes",
        "Files changed",
        "Files that were created, written, executed or deleted in it.",
        ("fd.name", "file_created", "file_bytes_out", "execs", "file_deletes", "first"),
    ),
    Plan(
        "peers",
        "Peers",
        "Addresses that it talked to.",
        ("fd.rip", "net_bytes_in", "net_bytes_out", "events", "distinct_proc_pid", "first"),
    ),
)


def containers(material: Material) -> Section:
    """A part for each container; of many, the ones that matter most."""
    rows = _chosen(material)
    if not rows:
        return Section("containers", TITLE, (Paragraph("No container was seen."),))
    left = len(material.containers) - len(rows)
    more = (
        f"{format_count(left, 'more container')} can be reported by name; those with findings, and those "
        "that are gone, come first."
    )
    blocks = (Paragraph(more, Tone.SOFT),) if left else ()
    return Section("containers", TITLE, blocks, tuple(_dossier(material, row) for row in rows))


def _chosen(material: Material) -> list[int]:
    rows = material.containers
    if material.options.containers or len(rows) <= DOSSIERS:
        return rows
    owner = material.frames.events["container"].to_numpy()
    hit = set(owner[np.array(rows_found(material.run), np.int64)].tolist())
    noted = {int(owner[note.row]) for note in material.notes if note.row >= 0}
    death = material.frames.containers["death"].to_numpy()
    first = sorted(rows, key=lambda row: (row not in noted, row not in hit, death[row] < 0))
    return sorted(first[:DOSSIERS], key=rows.index)


def _dossier(material: Material, row: int) -> Section:
    frames = material.frames
    identity = str(frames.containers["id"].iat[row])
    title = shown_text(label_of(frames, container_subject(frames, row)))
    found = material.found(row)
    fate = Paragraph(_fate(material, row))
    if found is None:
        return Section(f"container-{identity}", title, (fate,))
    inside = np.zeros(len(frames.events), dtype=bool)
    inside[material.selection.rows] = True
    chosen = Selection(found.rows[inside[found.rows]])
    identified, *others = facts_of(frames, found)
    blocks: tuple[Block, ...] = (fate, Facts(_facts(identified.items)), *_picture(material, row))
    if not len(found.rows):
        idle = Paragraph("No event of it was recorded.", Tone.SOFT)
        return Section(f"container-{identity}", title, (fate, idle, *blocks[1:]))
    parts = [
        Section(
            f"container-{identity}-{group.name.replace(' ', '-').lower()}",
            group.name,
            (Facts(_facts(group.items)),),
        )
        for group in others
    ]
    parts += [_table(plan, material, chosen, identity) for plan in _PLANS]
    parts += _findings(material, found, identity)
    return Section(f"container-{identity}", title, blocks, tuple(parts))


def _fate(material: Material, row: int) -> str:
    """One sentence: when it began and how it ended."""
    table = material.frames.containers
    birth, death, code = (int(table[name].to_numpy()[row]) for name in ("birth", "death", "exit_code"))
    began = (
        f"It was created at {format_time(birth)}" if birth >= 0 else "It was there when the recording began"
    )
    if death < 0:
        return f"{began} and was alive at its end."
    left = f", with exit code {code}" if code >= 0 else ""
    return f"{began}, and was gone at {format_time(death)}{left}. What follows was recorded while it lived."


def _facts(items: tuple[tuple[str, str], ...]) -> tuple[Fact, ...]:
    return tuple(Fact(shown_text(name), shown_text(value), name in _EXACT) for name, value in items)


def _picture(material: Material, row: int) -> tuple[Block, ...]:
    frames = material.frames
    owner, time = frames.events["process"].to_numpy(), frames.events["time"].to_numpy()
    mine = frames.processes["container"].to_numpy() == row
    pointed: dict[int, list[tuple[int, Ink]]] = {}
    for event in rows_found(material.run):
        pointed.setdefault(int(owner[event]), []).append((int(time[event]), Ink.NOTE))
    lives, left_out = process_lives(frames, material.window, mine, pointed, _LINES)
    if not lives:
        return ()
    more = f"; {format_count(left_out, 'more', 'more')} left out" if left_out else ""
    alt = "A line for each of its processes, below the one that created it, with a bar for the time it lived."
    name = f"container-{row}-processes"
    return (Picture(name, f"Its processes{more}", alt, lifelines_drawing(lives, material.window)),)


def _table(plan: Plan, material: Material, chosen: Selection, identity: str) -> Section:
    name = f"container-{identity}-{plan.view.replace('_', '-')}"
    most = None if material.options.template is Template.CONTAINER else _ROWS
    table = table_of(plan, material, name=name, selection=chosen, most=most)
    return Section(name, plan.title, (Paragraph(plan.explanation, Tone.SOFT), table))


def _findings(material: Material, found: Found, identity: str) -> list[Section]:
    every = np.array(rows_found(material.run), np.int64)
    hits = within(every, found.rows, len(material.frames.events))
    if not len(hits):
        return []
    table = findings_among(material, hits, f"container-{identity}-findings")
    return [Section(f"container-{identity}-found", "Findings", (table,))]
