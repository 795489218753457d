"""The first five minutes: five steps beside the window, each of which shows what it tells of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from inspect_app.ui.fonts import scaled
from inspect_app.ui.widgets import Heading, named, plain_label

_WIDTH = 440


@dataclass(frozen=True, slots=True)
class Step:
    """What one reads, and the command that shows it."""

    title: str
    text: str
    command: str


STEPS = (
    Step(
        "See what there is",
        "The overview has the machine at the top, its containers with their lives beside it, and "
        "tiles below. A sign marks what deserves a second look.\n\n"
        "An arrow goes to the tiles, Space pins one to the time strip, Enter opens what it counts.",
        "overview",
    ),
    Step(
        "Choose a time",
        "Drag over the strip at the bottom, over a burst: everything above then tells of that time "
        "alone. The chip at the top right says so, and its × takes it back.\n\n"
        "The wheel zooms, a double click shows all again.",
        "focus_time",
    ),
    Step(
        "Go deeper",
        "Every line leads on: Enter or a double click goes deeper, Backspace up again, Alt+Left back.\n\n"
        "The right button or the menu key has what can be done with a value: show only this, exclude "
        "it, look where else it occurs, its events, its bytes, a note on it.",
        "tree",
    ),
    Step(
        "Read what was said",
        "e shows the bytes that went through, reads and writes in two colours; d single calls; t who "
        "created whom; r what detection rules found.",
        "streams",
    ),
    Step(
        "Ask, and hand over",
        "s goes to the filter: type proc.name = nc and Enter. Fields and values are completed as you "
        "type; Ctrl+K finds every command by name.\n\n"
        "Export writes a table to a file, Ctrl+Shift+C copies a link to the place for a colleague, "
        "File → Report writes the report. F1 lists all keys.",
        "filter",
    ),
)
"""The same as docs/tour.md, for whoever has no documents at hand."""


class TourDialog(QDialog):
    """One step after the other; the window beside it can be used all the while."""

    def __init__(self, run: Callable[[str], object], parent: QWidget) -> None:
        """`run` is given the command of a step that is shown."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("A tour in five steps")
        self._run = run
        self.place = 0
        self._title = Heading()
        self._count = plain_label("Muted")
        self._text = plain_label()
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._back, self._next = QPushButton("Back"), named(QPushButton("Next"), "Primary")
        self._back.clicked.connect(lambda *_: self.go_to(self.place - 1))
        self._next.clicked.connect(lambda *_: self.go_to(self.place + 1))
        buttons = QHBoxLayout()
        buttons.addWidget(self._count, 1)
        buttons.addWidget(self._back)
        buttons.addWidget(self._next)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(12)
        column.addWidget(self._title)
        column.addWidget(self._text, 1)
        column.addLayout(buttons)
        self.setFixedWidth(scaled(_WIDTH))
        self.go_to(0)

    def go_to(self, place: int) -> None:
        """Show a step, and have the window show what it is about; beyond the last the tour ends."""
        if place >= len(STEPS):
            self.close()
            return
        self.place = max(0, place)
        step = STEPS[self.place]
        self._title.setText(step.title)
        self._text.setText(step.text)
        self._count.setText(f"{self.place + 1} of {len(STEPS)}")
        self._back.setEnabled(self.place > 0)
        self._next.setText("Next" if self.place + 1 < len(STEPS) else "Done")
        self._run(step.command)
        self._next.setFocus()
