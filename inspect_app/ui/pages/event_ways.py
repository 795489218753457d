"""Where one can go from an event: only its thread, its process, its container, its descriptor, …"""

from __future__ import annotations

from dataclasses import dataclass

from inspect_app.filters.entities import event_array
from inspect_app.filters.language import quote
from inspect_app.frames.capture import CaptureFrames
from inspect_app.ui.chips import shortened
from inspect_app.ui.lookups import number_at, text_at
from inspect_app.ui.plain import plain


@dataclass(frozen=True, slots=True)
class Way:
    """An entry of an event's menu."""

    title: str
    icon: str
    condition: str
    label: str = ""
    page: str = ""
    """The page that opens on the condition; empty adds it to the filter."""


_CELL_FIELDS = {"Process": "proc.name", "Container": "container.name", "Result": "evt.res"}
"""Fields that hold what a column of the list says; what is in the others is among the event's ways."""


def ways_of_cell(title: str, value: str) -> list[Way]:
    """What a cell offers by itself: its value alone, or all but it."""
    field = _CELL_FIELDS.get(title, "")
    if not field or not value:
        return []
    condition, shown = f"{field} = {quote(value)}", shortened(plain(value), 36)
    return [
        Way(f"Show only {shown}", "filter", condition),
        Way(f"Exclude {shown}", "close", f"not ({condition})"),
    ]


def process_of_event(frames: CaptureFrames, row: int) -> tuple[str, str]:
    """The condition on the process of an event, and what people call it; empty where none was recorded."""
    process, image = (int(event_array(frames, name)[row]) for name in ("process", "image"))
    if process < 0:
        return "", ""
    pid = number_at(frames.processes, "pid", process)
    name = text_at(frames.images, "comm", image) if image >= 0 else "unknown"
    return f"proc.pid = {pid}", f"{name} ({pid})"


def ways_from(frames: CaptureFrames, row: int) -> list[Way]:
    """What an event's menu offers; nothing for what was not recorded."""
    event = frames.events.iloc[row]
    kind = str(event["type"])
    ways = [
        Way(f"Show only {plain(kind)}", "filter", f"evt.type = {quote(kind)}"),
        Way(f"Exclude {plain(kind)}", "close", f"evt.type != {quote(kind)}"),
    ]
    process, thread = int(event["process"]), int(event["thread"])
    if process >= 0:
        pid = number_at(frames.processes, "pid", process)
        ways.append(Way(f"Only this process ({pid})", "processes", f"proc.pid = {pid}"))
        ways.append(
            Way(
                "This process and its descendants",
                "tree",
                f"proc.pid = {pid} or proc.apid = {pid}",
                f"{pid} and descendants",
                "events",
            )
        )
    if thread >= 0:
        tid = number_at(frames.threads, "tid", thread)
        ways.append(Way(f"Only this thread ({tid})", "threads", f"thread.tid = {tid}"))
    if int(event["container"]) >= 0:
        name = text_at(frames.containers, "id", int(event["container"]))
        ways.append(Way(f"Only this container ({name})", "containers", f"container.id = {quote(name)}"))
    if int(event["descriptor"]) >= 0 and frames.descriptors["name"].iat[int(event["descriptor"])]:
        name = text_at(frames.descriptors, "name", int(event["descriptor"]))
        shown = shortened(plain(name), 36)
        condition = f"fd.name = {quote(name)}"
        ways.append(Way(f"Only {shown}", "files", condition))
        ways.append(Way(f"I/O streams of {shown}", "streams", condition, shown, "streams"))
    return ways
