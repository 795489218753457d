"""Small parts that many areas are made of, set up the same way everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QToolButton, QWidget

from inspect_app.ui.icons import icon

Widget = TypeVar("Widget", bound=QWidget)
_FEW_LETTERS = 12
"""To which a short label gives way."""


def named(widget: Widget, name: str) -> Widget:
    """The widget under the name that the style sheet knows."""
    widget.setObjectName(name)
    return widget


def plain_label(name: str = "", text: str = "") -> QLabel:
    """A label that shows text as it is: what comes from a capture is never markup."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return named(label, name) if name else label


class ShortLabel(QLabel):
    """A line that says by an ellipsis that there is more, and tells all of it as its tip.

    It would like to be as wide as its text, and gives way to what stands beside it.
    """

    def __init__(self, name: str = "", *, cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self.full = ""
        """All of the text."""
        self._tip = ""
        self._cut = cut
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setObjectName(name)

    def tell(self, text: str, tip: str = "") -> None:
        """Replace the text; without a tip of its own, a text that is cut is its tip."""
        self.full, self._tip = text, tip
        self.setAccessibleName(text)
        self.updateGeometry()
        self._fit()

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self.full, self._cut, self.width())
        self.setText(shown)
        tip = self._tip or (self.full if shown != self.full else "")
        self.setToolTip(tip if "<" not in tip else "")

    # Qt's own names from here on.

    def sizeHint(self) -> QSize:
        """As wide as all of the text."""
        self.ensurePolished()
        return QSize(self.fontMetrics().horizontalAdvance(self.full) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """A few letters."""
        self.ensurePolished()
        some = self.fontMetrics().averageCharWidth() * _FEW_LETTERS
        return QSize(min(some, self.sizeHint().width()), super().minimumSizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less of the text fits."""
        super().resizeEvent(event)
        self._fit()


def tool_button(
    text: str, drawing: str, tip: str, call: Callable[[], object] | None = None, *, name: str = "Plain"
) -> QToolButton:
    """A flat button with an icon beside its text; without a text, the tip is its name."""
    button = named(QToolButton(), name)
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(text or tip)
    button.setIcon(icon(drawing, "title_text" if name in ("OpenButton", "FindAnything") else "muted"))
    button.setProperty("drawing", drawing)
    style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if text else Qt.ToolButtonStyle.ToolButtonIconOnly
    button.setToolButtonStyle(style)
    if call is not None:
        button.clicked.connect(lambda *_: call())
    return button


def refresh_tool_icons(parent: QWidget) -> None:
    """Draw the icons of all tool buttons below a widget in the colours of the theme in force."""
    for button in parent.findChildren(QToolButton):
        if button.property("drawing"):
            button.setIcon(icon(str(button.property("drawing"))))


def card() -> QFrame:
    """A raised ground with rounded corners."""
    return named(QFrame(), "Card")


def scroll_area(inner: QWidget) -> QScrollArea:
    """Scrolls up and down only, and never takes the keyboard from what is inside."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    # `setWidget` fills with the window's colour; the ground below has its own.
    inner.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)
    return area
