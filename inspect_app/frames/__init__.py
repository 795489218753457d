"""A capture as pandas frames."""

from capture.format import Cancelled, FormatError
from inspect_app.frames.capture import CaptureFrames, FileState, PayloadSource
from inspect_app.frames.opening import open_capture

__all__ = ["Cancelled", "CaptureFrames", "FileState", "FormatError", "PayloadSource", "open_capture"]
