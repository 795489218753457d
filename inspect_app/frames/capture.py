"""What an opened capture is: a handful of pandas frames that point into each other by row number.

`events` has a row for each event, in the order in which the calls returned. Its columns `process`,
`thread`, `image`, `container` and `descriptor` are row numbers into the frames of those names
(-1: there is none). So a question about text is asked once for each distinct value and spread
over the events by `table["column"].to_numpy()[events["code"]]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from capture.format import EventPlace
from inspect_app.frames.columns import (
    COUNTED_COLUMNS,
    GROUP_COLUMNS,
    HOST_COLUMNS,
    MOUNT_COLUMNS,
    OPENED_COLUMNS,
    RECORDING_COLUMNS,
    SAMPLE_COLUMNS,
)
from inspect_app.frames.pods import pods
from inspect_app.frames.tables import empty_table


class PayloadSource(Protocol):
    """What stays in the file until it is asked for."""

    def argument(self, index: int) -> np.ndarray:
        """Raw argument `index` (0-5) of every event, uint64."""

    def arguments_at(self, wanted: Mapping[int, np.ndarray]) -> dict[int, np.ndarray]:
        """Raw arguments of some events each, uint64: less than whole columns where these are few."""

    def cgroups(self) -> np.ndarray:
        """The number of every event's cgroup in the unified hierarchy of its host, uint64; 0 not known."""

    def raw_arguments(self, row: int) -> list[int]:
        """The six raw arguments of one event."""

    def place(self, row: int) -> EventPlace | None:
        """Where one event lies in the file; None for what lies in none."""

    def payload(self, row: int) -> bytes:
        """The captured bytes of one event, empty where none were kept."""

    def payload_blocks(
        self, wanted: np.ndarray | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, bytes]]:
        """All captured bytes, block by block: rows of events, where each one's bytes end, the bytes.

        `wanted` (bool, one an event): blocks that hold none of these are passed over.
        """

    def texts(self, row: int) -> tuple[bytes | None, bytes | None]:
        """The two texts of one event as recorded: paths, or program and argument list."""

    def text_codes(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers for the two texts of some events: equal where the texts are, 0 where there is none."""

    def address(self, row: int) -> bytes | None:
        """The raw sockaddr that the program handed over or got, or a structure; None if there was none."""

    def address_codes(self, rows: np.ndarray) -> np.ndarray:
        """Numbers for the addresses of some events: equal where these are, 0 where there is none."""


@dataclass(frozen=True, slots=True)
class FileState:
    """Whether the file is whole: what `verify` says, for every title area and report."""

    state: str
    """`whole`, `cut short`, `altered` or `unfinished` (still being written)."""
    detail: str
    """One sentence for people."""
    signed: bool = False
    """Whether a signature of it fits; whose it is is told in `detail`."""


@dataclass(frozen=True, repr=False)
class CaptureFrames:
    """One opened capture."""

    path: str
    host: dict[str, object]
    """hostname, machine, kernel, cpus, boot_id, started_ns, ended_ns, options, recorder … as recorded.

    `part` tells which files of a set this is.
    """
    state: FileState
    events: pd.DataFrame
    """A row an event, sorted by `time`. See EVENT_COLUMNS in `inspect_app.frames.columns`."""
    processes: pd.DataFrame
    """A row a process that ever lived: (pid, start) never merges two."""
    threads: pd.DataFrame
    images: pd.DataFrame
    """A row for each program a process ran: a fork begins with a copy of its parent's, an exec adds one."""
    descriptors: pd.DataFrame
    """A row for each thing that descriptors or paths referred to: files, sockets, pipes, others."""
    containers: pd.DataFrame
    """Row 0 is the host itself. A container whose metadata was never seen has its id and nulls."""
    users: pd.DataFrame
    drops: pd.DataFrame
    """What was not seen, not recorded one by one, or cut: a row an interval and kind."""
    source: PayloadSource
    environments: Sequence[bytes] = field(default_factory=list)
    """Distinct environments, a NUL after each variable; images' `environment` is a position in it."""
    counted: pd.DataFrame = field(default_factory=lambda: empty_table(COUNTED_COLUMNS))
    """Sums of calls that were not recorded one by one, as there were too many: they are in no other frame."""
    samples: pd.DataFrame = field(default_factory=lambda: empty_table(SAMPLE_COLUMNS))
    """What processes used, a row for each that was active in a second; see SAMPLE_COLUMNS."""
    paths: Sequence[str] = field(default_factory=list)
    """Distinct resolved paths; events' `path` and `path2` are positions in it, -1 none."""
    opened: pd.DataFrame = field(default_factory=lambda: empty_table(OPENED_COLUMNS))
    """A row for each descriptor number that was open when the recording began."""
    mounts: pd.DataFrame = field(default_factory=lambda: empty_table(MOUNT_COLUMNS))
    """What was mounted when the recording began."""
    groups: pd.DataFrame = field(default_factory=lambda: empty_table(GROUP_COLUMNS))
    """The host's list of groups."""
    hosts: pd.DataFrame = field(default_factory=lambda: empty_table(HOST_COLUMNS))
    """A row a recorded machine: several captures that were opened as one may be of several."""
    recordings: pd.DataFrame = field(default_factory=lambda: empty_table(RECORDING_COLUMNS))
    """A row a recording: a file, or the files of a set; whose it is and how its clock was put right."""

    def __repr__(self) -> str:
        names = ("events", "processes", "threads", "descriptors", "containers", "users", "samples", "drops")
        counts = ", ".join(f"{len(getattr(self, name)):,} {name}" for name in names)
        return f"<{type(self).__name__} {self.path}: {counts}; {self.state.state}>"

    @property
    def is_host(self) -> np.ndarray:
        """bool, a row of `containers`: it stands for a host itself."""
        found = np.zeros(len(self.containers), bool)
        found[self.hosts["container"].to_numpy()] = True
        return found

    @property
    def files(self) -> pd.DataFrame:
        """The descriptors that are files or directories; the index is the descriptor's row."""
        return self.descriptors[self.descriptors["type"].isin(["file", "directory"])]

    @property
    def connections(self) -> pd.DataFrame:
        """The descriptors that are IPv4 or IPv6 sockets; the index is the descriptor's row."""
        return self.descriptors[self.descriptors["type"].isin(["ipv4", "ipv6"])]

    @property
    def pods(self) -> pd.DataFrame:
        """The pods of the containers; see POD_COLUMNS."""
        return pods(self.containers)
