"""One of a few ways, as a button that tells the one in force."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget


class ChoiceButton(QToolButton):
    """A button with a menu; its text is the choice."""

    chosen = Signal(int)

    def __init__(self, name: str, titles: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Plain")
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.index = 0
        self._titles = tuple(titles)
        menu = QMenu(self)
        self._group = QActionGroup(self)
        for place, title in enumerate(titles):
            action = menu.addAction(title)
            action.setCheckable(True)
            self._group.addAction(action)
            action.triggered.connect(lambda *_, place=place: self.choose(place))
        self.setMenu(menu)
        self._show()

    def choose(self, place: int) -> None:
        """Take the choice in a place."""
        if place != self.index:
            self.show_choice(place)
            self.chosen.emit(place)

    def show_choice(self, place: int) -> None:
        """The choice in a place is in force already."""
        self.index = place
        self._show()

    def _show(self) -> None:
        self.setText(f"{self._titles[self.index]}  ▾")
        self._group.actions()[self.index].setChecked(True)
