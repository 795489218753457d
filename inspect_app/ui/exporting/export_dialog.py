"""What to export, in which form, and where to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from inspect_app.exports.kinds import KINDS, Kind
from inspect_app.ui.exporting.place import PlaceLine
from inspect_app.ui.fonts import scaled
from inspect_app.ui.widgets import plain_label

_BESIDE = "Where it comes from is written into a file beside it."
_INSIDE = "Where it comes from is written into the file itself."


@dataclass(frozen=True, slots=True)
class What:
    """Something that can be exported."""

    id: str
    title: str
    stem: str
    """What its file is called, without an ending."""
    is_table: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for."""

    what: What
    kind: Kind
    path: Path


class ExportDialog(QDialog):
    """A form of three lines; what it means is said below."""

    ordered = Signal(object)
    """An Order."""

    def __init__(self, whats: Sequence[What], folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Export")
        self._whats = whats
        self.what = _box("What", [one.title for one in whats])
        self.kind = _box("Form", [])
        self.place = PlaceLine(folder / whats[0].stem)
        self.told = plain_label("Muted")
        self.told.setWordWrap(True)
        self.told.setMinimumHeight(scaled(58))
        self.told.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go = self.buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self.go.setDefault(True)
        self.buttons.accepted.connect(self._order)
        self.buttons.rejected.connect(self.close)
        self._ending = ""
        self._build()
        self.what.currentIndexChanged.connect(lambda *_: self._show_what())
        self.kind.currentIndexChanged.connect(lambda *_: self._show_kind())
        self.place.changed.connect(self._show_ready)
        self._show_what()
        self.resize(scaled(620), self.sizeHint().height())

    def choose(self, what: str, kind: str, path: str = "") -> None:
        """Fill the form in."""
        self.what.setCurrentIndex([one.id for one in self._whats].index(what))
        self.kind.setCurrentIndex([one.id for one in self._kinds()].index(kind))
        if path:
            self.place.edit.setText(path)

    def _build(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(10)
        for title, widget in (("&What", self.what), ("&Form", self.kind), ("W&here", self.place)):
            form.addRow(title, widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(self.told)
        column.addWidget(self.buttons)

    def _kinds(self) -> list[Kind]:
        return [kind for kind in KINDS.values() if kind.takes_views or not self._chosen.is_table]

    @property
    def _chosen(self) -> What:
        return self._whats[max(self.what.currentIndex(), 0)]

    def _show_what(self) -> None:
        before = self.kind.currentText()
        self.kind.blockSignals(True)
        self.kind.clear()
        self.kind.addItems([kind.title for kind in self._kinds()])
        self.kind.setCurrentIndex(max(self.kind.findText(before), 0))
        self.kind.blockSignals(False)
        path = self.place.path
        names = {f"{one.stem}{ending}" for one in self._whats for ending in ("", self._ending)}
        if path is not None and path.name in names:
            self.place.edit.setText(str(path.with_name(self._chosen.stem + self._ending)))
        self._show_kind()

    def _show_kind(self) -> None:
        kind, path = self._kinds()[max(self.kind.currentIndex(), 0)], self.place.path
        if path is not None and path.name == self._chosen.stem:
            self.place.edit.setText(f"{path}{kind.suffix}")
        else:
            self.place.replace_ending(self._ending, kind.suffix)
        self._ending = kind.suffix
        meaning = kind.meaning[:1].upper() + kind.meaning[1:]
        self.told.setText(f"{meaning}.\n{_INSIDE if kind.tells_source else _BESIDE}")
        self._show_ready()

    def _show_ready(self) -> None:
        self.go.setEnabled(self.place.path is not None)

    def _order(self) -> None:
        path = self.place.path
        if path is not None:
            self.ordered.emit(Order(self._chosen, self._kinds()[self.kind.currentIndex()], path))
            self.close()


def _box(name: str, titles: Sequence[str]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.addItems(list(titles))
    return box
