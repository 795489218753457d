"""Who moved bytes, and through what, in words."""

from __future__ import annotations

from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.format import UNKNOWN


def who(frames: CaptureFrames, row: int) -> tuple[str, int | None]:
    """The name of the program that an event's process was running, and its pid."""
    process, image = (int(frames.events[name].to_numpy()[row]) for name in ("process", "image"))
    return _program(frames, image), _pid(frames, process)


def latest(frames: CaptureFrames, process: int) -> tuple[str, int | None]:
    """The name of the last program that a process ran, and its pid."""
    image = int(frames.processes["image"].to_numpy()[process]) if process >= 0 else -1
    return _program(frames, image), _pid(frames, process)


def host_of(frames: CaptureFrames, table: str, row: int) -> str:
    """The name of the host that a row of processes or containers is of; empty where it was not recorded."""
    if row < 0:
        return ""
    return str(frames.hosts["hostname"].iat[int(getattr(frames, table)["host"].to_numpy()[row])])


def host_of_event(frames: CaptureFrames, row: int) -> str:
    """The name of the host on which an event happened."""
    return host_of(frames, "processes", int(frames.events["process"].to_numpy()[row]))


def among_hosts(frames: CaptureFrames, host: str) -> str:
    """What is written before a name where there are several hosts: `web:`; else nothing."""
    return f"{host}:" if len(frames.hosts) > 1 else ""


def thing(frames: CaptureFrames, descriptor: int) -> str:
    """What a thing is called, empty where it is not known."""
    return str(frames.descriptors["name"].iat[descriptor]) if descriptor >= 0 else ""


def _program(frames: CaptureFrames, image: int) -> str:
    return str(frames.images["comm"].iat[image]) if image >= 0 else UNKNOWN


def _pid(frames: CaptureFrames, process: int) -> int | None:
    return int(frames.processes["pid"].to_numpy()[process]) if process >= 0 else None
