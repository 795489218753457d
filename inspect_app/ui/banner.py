"""What went wrong and what helps, in one line above the page; never a box that must be clicked away."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from inspect_app.ui.icons import icon
from inspect_app.ui.widgets import plain_label, tool_button

_SIGNS = {"error": ("errors", "error"), "warning": ("errors", "warning"), "done": ("check", "good")}


class Banner(QWidget):
    """One message at a time: cause, then remedy. The newest one stands."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._sign = QLabel()
        self._cause = plain_label()
        self._remedy = plain_label("Muted")
        close = tool_button("", "close", "Dismiss the message", self.hide)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self._cause)
        texts.addWidget(self._remedy)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(10)
        row.addWidget(self._sign)
        row.addLayout(texts, 1)
        self._buttons = QHBoxLayout()
        row.addLayout(self._buttons)
        row.addWidget(close)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, empty while it is hidden."""
        return "" if self.isHidden() else f"{self._cause.text()} {self._remedy.text()}".strip()

    def tell(
        self, cause: str, remedy: str = "", level: str = "error", actions: Sequence[QAction] = ()
    ) -> None:
        """Show a message; `level` is `error`, `warning` or `done`. Each action is a button."""
        self._show_buttons(actions)
        self.setProperty("level", level)
        self._sign.setPixmap(icon(*_SIGNS[level]).pixmap(18, 18))
        self._cause.setText(cause)
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))
        self.setAccessibleName(f"{cause} {remedy}")
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()

    def hide_warning(self) -> None:
        """Take away what was said of the file's state; an error stays until it is dismissed."""
        if self.property("level") == "warning":
            self.hide()

    def _show_buttons(self, actions: Sequence[QAction]) -> None:
        while self._buttons.count():
            item = self._buttons.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for action in actions:
            keys = action.shortcut().toString()
            button = QPushButton(f"{action.text()}   {keys}" if keys else action.text())
            button.setToolTip(action.toolTip())
            button.clicked.connect(action.trigger)
            self._buttons.addWidget(button)


class ProgressLine(QWidget):
    """How far the work is, with a way to stop it; shown only for work that lasts."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Progress")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._label = plain_label()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._share = plain_label("Muted")
        cancel = QPushButton("Cancel")
        cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 12, 5)
        row.setSpacing(12)
        row.addWidget(self._label)
        row.addWidget(self._bar, 1)
        row.addWidget(self._share)
        row.addWidget(cancel)
        self.hide()

    def tell(self, title: str, done: int, total: int) -> None:
        """Show how far it is; a total of 0 is work that cannot tell."""
        self._label.setText(f"{title} …")
        self._bar.setRange(0, 1_000 if total else 0)
        self._bar.setValue(done * 1_000 // total if total else 0)
        self._share.setText(f"{done * 100 // total} %" if total else "")
        self.show()
