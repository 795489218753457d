"""Which columns each view shows from the start."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from inspect_app.ui.event_model import COLUMNS
from inspect_app.ui.preferences.looks import Looks
from inspect_app.ui.widgets import plain_label
from inspect_app.views.catalogue import VIEWS

_EVENTS = "events"


class ColumnsPart(QWidget):
    """A view, and its columns with a mark at each that is shown."""

    def __init__(self, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looks = looks
        self.view = QComboBox()
        self.view.setAccessibleName("View")
        self.view.addItem("Events", _EVENTS)
        for view in VIEWS.values():
            self.view.addItem(view.title, view.id)
        self.view.activated.connect(lambda _: self._show())
        self.list = QListWidget()
        self.list.setAccessibleName("Columns that are shown")
        self.list.itemChanged.connect(lambda _: self._take())
        usual = QPushButton("As the view has them")
        usual.clicked.connect(lambda: looks.change(looks.look.with_columns(self.view_id, ())))
        row = QHBoxLayout()
        row.addWidget(plain_label("", "View"))
        row.addWidget(self.view, 1)
        row.addWidget(usual)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 16, 10, 10)
        column.addLayout(row)
        column.addWidget(self.list, 1)
        column.addWidget(
            plain_label("Muted", "What the button Columns of a table chooses is remembered here as well.")
        )
        looks.changed.connect(self._show)
        self._show()

    @property
    def view_id(self) -> str:
        """The view whose columns are listed."""
        return str(self.view.currentData())

    def _columns(self) -> list[tuple[str, str, str, bool]]:
        """Id, title, meaning, whether the view shows it unless told otherwise."""
        if self.view_id == _EVENTS:
            return [(title, title, meaning, True) for title, _, meaning in COLUMNS]
        return [(one.id, one.title, one.meaning, one.shown) for one in VIEWS[self.view_id].columns]

    def _show(self) -> None:
        chosen = self._looks.look.columns.get(self.view_id, ())
        self.list.blockSignals(True)
        self.list.clear()
        for name, title, meaning, usual in self._columns():
            item = QListWidgetItem(f"{title}: {meaning}" if meaning else title)
            item.setData(Qt.ItemDataRole.UserRole, name)
            is_shown = name in chosen if chosen else usual
            item.setCheckState(Qt.CheckState.Checked if is_shown else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(False)

    def _take(self) -> None:
        items = [self.list.item(line) for line in range(self.list.count())]
        shown = tuple(
            str(item.data(Qt.ItemDataRole.UserRole))
            for item in items
            if item.checkState() == Qt.CheckState.Checked
        )
        if shown:
            line = self.list.currentRow()
            self._looks.change(self._looks.look.with_columns(self.view_id, shown))
            self.list.setCurrentRow(line)
        else:
            self._show()
