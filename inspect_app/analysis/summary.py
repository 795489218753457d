"""What a capture is, in one value: where and when it was made, what is in it, what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inspect_app.frames.capture import CaptureFrames, FileState


@dataclass(frozen=True)
class Unseen:
    """What happened and is not in the capture, of one kind."""

    kind: str
    """`lost` (no room in the kernel), `dropped` (chosen), `undecodable`, `late`."""
    count: int
    intervals: int
    """In how many intervals it happened."""


@dataclass(frozen=True)
class Summary:
    """A capture in figures. A text that was not recorded is empty, a time None."""

    path: str
    state: FileState
    hostname: str
    kernel: str
    machine: str
    cpus: int | None
    recorder: str
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
    options: Mapping[str, object]

    @property
    def span_ns(self) -> int | None:
        """How long the recording took."""
        if self.started_ns is None or self.ended_ns is None:
            return None
        return max(0, self.ended_ns - self.started_ns)

    @property
    def unseen_events(self) -> int:
        """Events that happened and are not in the capture; those that came late are in it."""
        return sum(kind.count for kind in self.unseen if kind.kind != "late")


def summarise(frames: CaptureFrames) -> Summary:
    """The figures of a capture."""
    host = frames.host
    times = frames.events["time"]
    containers = frames.containers.iloc[1:]
    return Summary(
        path=frames.path,
        state=frames.state,
        hostname=_text(host, "hostname"),
        kernel=_text(host, "kernel"),
        machine=_text(host, "machine"),
        cpus=_integer(host, "cpus"),
        recorder=_text(host, "recorder"),
        timezone=_text(host, "timezone"),
        started_ns=_integer(host, "started_ns") or (int(times.iloc[0]) if len(times) else None),
        ended_ns=_integer(host, "ended_ns") or (int(times.iloc[-1]) if len(times) else None),
        events=len(frames.events),
        processes=len(frames.processes),
        processes_ended=int((frames.processes["end"] >= 0).sum()),
        threads=len(frames.threads),
        descriptors=len(frames.descriptors),
        containers=len(containers),
        containers_dead=int((containers["death"] >= 0).sum()),
        containers_unnamed=int((containers["name"] == "").sum()),
        unseen=_unseen(frames),
        options=_options(host),
    )


def _unseen(frames: CaptureFrames) -> tuple[Unseen, ...]:
    kinds = frames.drops.groupby("kind", sort=True)["count"].agg(["sum", "size"])
    return tuple(Unseen(str(kind), int(row["sum"]), int(row["size"])) for kind, row in kinds.iterrows())


def _text(host: Mapping[str, object], name: str) -> str:
    value = host.get(name)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return "" if value is None else str(value)


def _integer(host: Mapping[str, object], name: str) -> int | None:
    value = host.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _options(host: Mapping[str, object]) -> Mapping[str, object]:
    options = host.get("options")
    return {str(name): value for name, value in options.items()} if isinstance(options, dict) else {}
