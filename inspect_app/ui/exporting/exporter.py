"""Asks what to hand over, and writes it on a worker; what fails leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from inspect_app.analysis.file_content import FileState, file_content
from inspect_app.analysis.selection import select
from inspect_app.analysis.stream_content import stream_content
from inspect_app.analysis.streams import Direction, io_streams
from inspect_app.exports.carving import carve
from inspect_app.exports.destination import Written, refuse_captures
from inspect_app.exports.export import captures_of, export
from inspect_app.exports.request import Request, request_of
from inspect_app.exports.safe_names import safe_name
from inspect_app.exports.source import source_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.ui.exporting.content_dialog import Content, ContentDialog, ContentOrder
from inspect_app.ui.exporting.export_dialog import ExportDialog, Order, What
from inspect_app.ui.jobs import Job, Work
from inspect_app.ui.plain import plain
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_panel import Rows
from inspect_app.views.format import format_bytes, format_count

if TYPE_CHECKING:
    from inspect_app.ui.window import MainWindow

_TABLE, _EVENTS, _ALL = "table", "events", "all"
_STATES = {
    FileState.LATEST: "As it was last: what was read and written",
    FileState.WRITTEN: "What was written",
    FileState.READ: "What was read",
}
_WAYS = {Direction.WRITE: "What was sent", Direction.READ: "What was received"}


class Exporter:
    """What File → Export and the pages' buttons lead to."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.dialog: ExportDialog | None = None
        self.content_dialog: ContentDialog | None = None

    def ask(self, rows: Rows | None = None) -> None:
        """Let the analyst choose; `rows`: of the table in sight, which are offered first."""
        scope = self._window.workspace.scope()
        if scope is None:
            return
        dialog = ExportDialog(_whats(scope, rows), self._folder(), self._window)
        dialog.ordered.connect(lambda order: self.run(cast(Order, order), scope, rows))
        dialog.destroyed.connect(lambda *_: setattr(self, "dialog", None))
        self.dialog = dialog
        dialog.show()

    def run(self, order: Order, scope: Scope, rows: Rows | None) -> None:
        """Write what was ordered."""

        def work(job: Job) -> object:
            return export(_request(order.what, scope, rows), order.kind, order.path, job.report)

        self._start(f"Exporting to {plain(order.path.name)}", work, self._tell)

    def ask_for_content(self, descriptor: int) -> None:
        """Work out what is known of a file's or a stream's bytes; the analyst chooses which to save."""
        frames = self._window.workspace.frames
        if frames is None:
            return

        def show(found: object) -> None:
            contents = cast(list[Content], found)
            name = safe_name(1, contents[0].recovered.name).partition("-")[2]
            dialog = ContentDialog(contents, self._folder() / name, self._window)
            dialog.ordered.connect(lambda order: self.save(cast(ContentOrder, order), frames))
            dialog.destroyed.connect(lambda *_: setattr(self, "content_dialog", None))
            self.content_dialog = dialog
            dialog.show()

        self._start("Looking for its bytes", lambda _: contents_of(frames, descriptor), show)

    def save(self, order: ContentOrder, frames: CaptureFrames) -> None:
        """Save rebuilt content."""

        def work(job: Job) -> object:
            refuse_captures(order.path, captures_of(frames))
            source = source_of(frames, select(frames))
            carved = carve(frames, order.content.recovered, order.path, source, job.report)
            notes = (carved.verdict,) if carved.verdict else ()
            return Written(order.path, order.path.stat().st_size, carved.sha256, notes)

        self._start(f"Saving {plain(order.path.name)}", work, self._tell)

    def _start(self, title: str, work: Work, done: Callable[[object], None]) -> None:
        self._window.jobs.start(
            "export", title, work, done, lambda error: self._window.tell_failure(error, title)
        )

    def _tell(self, result: object) -> None:
        written = cast(Written, result)
        told = "  ·  ".join((f"Wrote {written.path.name}, {format_bytes(written.size)}", *written.notes))
        self._window.areas.status.tell(plain(told))

    def _folder(self) -> Path:
        frames = self._window.workspace.frames
        beside = Path(frames.path).parent if frames is not None else Path()
        return beside if beside.is_dir() else Path.home()


def contents_of(frames: CaptureFrames, descriptor: int) -> list[Content]:
    """The ways to see the bytes of a thing: three of a file, two of a stream."""
    if frames.descriptors["type"].iat[descriptor] in ("file", "directory", "block"):
        return [Content(title, file_content(frames, descriptor, state)) for state, title in _STATES.items()]
    streams = io_streams(frames, slice(0, len(frames.events)))
    return [Content(title, stream_content(streams, descriptor, way)) for way, title in _WAYS.items()]


def _whats(scope: Scope, rows: Rows | None) -> list[What]:
    chosen, every = len(scope.select()), len(scope.frames.events)
    stem = Path(scope.frames.path).stem or "capture"
    whats = []
    if rows is not None:
        view = rows.table.view
        count = format_count(len(rows.order), *view.noun)
        whats.append(What(_TABLE, f"This table: {view.title}, {count}", f"{stem}-{view.id}", is_table=True))
    if chosen < every:
        whats.append(What(_EVENTS, f"Events of this selection: {format_count(chosen)}", f"{stem}-events"))
    whats.append(What(_ALL, f"All events: {format_count(every)}", stem))
    return whats


def _request(what: What, scope: Scope, rows: Rows | None) -> Request:
    if what.id == _ALL:
        return request_of(scope.frames)
    request = request_of(scope.frames, window=scope.window, filters=scope.conditions)
    if what.id != _TABLE or rows is None:
        return request
    source = source_of(
        scope.frames,
        request.selection,
        filters=scope.conditions,
        window=scope.window,
        view=rows.table.view.id,
        rows=len(rows.order),
    )
    return Request(scope.frames, request.selection, source, rows.table, rows.order)
