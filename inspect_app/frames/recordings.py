"""What captures tell of the machines that they are of, and of the clocks that their times come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from capture.identity.snapshot import integers, texts
from inspect_app.frames.columns import HOST_COLUMNS, RECORDING_COLUMNS
from inspect_app.frames.tables import build_table

Section = Mapping[str, Any]
"""`CaptureFrames.host`: what was recorded of host, clock and recorder."""


def host_frame(sections: Sequence[Section]) -> pd.DataFrame:
    """See HOST_COLUMNS: a row for each of these; the host itself is the container of the same row."""
    names = ("hostname", "machine_id", "machine", "kernel", "os")
    return build_table(
        HOST_COLUMNS,
        {
            **{name: texts(sections, name) for name in names},
            "cpus": integers(sections, "cpus"),
            "container": range(len(sections)),
        },
    )


def recording_frame(section: Section, path: str, state: str, events: int) -> pd.DataFrame:
    """See RECORDING_COLUMNS: the row of one recording."""
    begun, ending = section.get("boot_to_utc"), section.get("totals")
    ended = ending.get("boot_to_utc") if isinstance(ending, dict) else None
    drift = ended - begun if isinstance(begun, int) and isinstance(ended, int) else 0
    return build_table(
        RECORDING_COLUMNS,
        {
            # A file's name may be no text; what stands for it here finds no file, and tells it apart.
            "path": [path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")],
            "host": [0],
            **{name: texts([section], name) for name in ("boot_id", "recorder")},
            "started": integers([section], "started_ns"),
            "ended": integers([section], "ended_ns"),
            "events": [events],
            "left_out": [0],
            "boot_to_utc": integers([section], "boot_to_utc"),
            "correction": [0],
            "drift": [_within(drift)],
            "state": [state],
        },
    )


def host_key(section: Section) -> tuple[str, ...]:
    """What tells a machine from others; a clone has the same identity and another name."""
    return tuple(str(section.get(name)) for name in ("machine_id", "machine", "hostname"))


def _within(number: int) -> int:
    """A number of a hostile file as one that fits."""
    return max(-(1 << 62), min(number, 1 << 62))
