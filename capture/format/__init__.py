"""The capture file: blocks, columns, writing, reading, verifying."""

from capture.format.blocks import CutShort
from capture.format.columns import COUNTED_COLUMNS, EVENT_COLUMNS, TEXT_COLUMNS, EventBatch, TextHeap
from capture.format.errors import FormatError
from capture.format.integrity import State, Verdict, verify
from capture.format.reader import Cancelled, CaptureFile, refuse_devices
from capture.format.writer import FORMAT_VERSION, CaptureWriter, create

__all__ = [
    "COUNTED_COLUMNS",
    "EVENT_COLUMNS",
    "FORMAT_VERSION",
    "TEXT_COLUMNS",
    "Cancelled",
    "CaptureFile",
    "CaptureWriter",
    "CutShort",
    "EventBatch",
    "FormatError",
    "State",
    "TextHeap",
    "Verdict",
    "create",
    "refuse_devices",
    "verify",
]
