"""What the window shows before a capture is open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from inspect_app.ui.chips import shortened
from inspect_app.ui.icons import app_icon, icon
from inspect_app.ui.widgets import Heading, card, named, plain_label, scroll_area

_MOST_RECENT = 6


class WelcomePage(QWidget):
    """Open, drop, or take up a recent capture."""

    open_clicked = Signal()
    path_chosen = Signal(str)
    sample_wanted = Signal()
    tour_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark = QLabel()
        mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark.setPixmap(app_icon().pixmap(48, 48))
        title = Heading("Open a capture to dig into it")
        note = plain_label(
            "PageNote", "Drop a file or a folder here, or record one:\nexhume-capture record -o node.exhume"
        )
        for label in (title, note):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._open = named(QPushButton("Open a capture …   Ctrl+O"), "Primary")
        self._open.clicked.connect(self.open_clicked)
        self._sample = QPushButton("Look at the sample: an incident in a web shop's container")
        self._sample.clicked.connect(self.sample_wanted)
        self._tour = QPushButton("Take the tour: five steps through the sample")
        self._tour.clicked.connect(self.tour_wanted)
        self._heading = plain_label("GroupTitle", "Recent")
        self._recent = QVBoxLayout()
        self._recent.setSpacing(4)
        ground = card()
        ground.setFixedWidth(560)
        column = QVBoxLayout(ground)
        column.setContentsMargins(36, 32, 36, 28)
        column.setSpacing(10)
        for widget in (mark, title, note):
            column.addWidget(widget)
        column.addSpacing(8)
        column.addWidget(self._open)
        column.addWidget(self._sample)
        column.addWidget(self._tour)
        column.addSpacing(8)
        column.addWidget(self._heading)
        column.addLayout(self._recent)
        inner = QWidget()
        middle = QVBoxLayout(inner)
        middle.addStretch(2)
        middle.addWidget(ground, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addStretch(3)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll_area(inner))

    def show_recent(self, paths: Sequence[str]) -> None:
        """Captures opened lately."""
        while self._recent.count():
            item = self._recent.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        self._heading.setVisible(bool(paths))
        for path in paths[:_MOST_RECENT]:
            text = shortened(f"{Path(path).name}   in {Path(path).parent}", 64).replace("&", "&&")
            button = QPushButton(icon("files"), text)
            button.setStyleSheet("text-align: left;")
            button.clicked.connect(lambda *_, path=path: self.path_chosen.emit(path))
            self._recent.addWidget(button)

    def refresh_theme(self) -> None:
        """Nothing here is drawn in a theme's colours but what follows the palette."""
