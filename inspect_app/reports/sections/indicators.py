"""Indicators: addresses, domains, digests and paths that one can look for elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

import numpy as np
import pandas as pd

from inspect_app.reports.found import rows_found
from inspect_app.reports.material import Material
from inspect_app.reports.model import Column, Kind, Paragraph, Section, Table, Tone
from inspect_app.reports.tables import Plan, table_of, view_table
from inspect_app.reports.wording import listed, shown_text
from inspect_app.views.export import csv_text
from inspect_app.views.format import format_bytes
from inspect_app.views.sorting import default_order

TITLE = "Indicators"
_WHAT = (
    "What to look for on other machines. An address or a file is listed because it occurs among the events "
    "of this report, not because it is known to be bad."
)
_DOMAINS = (
    Plan(
        "dns_names",
        "Names asked for",
        "Domain names that were looked up.",
        ("dns.name", "dns_queries", "first"),
        named=True,
    ),
    Plan(
        "tls_names",
        "Names in TLS",
        "Servers that TLS connections named.",
        ("tls.sni", "tls_hellos", "first"),
        named=True,
    ),
    Plan(
        "http_hosts",
        "Hosts in HTTP",
        "Hosts that HTTP requests named.",
        ("http.host", "http_requests", "first"),
        named=True,
    ),
)
_PEERS = Plan("peers", "Addresses", "", ("fd.rip", "net_bytes_in", "net_bytes_out", "distinct_proc_pid"))


def indicators(material: Material) -> Section:
    """A part for each kind of indicator."""
    parts = [
        Section("indicators-addresses", "Addresses", (_addresses(material),)),
        *(_domains(plan, material) for plan in _DOMAINS),
        Section("indicators-digests", "Digests of files", (_digests(material),)),
        Section("indicators-paths", "Paths", (_paths(material),)),
    ]
    told = [part for part in parts if _has_rows(part)]
    nothing = listed([part.title.lower() for part in parts if part not in told])
    blocks = [Paragraph(_WHAT, Tone.SOFT)]
    if nothing:
        blocks.append(Paragraph(f"There is nothing of these kinds: {nothing}."))
    return Section("indicators", TITLE, tuple(blocks), tuple(told))


def _has_rows(part: Section) -> bool:
    return any(isinstance(block, Table) and block.rows for block in part.blocks)


def _addresses(material: Material) -> Table:
    table = view_table(_PEERS, material)
    order = default_order(table)
    order = order[table.events[order] > 0]
    positions = [table.position(name) for name in _PEERS.columns]
    rows = []
    for row in order.tolist():
        address, received, sent, processes = (table.value(row, position) for position in positions)
        rows.append(
            (
                shown_text(str(address)),
                _kind_of(str(address)),
                format_bytes(int(received or 0)),
                format_bytes(int(sent or 0)),
                f"{processes or 0:,}",
            )
        )
    rows.sort(key=lambda row: row[1] != "public")
    columns = (
        *(Column("Address", Kind.EXACT), Column("Kind")),
        *(Column("Received", Kind.NUMBER), Column("Sent", Kind.NUMBER), Column("Processes", Kind.NUMBER)),
    )
    return _cut("addresses", columns, rows, ("address", "addresses"), material)


def _kind_of(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return "not an address"
    if address.is_loopback:
        return "this machine"
    if address.is_multicast or address.is_unspecified:
        return "multicast" if address.is_multicast else "any"
    return "private" if address.is_private else "public"


def _domains(plan: Plan, material: Material) -> Section:
    name = f"indicators-{plan.view.replace('_', '-')}"
    return Section(name, plan.title, (Paragraph(plan.explanation, Tone.SOFT), table_of(plan, material)))


def _digests(material: Material) -> Table:
    """Programs and scripts that ran, each digest once, the latest first."""
    images = material.frames.images
    made = pd.concat(
        [
            pd.DataFrame(
                {"sha256": images["sha256"], "path": images["exepath"], "process": images["process"]}
            ),
            pd.DataFrame(
                {"sha256": images["script_sha256"], "path": images["script"], "process": images["process"]}
            ),
        ]
    )
    known = made[made["sha256"] != ""]
    mine = np.zeros(len(material.frames.processes) + 1, dtype=bool)
    mine[material.frames.events["process"].to_numpy()[material.selection.rows]] = True
    known = known[mine[known["process"].to_numpy()]].drop_duplicates(["sha256", "path"])
    rows = [
        (shown_text(digest), shown_text(path))
        for digest, path in zip(known["sha256"], known["path"], strict=True)
    ]
    rows.sort(key=lambda row: (row[1], row[0]))
    columns = (Column("SHA-256", Kind.EXACT), Column("Path", Kind.EXACT))
    return _cut("digests", columns, rows, ("digest", "digests"), material)


def _paths(material: Material) -> Table:
    """Files that findings are about, and those that were written and then run."""
    rows = sorted(set(_paths_found(material)) | set(_paths_dropped(material)))
    columns = (Column("Path", Kind.EXACT), Column("Why"))
    return _cut("paths", columns, rows, ("path", "paths"), material)


def _paths_found(material: Material) -> Iterator[tuple[str, str]]:
    frames = material.frames
    rows = np.array(rows_found(material.run), np.int64)
    things = np.unique(frames.events["descriptor"].to_numpy()[rows])
    kinds, names = (frames.descriptors[name].to_numpy() for name in ("type", "name"))
    for thing in things[things >= 0].tolist():
        if kinds[thing] in ("file", "directory") and names[thing]:
            yield shown_text(str(names[thing])), "a rule found an event on it"


def _paths_dropped(material: Material) -> Iterator[tuple[str, str]]:
    table = view_table(Plan("dropped_executed", "", "", ("proc.exepath",)), material)
    for row in np.flatnonzero(table.events > 0).tolist():
        yield shown_text(str(table.value(row, table.position("proc.exepath")))), "written and then run"


def _cut(
    name: str,
    columns: tuple[Column, ...],
    rows: Sequence[tuple[str, ...]],
    noun: tuple[str, str],
    material: Material,
) -> Table:
    shown = tuple(rows[: material.options.rows])
    beside = ""
    if len(shown) < len(rows):
        lines = [
            ",".join(_quoted(one.title) for one in columns),
            *(",".join(map(_quoted, row)) for row in rows),
        ]
        beside = material.attach(f"{name}.csv", "\n".join(lines) + "\n")
    return Table(name, "", columns, shown, noun, len(rows), (), beside)


def _quoted(text: str) -> str:
    safe = csv_text(text).replace('"', '""')
    return f'"{safe}"'
