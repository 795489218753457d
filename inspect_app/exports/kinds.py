"""The forms of an export, as a table: the command line, the window and the documentation read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from inspect_app.exports.ecs import write_ecs
from inspect_app.exports.flat import write_csv, write_json
from inspect_app.exports.parquet import write_parquet
from inspect_app.exports.pcapng import write_pcapng
from inspect_app.exports.pieces import Progress
from inspect_app.exports.request import Request
from inspect_app.exports.stix import write_stix
from inspect_app.exports.strace import write_strace
from inspect_app.exports.timelines import write_l2t, write_timesketch, write_tln

Write = Callable[[Request, BinaryIO, Progress], tuple[str, ...]]
"""Writes a request; gives what the form could not take, a sentence each. Raises ExportError."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One form."""

    id: str
    """As `--as` names it."""
    title: str
    suffix: str
    """What its files' names end with."""
    meaning: str
    """What it is for, in a line."""
    write: Write
    takes_views: bool = False
    """It takes the rows of a view, too."""
    tells_source: bool = True
    """Its files have a place for where they come from; else that stands in a file beside them."""


KINDS = {
    kind.id: kind
    for kind in (
        Kind(
            "csv",
            "CSV",
            ".csv",
            "a table for spreadsheets and scripts",
            write_csv,
            takes_views=True,
            tells_source=False,
        ),
        Kind("json", "JSON", ".json", "one document: the source, and the rows", write_json, takes_views=True),
        Kind("timesketch", "Timesketch JSON lines", ".jsonl", "a timeline for Timesketch", write_timesketch),
        Kind(
            "l2tcsv",
            "plaso l2tCSV",
            ".l2t.csv",
            "a timeline of 17 fixed fields",
            write_l2t,
            tells_source=False,
        ),
        Kind("tln", "TLN", ".tln", "a timeline of five fields", write_tln, tells_source=False),
        Kind("ecs", "Elastic Common Schema", ".ecs.jsonl", "documents for Elastic and OpenSearch", write_ecs),
        Kind("stix", "STIX 2.1", ".stix.json", "observables and indicators of what was seen", write_stix),
        Kind(
            "parquet",
            "Parquet",
            ".parquet",
            "columns for DuckDB and Spark",
            write_parquet,
            takes_views=True,
        ),
        Kind(
            "pcapng", "pcapng", ".pcapng", "socket payload in synthetic frames, for Wireshark", write_pcapng
        ),
        Kind("strace", "strace text", ".strace", "calls as strace prints them", write_strace),
    )
}
