"""I/O streams: what the selected events read and wrote, byte for byte where bytes were kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from inspect_app.analysis.needles import plain_text
from inspect_app.analysis.payload_search import search
from inspect_app.analysis.streams import Streams, io_streams
from inspect_app.filters.language import quote
from inspect_app.frames.capture import CaptureFrames
from inspect_app.ui.choice_button import ChoiceButton
from inspect_app.ui.copying import Copier
from inspect_app.ui.find_bar import FindBar
from inspect_app.ui.jobs import Job
from inspect_app.ui.lookups import number_at, text_at
from inspect_app.ui.pages.event_ways import process_of_event
from inspect_app.ui.pages.page import EmptyState, Page, PageHead, Question
from inspect_app.ui.plain import plain
from inspect_app.ui.scope import Scope
from inspect_app.ui.stream_view import Box, StreamView
from inspect_app.ui.thing_menu import Entry, Thing, build_thing_menu
from inspect_app.ui.widgets import refresh_tool_icons, tool_button
from inspect_app.views.format import Clock, format_bytes, format_count, format_time
from inspect_app.views.payload_text import Rendering
from inspect_app.views.row_subjects import subjects_of_event


class StreamsPage(Page):
    """Reads and writes in order of time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.streams: Streams | None = None
        self.view = StreamView()
        self.view.menu_wanted.connect(self._show_menu)
        self.head = PageHead()
        self.rendering = ChoiceButton("How bytes are shown", [rendering.value for rendering in Rendering])
        self.rendering.chosen.connect(lambda place: self.view.show_as(list(Rendering)[place]))
        save = QPushButton("Save bytes …")
        save.setToolTip("Of one stream or file: each way, with its holes; of several: all that was kept")
        save.clicked.connect(self._save)
        self.find_bar = FindBar(self._look_for)
        self.find_bar.edit.setPlaceholderText("Text in the bytes, such as password")
        self.find_bar.edit.setAccessibleName("Find in the bytes")
        self.find_bar.went_to.connect(self.view.go_to)
        self.find_bar.closed.connect(self.view.setFocus)
        self.head.row.addWidget(self.find_bar)
        self.head.row.addWidget(tool_button("Find", "search", "Find in the bytes (Ctrl+F)", self.begin_find))
        self.head.row.addWidget(self.rendering)
        self.head.row.addWidget(save)
        self.empty = EmptyState("streams")
        self.copier = Copier(self.told.emit, self.failed.emit)
        for widget in (self.head, self.empty, self.view):
            self.column.addWidget(widget, 0 if widget is self.head else 1)
        copy = QAction("Copy", self.view, shortcut=QKeySequence(QKeySequence.StandardKey.Copy))
        copy.triggered.connect(self.copy_box)
        self.view.addAction(copy)

    def question(self, scope: Scope) -> Question:
        """Which of the selected events moved bytes."""

        def work(job: Job) -> object:
            rows = scope.select().rows
            job.check()
            streams = io_streams(scope.frames, rows)
            return (streams, streams.size, streams.captured)

        return work

    def present(self, scope: Scope, answer: object) -> None:
        """Show them from the first on."""
        self.scope = scope
        streams, size, kept = cast(tuple[Streams, int, int], answer)
        self.streams = streams
        transfers = format_count(len(streams), "transfer")
        self.head.tell("I/O streams", f"{transfers}  ·  {_kept(scope, size, kept)}" if len(streams) else "")
        self.empty.tell(_why_empty(scope, streams))
        self.view.setVisible(bool(len(streams)))
        self.view.show_boxes(len(streams), lambda box: box_of(streams, box, scope.zero), streams.payload)
        self.find_bar.refresh()

    def begin_find(self) -> None:
        """Let the analyst look for a text in the bytes."""
        self.find_bar.begin()

    def _look_for(self, text: str) -> None:
        """Look through the kept bytes of the transfers, off this thread."""
        streams = self.streams
        if streams is None:
            return

        def work(job: Job) -> object:
            return boxes_with(streams, text, job)

        def show(boxes: object) -> None:
            if streams is self.streams and text == self.find_bar.edit.text():
                self.find_bar.show_found(cast(np.ndarray, boxes))

        self.work_wanted.emit("Searching the bytes", work, show)

    def refresh_theme(self) -> None:
        """The tools' icons."""
        refresh_tool_icons(self)

    def take_focus(self) -> None:
        """To the transfers."""
        self.view.setFocus()

    def show_as(self, rendering: Rendering) -> None:
        """Dotted, printable or hex."""
        self.rendering.choose(list(Rendering).index(rendering))

    def copy_box(self) -> None:
        """The chosen transfer as text."""
        if self.streams is not None and len(self.streams):
            self.copier.copy(self.view.text_of(self.view.current), "Transfer copied")

    def save_to(self, path: str) -> None:
        """The kept bytes of all transfers, one after the other."""
        if self.streams is not None:
            self.copier.save(Path(path), b"".join(self.streams.joined()))

    def _save(self) -> None:
        things = self._things()
        if len(things) == 1 and things[0] >= 0:
            self.content_wanted.emit(int(things[0]))
            return
        path, _kind = QFileDialog.getSaveFileName(self, "Save the kept bytes", "stream.bin")
        if path:
            self.save_to(path)

    def _things(self) -> np.ndarray:
        """The rows of descriptors that the transfers go through."""
        if self.streams is None:
            return np.empty(0, np.int64)
        return np.unique(self.streams.frames.events["descriptor"].to_numpy()[self.streams.rows])

    def _show_menu(self, box: int, place: QPoint) -> None:
        if self.streams is not None and box >= 0:
            self.menu_of(box).popup(place)

    def menu_of(self, box: int) -> QMenu:
        """Where one can go from a transfer."""
        assert self.streams is not None  # noqa: S101 - a box exists only where streams are
        frames, segment = self.streams.frames, self.streams.segment(box)
        known = segment.descriptor >= 0
        name = text_at(frames.descriptors, "name", segment.descriptor) if known else ""
        number, told = f"evt.num = {segment.row + 1}", f"event {segment.row + 1:,}"
        follow = partial(self.drill_wanted.emit, "streams", f"fd.name = {quote(name)}", plain(name))
        text = partial(self.copier.copy, self.view.text_of(box), "Transfer copied")
        own: list[Entry] = [("Follow this descriptor", "streams", follow)] if name else []
        if known:
            save = partial(self.content_wanted.emit, segment.descriptor)
            own.append(("Save this stream or file …", "save", save))
        own.append(("Show the event", "events", partial(self.drill_wanted.emit, "events", number, told)))
        own.append(("Copy as text", "copy", text))
        thing = Thing(
            label=name or told,
            condition=f"fd.name = {quote(name)}" if name else number,
            value=name,
            subjects=subjects_of_event(frames, segment.row),
            moment=segment.time,
            event=segment.row,
            key="process",
            deeper=process_of_event(frames, segment.row),
        )
        return build_thing_menu(self, thing, tuple(own))


