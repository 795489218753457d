"""The headless commands of exhume-inspect; `inspect_app.app` adds the window to them."""

from inspect_app.cli import (
    carve,
    examiner,
    export,
    info,
    moment,
    notes,
    report,
    rules,
    search,
    slicing,
    spectrogram,
    streams,
    tree,
    usage,
)
from inspect_app.cli.commands import main

__all__ = [
    "carve",
    "examiner",
    "export",
    "info",
    "main",
    "moment",
    "notes",
    "report",
    "rules",
    "search",
    "slicing",
    "spectrogram",
    "streams",
    "tree",
    "usage",
]
