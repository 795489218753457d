"""What a capture is, in one value: where and when it was made, what is in it, what is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from inspect_app.analysis.host import (
    fact_number,
    fact_text,
    options_of,
    recorder_text,
    recording_filter,
    tells_loss,
)
from inspect_app.analysis.recordings import recordings_told
from inspect_app.frames.capture import CaptureFrames, FileState
from inspect_app.frames.columns import FILTERED_KIND, UNSEEN_KINDS


@dataclass(frozen=True)
class Unseen:
    """What happened and is not in the capture, of one kind."""

    kind: str
    """One of UNSEEN_KINDS, `counted`, or what else a recorder tells of itself (`late`, `step`, …)."""
    count: int
    intervals: int
    """In how many intervals it happened."""


@dataclass(frozen=True)
class Summary:
    """A capture in figures. A text that was not recorded is empty, a time None."""

    path: str
    part: str
    """Which files of a set this is."""
    state: FileState
    hostname: str
    kernel: str
    system: str
    """The distribution."""
    machine: str
    cpus: int | None
    recorder: str
    command: str
    """The command line of the recorder."""
    timezone: str
    started_ns: int | None
    """Nanoseconds since 1970 UTC on the recorded host's clock."""
    ended_ns: int | None
    events: int
    processes: int
    processes_ended: int
    threads: int
    descriptors: int
    containers: int
    """Without the host."""
    containers_dead: int
    containers_unnamed: int
    """Those whose metadata was never seen."""
    unseen: tuple[Unseen, ...]
    counted: int
    """Calls that were added up, not recorded one by one: they are in no other figure."""
    counted_bytes: int
    """Bytes that they moved."""
    options: Mapping[str, object]
    filter: str
    """What the recording was asked to leave out; empty: nothing."""
    tells_loss: bool
    """Whether the file tells what its recorder lost; where it does not, nothing seen is not nothing lost."""
    left_out: int
    """Calls that it left out for that, as far as it was told."""
    provenance: tuple[tuple[str, str], ...] = ()
    """Title and text: case, examiner, note, what the capture was made of; of several recordings each."""
    hosts: int = 1
    """How many machines were recorded."""

    @property
    def span_ns(self) -> int | None:
        """How long the recording took."""
        if self.started_ns is None or self.ended_ns is None:
            return None
        return max(0, self.ended_ns - self.started_ns)

    @property
    def unseen_events(self) -> int:
        """Events that happened and that the capture knows nothing of."""
        return sum(kind.count for kind in self.unseen if kind.kind in UNSEEN_KINDS)


def summarise(frames: CaptureFrames) -> Summary:
    """The figures of a capture."""
    host = frames.host
    times = frames.events["time"]
    containers = frames.containers[~frames.is_host]
    return Summary(
        path=frames.path,
        part=fact_text(host, "part"),
        state=frames.state,
        hostname=fact_text(host, "hostname"),
        kernel=fact_text(host, "kernel"),
        system=fact_text(host, "os"),
        machine=fact_text(host, "machine"),
        cpus=fact_number(host, "cpus"),
        recorder=recorder_text(host),
        command=fact_text(host, "command_line"),
        timezone=fact_text(host, "timezone") or fact_text(host, "time_zone"),
        started_ns=fact_number(host, "started_ns") or (int(times.iloc[0]) if len(times) else None),
        ended_ns=fact_number(host, "ended_ns") or (int(times.iloc[-1]) if len(times) else None),
        events=len(frames.events),
        processes=len(frames.processes),
        processes_ended=int((frames.processes["end"] >= 0).sum()),
        threads=len(frames.threads),
        descriptors=len(frames.descriptors),
        containers=len(containers),
        containers_dead=int((containers["death"] >= 0).sum()),
        containers_unnamed=int((containers["name"] == "").sum()),
        unseen=_unseen(frames),
        counted=int(frames.counted["count"].sum()),
        counted_bytes=int(frames.counted["bytes"].sum()),
        options=options_of(host),
        filter=recording_filter(host),
        provenance=(*_pairs(host.get("provenance")), *recordings_told(frames)),
        hosts=len(frames.hosts),
        tells_loss=tells_loss(host),
        left_out=int(frames.drops.loc[frames.drops["kind"] == FILTERED_KIND, "count"].sum()),
    )


def _pairs(value: object) -> Iterator[tuple[str, str]]:
    for pair in value if isinstance(value, list) else ():
        title, text = pair
        yield str(title), str(text)


def _unseen(frames: CaptureFrames) -> tuple[Unseen, ...]:
    kinds = frames.drops.groupby("kind", sort=True)["count"].agg(["sum", "size"])
    return tuple(Unseen(str(kind), int(row["sum"]), int(row["size"])) for kind, row in kinds.iterrows())
