"""The title area: menus, Open, the capture's name and whether it can be relied on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenuBar, QSizePolicy, QToolButton, QWidget

from inspect_app.frames.capture import FileState
from inspect_app.ui.fonts import text_percent, with_line
from inspect_app.ui.icons import app_icon, icon
from inspect_app.ui.plain import plain
from inspect_app.ui.widgets import ShortLabel, plain_label, tool_button

_STATES = {
    "whole": ("check", "#4cc3a0", "whole"),
    "cut short": ("errors", "#f0bd4f", "cut short"),
    "unfinished": ("clock", "#f0bd4f", "still being written"),
    "altered": ("errors", "#ff8f7d", "altered"),
}
"""Icon, colour on the dark title, words; colour never says it alone."""

_HEIGHT = 46
_FIND = "Go to or run …    Ctrl+K"
_LARGE = 140
"""Percent of text from which on there is room for the key alone."""


class TitleArea(QWidget):
    """The dark line at the top, in both themes."""

    open_clicked = Signal()
    palette_clicked = Signal()

    def __init__(self, menu_bar: QMenuBar, moves: list[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("TitleArea")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(with_line(_HEIGHT))
        mark = QLabel()
        mark.setPixmap(app_icon().pixmap(24, 24))
        self._name = ShortLabel("CaptureName", cut=Qt.TextElideMode.ElideMiddle)
        self._name.tell("No capture is open")
        self._host = ShortLabel()
        self._host.setProperty("muted", "true")
        self._host.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._state_icon, self._state = QLabel(), plain_label()
        menu_bar.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 10, 0)
        row.setSpacing(8)
        row.addWidget(mark)
        row.addWidget(menu_bar, 0, Qt.AlignmentFlag.AlignVCenter)
        for action in moves:
            row.addWidget(_round_button(action))
        row.addSpacing(8)
        row.addWidget(self._open_button())
        row.addSpacing(6)
        row.addWidget(self._name)
        row.addWidget(self._state_icon)
        row.addWidget(self._state)
        row.addWidget(self._host, 1)
        self._find = self._find_button()
        row.addWidget(self._find)
        self.show_state(FileState("", ""))

    def show_capture(self, name: str, host: str, state: FileState) -> None:
        """Tell which capture is open, of which host, and whether it is whole and signed."""
        self._name.tell(name)
        self._host.tell(host)
        self.show_state(state)

    def show_state(self, shown: FileState, *, followed: bool = False) -> None:
        """Tell whether the file is whole and signed, and whether it is read on as it grows."""
        state, detail = plain(shown.state), plain(shown.detail)
        sign, ink, words = _STATES.get(state, ("errors", "#f0bd4f", state))
        words += ", signed" if shown.signed else ""
        words += ", followed" if followed else ""
        self._state.setText(words if state else "")
        self._state.setStyleSheet(f"color: {ink};")
        self._state.setToolTip(detail)
        self._state.setAccessibleName(f"File state: {words}. {detail}" if state else "")
        self._state_icon.setPixmap(icon(sign, ink).pixmap(16, 16))
        self._state_icon.setVisible(bool(state))

    @property
    def capture_name(self) -> str:
        """What stands in the title."""
        return self._name.full

    @property
    def state_text(self) -> str:
        """`whole`, `whole, signed`, `cut short` …, empty while nothing is open."""
        return self._state.text()

    def _open_button(self) -> QToolButton:
        return tool_button(
            "Open", "open", "Open a capture (Ctrl+O)", self.open_clicked.emit, name="OpenButton"
        )

    def _find_button(self) -> QToolButton:
        button = tool_button(
            _FIND,
            "search",
            "Command palette (Ctrl+K)",
            self.palette_clicked.emit,
            name="FindAnything",
        )
        button.setMinimumWidth(210)
        return button

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.setFixedHeight(with_line(_HEIGHT))
            if hasattr(self, "_find"):
                self._find.setText(_FIND if text_percent() <= _LARGE else _FIND.rpartition(" ")[2])


def _round_button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setIconSize(QSize(16, 16))
    return button
