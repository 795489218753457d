"""Ctrl+K: type a few letters of what to do or where to go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from inspect_app.ui.icons import icon
from inspect_app.ui.widgets import named


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of the palette."""

    text: str
    hint: str
    icon: str
    run: Callable[[], None]


class CommandPalette(QDialog):
    """A line to type in over a list that shrinks."""

    def __init__(self, choices: Sequence[Choice], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("Palette")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._choices = choices
        self.edit = QLineEdit()
        self.edit.setPlaceholderText("Type a command or the name of a view")
        self.edit.setAccessibleName("Command")
        self.edit.installEventFilter(self)
        self.list = named(QListWidget(), "SideList")
        self.list.setIconSize(QSize(16, 16))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._run)
        self.edit.textChanged.connect(self._filter)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        column.addWidget(self.edit)
        column.addWidget(self.list)
        self.resize(560, 420)
        self._filter("")

    def show_over(self, window: QWidget) -> None:
        """In the upper middle of the window."""
        self.move(window.mapToGlobal(QPoint((window.width() - self.width()) // 2, 60)))
        self.show()
        self.edit.setFocus()

    def _filter(self, text: str) -> None:
        self.list.clear()
        found = [(spread(text, choice.text), choice) for choice in self._choices]
        for _, choice in sorted((pair for pair in found if pair[0] >= 0), key=lambda pair: pair[0]):
            label = f"{choice.text}    {choice.hint}" if choice.hint else choice.text
            item = QListWidgetItem(icon(choice.icon or "chevron"), label)
            item.setData(Qt.ItemDataRole.UserRole, choice)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.close()
            item.data(Qt.ItemDataRole.UserRole).run()

    # Qt's own names from here on.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list while the line keeps the focus."""
        if watched is self.edit and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step:
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)


def spread(wanted: str, text: str) -> int:
    """Over how many characters the wanted letters occur in this order, whatever their case; -1 not at all.

    The closer they stand together, the likelier the text is what was meant.
    """
    folded, best = text.casefold(), -1
    letters = "".join(wanted.casefold().split())
    if not letters:
        return 0
    for start, letter in enumerate(folded):
        if letter != letters[0]:
            continue
        place = start - 1
        for one in letters:
            place = folded.find(one, place + 1)
            if place < 0:
                return best
        best = place - start if best < 0 else min(best, place - start)
    return best
