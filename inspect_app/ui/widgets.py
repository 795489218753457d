"""Small parts that many areas are made of, set up the same way everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QToolButton, QWidget

from inspect_app.ui.fonts import heading_font
from inspect_app.ui.icons import icon, icon_size

Widget = TypeVar("Widget", bound=QWidget)
_ICON = 16
_INKS = {"OpenButton": "title_text", "FindAnything": "title_text", "FoldLine": "warning"}
"""What the drawings of some buttons are drawn in: two stand on the title's dark ground, in both themes."""
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


class Heading(QLabel):
    """What a page or a dialog is about, in larger letters."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setObjectName("PageTitle")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(heading_font())

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self.font() != heading_font():
            self.setFont(heading_font())


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


class ToolButton(QToolButton):
    """A flat button whose icon is as large as its text, and a little away from it."""

    def __init__(self, name: str = "Plain") -> None:
        super().__init__()
        self.setObjectName(name)
        self._drawing = ""
        self._is_short = False

    def draw(self, drawing: str) -> None:
        """Bear a drawing, in the colours of the theme in force."""
        self._drawing, beside = drawing, bool(self.text()) and not self._is_short
        ink = _INKS.get(self.objectName(), "muted")
        self.setIconSize(icon_size(_ICON, beside_text=beside))
        self.setIcon(icon(drawing, ink, beside_text=beside))
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        self.setToolButtonStyle(style if beside else Qt.ToolButtonStyle.ToolButtonIconOnly)

    def full_width(self) -> int:
        """Pixels that it takes with its text."""
        shown, self._is_short = self._is_short, False
        self.draw(self._drawing)
        width = self.sizeHint().width()
        self._is_short = shown
        self.draw(self._drawing)
        return width

    @property
    def is_short(self) -> bool:
        """Whether it shows its drawing alone."""
        return self._is_short

    def shorten(self, *, on: bool) -> None:
        """The drawing alone, where there is no room for the text."""
        if on != self._is_short:
            self._is_short = on
            self.draw(self._drawing)

    def refresh(self) -> None:
        """Another theme."""
        if self._drawing:
            self.draw(self._drawing)

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_drawing"):
            self.refresh()


def tool_button(
    text: str, drawing: str, tip: str, call: Callable[[], object] | None = None, *, name: str = "Plain"
) -> ToolButton:
    """A flat button with an icon beside its text; without a text, the tip is its name."""
    button = ToolButton(name)
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(text or tip)
    button.draw(drawing)
    if call is not None:
        button.clicked.connect(lambda *_: call())
    return button


def refresh_tool_icons(parent: QWidget) -> None:
    """Draw the icons of all tool buttons below a widget in the colours of the theme in force."""
    for button in parent.findChildren(ToolButton):
        button.refresh()


def card() -> QFrame:
    """A raised ground with rounded corners."""
    return named(QFrame(), "Card")


class _Shrinking(QScrollArea):
    """As high as what is inside, and lower where there is no room."""

    # Qt's own names from here on.

    def sizeHint(self) -> QSize:
        """All of it."""
        inner = self.widget()
        return QSize(super().sizeHint().width(), inner.sizeHint().height() if inner is not None else 0)

    def event(self, event: QEvent) -> bool:
        """What is inside has another height."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().event(event)


def scroll_area(inner: QWidget, *, as_high: bool = False) -> QScrollArea:
    """Scrolls up and down only, and never takes the keyboard from what is inside.

    `as_high` takes as much height as all of it needs, where that is there.
    """
    area = _Shrinking() if as_high else QScrollArea()
    if as_high:
        area.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    # `setWidget` fills with the window's colour; the ground below has its own.
    inner.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)
    return area
