"""The transfers of a capture and what was recognised in them, worked out once."""

from __future__ import annotations

from inspect_app.filters.cache import remember
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.protocols.exchanges import Recognised, recognise
from inspect_app.frames.segments import Segments, segments


def transfers(frames: CaptureFrames) -> Segments:
    """Every call that moved bytes, and what follows what."""
    return remember(frames, "transfers", lambda: segments(frames))


def recognised(frames: CaptureFrames) -> Recognised:
    """The messages of a capture; its payload is read for them once."""
    return remember(frames, "recognised messages", lambda: recognise(frames, transfers(frames)))
