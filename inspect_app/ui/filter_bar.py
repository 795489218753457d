"""The filter bar: completes, tells while one types whether the filter holds, and what is wrong where."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from inspect_app.filters.completion import Completion
from inspect_app.filters.errors import FilterError
from inspect_app.ui.completions import CompletionPopup
from inspect_app.ui.fonts import with_line
from inspect_app.ui.icons import icon
from inspect_app.ui.widgets import named, plain_label

_PAUSE_MS = 120
_HEIGHT = 44


class FilterBar(QWidget):
    """One line of the filter language."""

    applied = Signal(str)
    left = Signal()
    """Escape: the keyboard goes back to the page."""
    completion_wanted = Signal(str, int)
    """Text and position of the cursor, a moment after the last key."""

    def __init__(self, check: Callable[[str], object], parent: QWidget | None = None) -> None:
        """`check` raises FilterError for a text that is no filter."""
        super().__init__(parent)
        self.setObjectName("FilterArea")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._check = check
        self._applied = ""
        self._history: list[str] = []
        self._past = -1
        self.edit = named(QLineEdit(), "FilterEdit")
        self.edit.setClearButtonEnabled(True)
        self.edit.setPlaceholderText('Filter, such as  proc.name = nginx and fd.name contains "/etc"')
        self.edit.setAccessibleName("Filter")
        self.edit.installEventFilter(self)
        self.edit.textEdited.connect(self._on_edited)
        self.edit.textChanged.connect(self._on_changed)
        self._sign = QLabel()
        self._sign.setPixmap(icon("filter").pixmap(16, 16))
        self._message = plain_label("FilterMessage")
        self._apply = QPushButton("Apply")
        self._apply.setEnabled(False)
        self._apply.clicked.connect(self._commit)
        self.popup = CompletionPopup(self.edit)
        self.popup.chosen.connect(self._take)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 12, 6)
        row.setSpacing(8)
        row.addWidget(self._sign)
        row.addWidget(self.edit, 1)
        row.addWidget(self._message)
        row.addWidget(self._apply)
        self.setFixedHeight(with_line(_HEIGHT))

    @property
    def message(self) -> str:
        """What is wrong, or a word that nothing is."""
        return self._message.text()

    @property
    def state(self) -> str:
        """`valid`, `invalid`, or empty for no filter being typed."""
        return str(self.edit.property("state") or "")

    def show_filter(self, text: str, history: Sequence[str]) -> None:
        """The filter that is in force, and those before it."""
        self._history = list(history)
        self._past = -1
        if text != self._applied or not self.edit.hasFocus():
            self._applied = text
            self.edit.setText(text)
            self.edit.setCursorPosition(len(text))
            self._on_changed(text)

    def begin(self) -> None:
        """Let the analyst type."""
        self.edit.setFocus()
        self.edit.selectAll()

    def show_completions(self, completions: Sequence[Completion]) -> None:
        """Offer what fits at the cursor."""
        if self.edit.hasFocus():
            self.popup.offer(completions)

    def refresh(self) -> None:
        """Draw the icon in the colours of another theme."""
        self._sign.setPixmap(icon("filter").pixmap(16, 16))

    def _on_edited(self) -> None:
        self._past = -1
        self._pause.start()

    def _on_changed(self, text: str) -> None:
        state, message = "", ""
        if text.strip() and text != self._applied:
            state = "valid"
            message = "Enter applies"
            try:
                self._check(text)
            except FilterError as error:
                state = "invalid"
                message = str(error)
                message = message[:1].upper() + message[1:]
        elif not text.strip() and self._applied:
            message = "Enter removes the filter"
        self._show_state(state, message)
        self._apply.setEnabled(text.strip() != self._applied and state != "invalid")

    def _show_state(self, state: str, message: str) -> None:
        metrics = self._message.fontMetrics()
        self._message.setToolTip(message if "<" not in message else "")
        self._message.setText(metrics.elidedText(message, Qt.TextElideMode.ElideRight, self.width() // 2))
        for widget in (self.edit, self._message):
            if widget.property("state") != state:
                widget.setProperty("state", state)
                widget.style().unpolish(widget)
                widget.style().polish(widget)

    def _ask(self) -> None:
        if self.edit.hasFocus():
            self.completion_wanted.emit(self.edit.text(), self.edit.cursorPosition())

    def _take(self, completion: Completion) -> None:
        text, cursor = self.edit.text(), self.edit.cursorPosition()
        joined = text[: completion.start] + completion.text
        rest = text[cursor:]
        gap = "" if rest.startswith((" ", ")")) or completion.text.endswith("(") else " "
        self.edit.setText(joined + gap + rest)
        self.edit.setCursorPosition(len(joined) + len(gap))
        self._pause.start()

    def _commit(self) -> None:
        self.popup.hide()
        self._pause.stop()
        if self.state != "invalid":
            self._applied = self.edit.text().strip()
            self._on_changed(self.edit.text())
            self.applied.emit(self._applied)

    def _revert(self) -> None:
        self.edit.setText(self._applied)
        self.left.emit()

    def _recall(self, by: int) -> None:
        """Go through the filters that were applied before."""
        place = self._past + by
        if -1 <= place < len(self._history):
            self._past = place
            self.edit.setText(self._history[place] if place >= 0 else self._applied)

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.setFixedHeight(with_line(_HEIGHT))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the line: Enter applies, Escape reverts, up and down go through list or history."""
        if (
            watched is not self.edit
            or event.type() != QEvent.Type.KeyPress
            or not isinstance(event, QKeyEvent)
        ):
            return super().eventFilter(watched, event)
        if self.popup.isVisible() and self.popup.takes(event):
            return True
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._commit()
            case Qt.Key.Key_Escape:
                self._revert()
            case Qt.Key.Key_Up:
                self._recall(1)
            case Qt.Key.Key_Down if self._past >= 0:
                self._recall(-1)
            case Qt.Key.Key_Down:
                self._ask()
            case Qt.Key.Key_Space if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._ask()
            case _:
                return super().eventFilter(watched, event)
        return True