def boxes_with(streams: Streams, text: str, job: Job) -> np.ndarray:
    """The transfers, ascending, in whose kept bytes a text begins, in any case."""
    needle = plain_text(text, ignore_case=True)
    found = search(
        streams.frames, needle, selected=streams.rows, progress=job.report, cancelled=job.cancelled
    )
    return np.flatnonzero(np.isin(streams.rows, found.rows))


def box_of(streams: Streams, index: int, zero: int) -> Box:
    """A transfer in words."""
    segment, frames = streams.segment(index), streams.frames
    write = bool(streams.writes[index])
    when = format_time(segment.time, Clock.RELATIVE, zero=zero, digits=6)
    verb, link = ("Write", "to") if write else ("Peek at" if segment.peeked else "Read", "from")
    target = _descriptor(frames, segment.descriptor, segment.fd)
    title = f"{when}   {_process(frames, segment.row)}   {verb} {format_bytes(segment.size)} {link} {target}"
    told = [
        "bytes before this were not kept, or not seen" if segment.gap else "",
        f"{format_count(segment.lost_before, 'event')} lost before this one" if segment.lost_before else "",
    ]
    before = "  ·  ".join(filter(None, told))
    missing = segment.missing
    after = f"… {format_count(missing, 'byte')} more, not kept" if missing and segment.captured else ""
    kept = f"captured {segment.captured:,} of {format_count(segment.size, 'byte')}"
    return Box(
        write,
        title,
        kept if segment.captured else f"none of {format_count(segment.size, 'byte')} captured",
        before,
        after,
    )


def _process(frames: CaptureFrames, row: int) -> str:
    image, process = number_at(frames.events, "image", row), number_at(frames.events, "process", row)
    name = plain(text_at(frames.images, "comm", image)) if image >= 0 else ""
    pid = text_at(frames.processes, "pid", process) if process >= 0 else "?"
    return f"{name or 'unknown program'} ({pid})"


def _descriptor(frames: CaptureFrames, descriptor: int, fd: int) -> str:
    number = f"fd {fd}" if fd >= 0 else "an unknown descriptor"
    name = plain(text_at(frames.descriptors, "name", descriptor)) if descriptor >= 0 else ""
    return f"{name}  [{number}]" if name else number


def _kept(scope: Scope, size: int, kept: int) -> str:
    """How much of the payload there is, and why there is none."""
    if kept:
        return f"{format_bytes(kept)} kept of {format_bytes(size)}"
    options = scope.frames.host.get("options")
    if isinstance(options, dict) and options.get("snaplen") == 0:
        return f"none of {format_bytes(size)} kept: it was recorded with a snaplen of 0"
    return f"none of {format_bytes(size)} kept"


def _why_empty(scope: Scope, streams: Streams) -> str:
    if len(streams):
        return ""
    if not scope.conditions and scope.window is None:
        return "No read or write of this capture moved any byte."
    return "Nothing was read or written in this selection.\nRemove a chip above, or widen the time window."
