"""What stands around the page: title, path, filter, messages, list of views, time strip, status."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from inspect_app.analysis.host import tells_loss
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import COUNTED_KIND, UNSEEN_KINDS
from inspect_app.ui.banner import Banner, ProgressLine
from inspect_app.ui.book import Book
from inspect_app.ui.chips import PathArea
from inspect_app.ui.filter_bar import FilterBar
from inspect_app.ui.header import TitleArea
from inspect_app.ui.pages.welcome import WelcomePage
from inspect_app.ui.plain import plain
from inspect_app.ui.side_list import SideList
from inspect_app.ui.status import StatusLine
from inspect_app.ui.time_strip import TimeStrip


class Areas:
    """Builds and holds the parts of the window, and lays them out."""

    def __init__(
        self,
        window: QMainWindow,
        title: TitleArea,
        make_book: Callable[[QWidget], Book],
        check: Callable[[str], object],
    ) -> None:
        # From the outermost inwards: a widget that is moved is styled again, with all that it holds.
        centre = QWidget()
        window.setCentralWidget(centre)
        self.title = title
        self.path = PathArea()
        self.filter = FilterBar(check)
        self.banner = Banner()
        self.progress = ProgressLine()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (title, self.path, self.filter, self.banner, self.progress):
            column.addWidget(part)
        self._stack = QStackedWidget(centre)
        column.addWidget(self._stack, 1)
        self.welcome = WelcomePage()
        self._stack.addWidget(self.welcome)
        body = QWidget(self._stack)
        self._stack.addWidget(body)
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.side = SideList()
        row.addWidget(self.side)
        self.book = make_book(body)
        row.addWidget(self.book, 1)
        self.strip = TimeStrip()
        column.addWidget(self.strip)
        self.status = StatusLine()
        window.setStatusBar(self.status)

    def show_started(self, *, started: bool, recent: Sequence[str]) -> None:
        """The page, or what to do while no capture is open."""
        self._stack.setCurrentIndex(1 if started else 0)
        for part in (self.path, self.filter, self.strip):
            part.setVisible(started)
        if not started:
            self.welcome.show_recent(recent)

    def show_capture(self, frames: CaptureFrames, span: tuple[int, int]) -> None:
        """Begin with another capture."""
        name = plain(frames.path.replace("\\", "/").rpartition("/")[2])
        host = plain(str(frames.host.get("hostname") or ""))
        recorded = f"recorded on {host}" if host else "its host was not recorded"
        self.title.show_capture(name, recorded, frames.state)
        self.banner.hide()
        self.status.show_capture(frames)
        self.strip.set_loss_told(told=tells_loss(frames.host))
        self.strip.set_capture(span, _gaps(frames.drops), cut=frames.state.state == "cut short")

    def renew(self, frames: CaptureFrames, span: tuple[int, int]) -> None:
        """The same capture has grown."""
        self.status.show_capture(frames)
        self.strip.renew(span, _gaps(frames.drops), cut=frames.state.state == "cut short")

    def refresh_theme(self) -> None:
        """Draw again what does not follow the palette by itself."""
        self.side.refresh()
        self.filter.refresh()
        self.welcome.refresh_theme()


def _gaps(drops: pd.DataFrame) -> np.ndarray:
    """int64[n, 4] of since, until, count, were they counted: an interval once a kind, the lost last."""
    missed = drops[drops["kind"].isin((*UNSEEN_KINDS, COUNTED_KIND))]
    counted = (missed["kind"] == COUNTED_KIND).astype(np.int64).rename("counted")
    sums = missed.groupby([missed["since"], missed["time"], counted])["count"].sum().reset_index()
    gaps = sums.sort_values("counted", ascending=False, kind="stable")
    return gaps[["since", "time", "count", "counted"]].to_numpy(dtype=np.int64)
