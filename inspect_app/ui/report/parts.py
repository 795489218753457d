"""Lists with check marks: the sections of a report, and its containers."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from inspect_app.frames.capture import CaptureFrames
from inspect_app.reports.options import PARTS, TEMPLATES, Template
from inspect_app.ui.fonts import scaled
from inspect_app.ui.plain import plain

_ON, _OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
_ID = Qt.ItemDataRole.UserRole


class _CheckList(QListWidget):
    """Lines that can be ticked."""

    changed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(True)
        self.itemChanged.connect(lambda _: self.changed.emit())

    def add(self, key: str, text: str, *, on: bool) -> None:
        """A line."""
        item = QListWidgetItem(plain(text))
        item.setData(_ID, key)
        item.setFlags(
            Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
        )
        item.setCheckState(_ON if on else _OFF)
        self.addItem(item)

    def lines(self) -> list[QListWidgetItem]:
        """All lines."""
        return [self.item(row) for row in range(self.count())]

    def ticked(self) -> tuple[str, ...]:
        """Keys of those that are on."""
        return tuple(str(item.data(_ID)) for item in self.lines() if item.checkState() is _ON)


class PartList(_CheckList):
    """The sections, each with what stands in it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Sections", parent)
        self.setSpacing(2)
        for part in PARTS:
            self.add(part.id, f"{part.title}: {part.meaning}", on=True)

    def show_template(self, template: Template) -> None:
        """Tick what a template has."""
        self.blockSignals(True)
        for item in self.lines():
            item.setCheckState(_ON if item.data(_ID) in TEMPLATES[template] else _OFF)
        self.blockSignals(False)
        self.viewport().update()
        self.changed.emit()

    def chosen(self) -> tuple[str, ...]:
        """Ids of the sections."""
        return self.ticked()


class ContainerList(_CheckList):
    """The containers; none ticked means all."""

    def __init__(self, frames: CaptureFrames, parent: QWidget | None = None) -> None:
        super().__init__("Containers", parent)
        self.setToolTip("Those that the report is about; without a tick, all of them")
        self.setMinimumHeight(scaled(80))
        table = frames.containers
        for row in np.flatnonzero(~frames.is_host).tolist():
            name, identity = str(table["name"].iat[row]), str(table["id"].iat[row])
            gone = ", gone by the end" if int(table["death"].to_numpy()[row]) >= 0 else ""
            self.add(identity, f"{name or identity}{f' ({identity})' if name else ''}{gone}", on=False)

    def chosen(self) -> tuple[str, ...]:
        """Their ids, empty for all."""
        return self.ticked()
