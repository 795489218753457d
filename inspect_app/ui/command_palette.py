"""Ctrl+K: type a few letters of what to do or where to go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
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
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._choices = choices
        self.edit = QLineEdit()
        self.edit.setPlaceholderText("Type a command or the name of a view")
        self.edit.setAccessibleName("Command")
        self.edit.installEventFilter(self)
        self.list = named(QListWidget(), "SideList")
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
        for choice in self._choices:
            if matches(text, choice.text):
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


def matches(wanted: str, text: str) -> bool:
    """Whether the letters occur in the text in this order, whatever their case."""
    rest = iter(text.casefold())
    return all(letter in rest for letter in wanted.casefold() if not letter.isspace())
