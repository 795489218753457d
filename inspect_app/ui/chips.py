"""Where the analyst is: breadcrumbs that lead back, and a chip for each thing that narrows the selection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from inspect_app.ui.fonts import with_line
from inspect_app.ui.icons import icon
from inspect_app.ui.widgets import named, plain_label, tool_button

_HEIGHT = 38
_LONGEST = 44
"""Characters of a label before it is cut in the middle; the tool tip has all."""


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way: what was opened, and what was chosen in it."""

    title: str
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class ChipText:
    """Something that narrows the selection and can be taken away."""

    id: str
    kind: str
    text: str
    tip: str


class PathArea(QWidget):
    """Breadcrumbs at the left, chips at the right."""

    crumb_clicked = Signal(int)
    chip_removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("PathArea")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(10, 5, 10, 5)
        self._row.setSpacing(2)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(with_line(_HEIGHT))

    def show_path(self, crumbs: Sequence[Crumb], chips: Sequence[ChipText]) -> None:
        """Replace all that stands there."""
        while self._row.count():
            item = self._row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for position, crumb in enumerate(crumbs):
            self._add_crumb(position, crumb, last=position == len(crumbs) - 1)
        self._row.addStretch(1)
        for chip in chips:
            self._row.addWidget(_Chip(chip, self.chip_removed.emit))
            self._row.addSpacing(4)

    def _add_crumb(self, position: int, crumb: Crumb, *, last: bool) -> None:
        if position:
            arrow = QLabel()
            arrow.setPixmap(icon("chevron").pixmap(12, 12))
            self._row.addWidget(arrow)
        if last:
            self._row.addWidget(plain_label("CrumbHere", crumb.title))
        else:
            button = named(QPushButton(crumb.title.replace("&", "&&")), "Crumb")
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.setToolTip(f"Back to {crumb.title}")
            button.clicked.connect(lambda *_: self.crumb_clicked.emit(position))
            self._row.addWidget(button)
        if crumb.chosen:
            label = plain_label("Muted", shortened(crumb.chosen))
            label.setToolTip(as_plain_tip(crumb.chosen))
            self._row.addWidget(label)

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.setFixedHeight(with_line(_HEIGHT))


class _Chip(QWidget):
    """A rounded label with a cross."""

    def __init__(self, chip: ChipText, remove: Callable[[str], object]) -> None:
        super().__init__()
        self.setObjectName("Chip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setToolTip(as_plain_tip(chip.tip))
        kind = plain_label("", chip.kind)
        kind.setProperty("muted", "true")
        cross = tool_button("", "close", f"Remove this {chip.kind}", lambda: remove(chip.id), name="Cross")
        cross.setAccessibleName(f"Remove {chip.kind} {chip.text}")
        cross.setIconSize(QSize(10, 10))
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 5, 2)
        row.setSpacing(6)
        row.addWidget(kind)
        row.addWidget(plain_label("", shortened(chip.text)))
        row.addWidget(cross)


def shortened(text: str, longest: int = _LONGEST) -> str:
    """The text, its middle left out where it is too long: names differ at their ends."""
    if len(text) <= longest:
        return text
    head = longest // 2
    return f"{text[:head]}…{text[-(longest - head - 1) :]}"


def as_plain_tip(text: str) -> str:
    """A tool tip that Qt does not take for markup, whatever the text holds."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<qt>{escaped}</qt>" if escaped != text else text
