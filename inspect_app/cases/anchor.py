"""What a note is on: a thing of a capture, by what tells it again in the same capture or in a part of it.

An event is known by when it returned, by its thread and its type: a slice numbers its events anew. A
process is known by host, pid and start, a file by device, inode and path, a container by its id, a socket by
its ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from inspect_app.cases.errors import CaseError
from inspect_app.cases.form import Stored, choice, number, optional, words

MAX_LABEL = 1_000
MAX_NAME = 8_192
"""Characters of paths, conditions and addresses."""
_ID = words(200)
_NAME = words(MAX_NAME)
_NUMBER = optional(number())
_TIME = optional(number())


class AnchorKind(StrEnum):
    """What is noted."""

    CAPTURE = "capture"
    MOMENT = "moment"
    WINDOW = "window"
    EVENT = "event"
    PROCESS = "process"
    THREAD = "thread"
    CONTAINER = "container"
    POD = "pod"
    FILE = "file"
    CONNECTION = "connection"
    DESCRIPTOR = "descriptor"
    ROW = "row"
    VIEW = "view"
    CHART = "chart"
    FINDING = "finding"


NEEDED = {
    AnchorKind.MOMENT: ("time_ns",),
    AnchorKind.WINDOW: ("time_ns", "end_ns"),
    AnchorKind.EVENT: ("time_ns",),
    AnchorKind.PROCESS: ("pid",),
    AnchorKind.THREAD: ("tid",),
    AnchorKind.CONTAINER: ("container",),
    AnchorKind.POD: ("pod",),
    AnchorKind.FILE: ("path",),
    AnchorKind.CONNECTION: ("ends",),
    AnchorKind.ROW: ("condition",),
    AnchorKind.VIEW: ("page",),
    AnchorKind.CHART: ("page",),
    AnchorKind.FINDING: ("rule", "time_ns"),
}
"""Fields without which a thing of a kind cannot be found again."""

_PROCESS = ("host", "pid", "start_ns")
_EVENT = ("host", "time_ns", "type", "nth", "tid")
_PAGE = ("page", "condition", "time_ns", "end_ns")
KNOWN_BY = {
    AnchorKind.CAPTURE: ("capture",),
    AnchorKind.MOMENT: ("time_ns",),
    AnchorKind.WINDOW: ("time_ns", "end_ns"),
    AnchorKind.EVENT: _EVENT,
    AnchorKind.PROCESS: _PROCESS,
    AnchorKind.THREAD: (*_PROCESS, "tid"),
    AnchorKind.CONTAINER: ("host", "container"),
    AnchorKind.POD: ("pod",),
    AnchorKind.FILE: ("host", "container", "path"),
    AnchorKind.CONNECTION: ("host", "protocol", "ends", "ino"),
    AnchorKind.DESCRIPTOR: (*_PROCESS, "fd"),
    AnchorKind.ROW: _PAGE,
    AnchorKind.VIEW: _PAGE,
    AnchorKind.CHART: _PAGE,
    AnchorKind.FINDING: ("rule", *_EVENT),
}
"""By which fields two are the same thing."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A thing of a capture. Texts are as recorded: they are made printable where they are shown."""

    kind: Annotated[AnchorKind, Stored(choice(AnchorKind), "what is noted")]
    label: Annotated[str, Stored(words(MAX_LABEL), "what it was called when the note was written")] = ""
    capture: Annotated[str, Stored(_ID, "the id of the capture, as in `captures`; empty: of any")] = ""
    time_ns: Annotated[
        int | None, Stored(_TIME, "when: an event's return, else its first moment; ns since 1970 UTC")
    ] = None
    end_ns: Annotated[int | None, Stored(_TIME, "of a window, where it ends (not included)")] = None
    host: Annotated[str, Stored(_ID, "the recorded machine's name")] = ""
    type: Annotated[str, Stored(_ID, "an event's type, such as openat")] = ""
    nth: Annotated[int, Stored(number(0), "which of the events with this time, thread and type, from 0")] = 0
    pid: Annotated[int | None, Stored(_NUMBER, "process id, as the host sees it")] = None
    start_ns: Annotated[int | None, Stored(_TIME, "when the process began; null: before the recording")] = (
        None
    )
    tid: Annotated[int | None, Stored(_NUMBER, "thread id, as the host sees it")] = None
    container: Annotated[str, Stored(_ID, "container id, `host` for none")] = ""
    pod: Annotated[str, Stored(words(MAX_LABEL), "namespace/name of a pod")] = ""
    path: Annotated[str, Stored(_NAME, "path of a file")] = ""
    dev: Annotated[int | None, Stored(_NUMBER, "device of a file")] = None
    ino: Annotated[int | None, Stored(_NUMBER, "inode of a file or socket")] = None
    fd: Annotated[int | None, Stored(_NUMBER, "descriptor number")] = None
    protocol: Annotated[str, Stored(_ID, "tcp, udp, …")] = ""
    ends: Annotated[str, Stored(_NAME, "both ends of a connection: 10.0.0.1:4000->10.0.0.2:80")] = ""
    rule: Annotated[str, Stored(words(MAX_LABEL), "the rule of a finding")] = ""
    page: Annotated[str, Stored(_NAME, "the view or page that it was seen on; of a chart its tile")] = ""
    condition: Annotated[str, Stored(words(100_000), "the filter that selects its events")] = ""
    file: Annotated[str, Stored(words(MAX_LABEL), "the capture's file that an event lies in, for citing")] = (
        ""
    )
    block: Annotated[int | None, Stored(optional(number(0)), "number of the block in that file")] = None
    offset: Annotated[int | None, Stored(optional(number(0)), "where the block begins, in bytes")] = None
    index: Annotated[int | None, Stored(optional(number(0)), "which event of the block, from 0")] = None
    digest: Annotated[str, Stored(_ID, "digest of the block in hex")] = ""

    def __post_init__(self) -> None:
        for name in NEEDED.get(self.kind, ()):
            if getattr(self, name) in (None, ""):
                raise CaseError(f"a note on a {self.kind} is not without {name!r}")
        if self.end_ns is not None and self.time_ns is not None and self.end_ns < self.time_ns:
            raise CaseError(f"a window is not one that ends at {self.end_ns}, before {self.time_ns}")

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for two that are the same thing, whatever it was called and wherever its block lies."""
        return (self.kind, *(getattr(self, name) for name in KNOWN_BY[self.kind]))
