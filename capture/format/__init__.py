"""The capture file: blocks, columns, writing, reading, verifying."""

from capture.format.blocks import IN_PROGRESS_BLOCK, CutShort
from capture.format.choosing import Chooser, Chosen
from capture.format.coding import Sparse, whole
from capture.format.columns import (
    COUNTED_COLUMNS,
    EVENT_COLUMNS,
    SAMPLE_COLUMNS,
    TEXT_COLUMNS,
    EventBatch,
    TextHeap,
)
from capture.format.errors import FormatError
from capture.format.integrity import Damage, State, Verdict, verify
from capture.format.joining import join_files
from capture.format.reader import Cancelled, CaptureFile, EventPlace, Zeros, in_memory, refuse_devices
from capture.format.sets import (
    Capture,
    CaptureSet,
    files_of,
    open_captures,
    part_of,
    recordings_of,
    set_facts,
)
from capture.format.writer import FORMAT_VERSION, CaptureWriter, create

__all__ = [
    "COUNTED_COLUMNS",
    "EVENT_COLUMNS",
    "FORMAT_VERSION",
    "IN_PROGRESS_BLOCK",
    "SAMPLE_COLUMNS",
    "TEXT_COLUMNS",
    "Cancelled",
    "Capture",
    "CaptureFile",
    "CaptureSet",
    "CaptureWriter",
    "Chooser",
    "Chosen",
    "CutShort",
    "Damage",
    "EventBatch",
    "EventPlace",
    "FormatError",
    "Sparse",
    "State",
    "TextHeap",
    "Verdict",
    "Zeros",
    "create",
    "files_of",
    "in_memory",
    "join_files",
    "open_captures",
    "part_of",
    "recordings_of",
    "refuse_devices",
    "set_facts",
    "verify",
    "whole",
]
