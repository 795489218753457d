"""The tables: processes, programs, commands, files, connections, users and errors."""

from __future__ import annotations

import numpy as np

from inspect_app.reports.material import Material
from inspect_app.reports.model import Paragraph, Section, Tone
from inspect_app.reports.tables import Plan, table_of
from inspect_app.views.table import ViewTable

TITLE = "Tables"


def _gone(table: ViewTable) -> np.ndarray:
    return ~table.cells[table.position("container.death")].absent()


def _powerful(table: ViewTable) -> np.ndarray:
    """Privileged, without a filter of system calls, or with a sensitive place of the host in it."""
    said = {"container.privileged": "yes", "container.seccomp": "unconfined"}
    marked: np.ndarray = ~table.cells[table.position("container.mounts.sensitive")].absent()
    for column, word in said.items():
        cells = table.cells[table.position(column)].as_texts()
        marked |= np.append(cells.values == word, False)[cells.codes]
    return marked


def _contained(table: ViewTable) -> np.ndarray:
    """In a container, not on the host and not in what could not be told."""
    cells = table.cells[table.position("container.id")].as_texts()
    named = np.append(cells.values != "host", False)
    inside: np.ndarray = named[cells.codes]
    return inside


def _dropped(table: ViewTable) -> np.ndarray:
    """Written and executed within the same recording."""
    written, executed = (table.cells[table.position(name)].values for name in ("file_writes", "execs"))
    both: np.ndarray = (written > 0) & (executed > 0)
    return both


PLANS: tuple[Plan, ...] = (
    Plan(
        "containers",
        "Containers",
        "The host and the containers at work. Marked, and first: gone by the end of the recording.",
        (
            "container.name",
            "container.id",
            "container.image",
            "events",
            "execs",
            "container.birth",
            "container.death",
        ),
        ("container.exit_code",),
        mark=_gone,
    ),
    Plan(
        "containers_security",
        "What containers may do",
        "Privileges towards the host. Marked, and first: privileged, no seccomp, or the host's mounts.",
        (
            "container.name",
            "container.user",
            "container.privileged",
            "container.caps.added",
            "container.seccomp",
            "container.host_namespaces",
            "container.mounts.sensitive",
        ),
        mark=_powerful,
    ),
    Plan(
        "commands",
        "Executed commands",
        "Programs that were started, in order of time. Marked, and first: in a container.",
        ("evt.rawtime", "proc.pid", "user.name", "container.name", "proc.pname", "proc.exeline"),
        ("proc.exepath", "proc.exe_sha256", "proc.cwd", "container.id"),
        mark=_contained,
    ),
    Plan(
        "programs",
        "Programs",
        "The files of the programs that ran, with the digest that each had when it was first seen.",
        ("proc.exepath", "proc.exe_sha256", "container.name", "distinct_proc_pid", "first"),
        ("container.id",),
    ),
    Plan(
        "file_changes",
        "Files changed",
        "Files that were created, written, changed, executed or deleted. Marked: written and then executed.",
        (
            "fd.name",
            "container.name",
            "file_writes",
            "file_bytes_out",
            "execs",
            "first",
        ),
        ("file_created", "file_modes", "file_renames", "file_deletes", "proc.name", "container.id"),
        mark=_dropped,
    ),
    Plan(
        "connections",
        "Connections",
        "IPv4 and IPv6 sockets that were used.",
        ("fd.l4proto", "fd.name", "fd.role", "net_bytes_in", "net_bytes_out", "proc.name", "container.name"),
        ("events", "errors", "container.id", "first", "last"),
    ),
    Plan(
        "listening",
        "Listening ports",
        "Sockets that programs began to listen on within the recording.",
        ("evt.rawtime", "fd.l4proto", "fd.lip", "fd.lport", "proc.pid", "proc.name", "container.name"),
        ("proc.exeline",),
    ),
    Plan(
        "processes",
        "Processes",
        "Processes that made any of the events, the busiest first.",
        ("proc.pid", "proc.name", "user.name", "container.name", "events", "errors", "proc.exeline"),
        ("proc.ppid", "proc.exepath", "container.id"),
    ),
    Plan(
        "users",
        "Users",
        "For whom processes acted.",
        ("user.uid", "user.name", "events", "errors", "execs", "distinct_proc_pid", "first"),
    ),
    Plan(
        "errors",
        "Errors",
        "How calls failed.",
        ("evt.res", "events", "share", "distinct_evt_type", "distinct_proc_pid"),
    ),
)


def tables(material: Material) -> Section:
    """A part for each plan."""
    return Section("tables", TITLE, (), tuple(_part(plan, material) for plan in PLANS))


def _part(plan: Plan, material: Material) -> Section:
    blocks = (Paragraph(plan.explanation, Tone.SOFT), table_of(plan, material))
    material.forget()
    return Section(f"table-{plan.view.replace('_', '-')}", plan.title, blocks)
