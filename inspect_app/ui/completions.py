"""The list under the filter bar: what can stand at the cursor, with how often it occurs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem

from inspect_app.filters.completion import Completion
from inspect_app.ui.plain import plain
from inspect_app.ui.theme import colour
from inspect_app.views.format import format_count

_LINES = 12


class CompletionPopup(QTreeWidget):
    """Follows the line that is typed in, which keeps the focus; Tab or Enter takes an entry."""

    chosen = Signal(object)

    def __init__(self, edit: QLineEdit) -> None:
        super().__init__(edit.window())
        self._edit = edit
        self.setObjectName("Completions")
        self.setWindowFlags(Qt.WindowType.ToolTip | Qt.WindowType.FramelessWindowHint)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setColumnCount(3)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAccessibleName("Completions")
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.header().setStretchLastSection(False)
        self.itemClicked.connect(self._take)

    def offer(self, completions: Sequence[Completion]) -> None:
        """Show these, or nothing where there are none."""
        self.clear()
        for completion in completions:
            count = format_count(completion.count, "event") if completion.count is not None else ""
            item = QTreeWidgetItem([plain(completion.text), plain(completion.detail), count])
            item.setData(0, Qt.ItemDataRole.UserRole, completion)
            item.setForeground(1, colour("muted"))
            item.setForeground(2, colour("muted"))
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight)
            self.addTopLevelItem(item)
        if not completions:
            self.hide()
            return
        for column in (0, 2):
            self.resizeColumnToContents(column)
        line = max(20, self.sizeHintForRow(0))
        self.resize(min(760, max(420, self._edit.width() - 40)), line * min(_LINES, len(completions)) + 4)
        self.move(self._edit.mapToGlobal(QPoint(0, self._edit.height() + 2)))
        self.show()

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key was meant for the list."""
        row = self.currentIndex().row()
        match event.key():
            case Qt.Key.Key_Down:
                self._choose(min(row + 1, self.topLevelItemCount() - 1))
            case Qt.Key.Key_Up:
                self._choose(max(row - 1, 0))
            case Qt.Key.Key_Tab:
                self._take(self.topLevelItem(max(0, row)))
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if row >= 0:
                self._take(self.topLevelItem(row))
            case Qt.Key.Key_Escape:
                self.hide()
            case _:
                return False
        return True

    def _choose(self, row: int) -> None:
        item = self.topLevelItem(row)
        if item is not None:
            self.setCurrentItem(item)

    def _take(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self.hide()
            self.chosen.emit(item.data(0, Qt.ItemDataRole.UserRole))
