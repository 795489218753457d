"""Where in a page one looks: kept while the page's answer is replaced by one that holds more."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QAbstractScrollArea, QHeaderView, QScrollBar, QTableView, QWidget


@dataclass(frozen=True, slots=True)
class Standpoint:
    """How far each part of a page is scrolled, and the line that has the focus."""

    bars: tuple[tuple[QScrollBar, int, bool], ...]
    """Scroll bar, its value, and whether it stood at the end of what does not fit."""
    cells: tuple[tuple[QTableView, int, int], ...]

    @classmethod
    def of(cls, page: QWidget) -> Standpoint:
        """Where one looks now."""
        areas = [one for one in page.findChildren(QAbstractScrollArea) if not isinstance(one, QHeaderView)]
        bars = [bar for area in areas for bar in (area.verticalScrollBar(), area.horizontalScrollBar())]
        tables = [(area, area.currentIndex()) for area in areas if isinstance(area, QTableView)]
        return cls(
            tuple((bar, bar.value(), 0 < bar.maximum() == bar.value()) for bar in bars),
            tuple((table, at.row(), at.column()) for table, at in tables if at.isValid()),
        )

    def take(self) -> None:
        """Look there again; who looked at the end looks at the new end."""
        for table, line, column in self.cells:
            model = table.model()
            if model is not None and line < model.rowCount():
                table.setCurrentIndex(model.index(line, column))
            # Its bars know the new rows only after this.
            table.doItemsLayout()
        for bar, value, was_at_end in self.bars:
            is_down = was_at_end and bar.orientation().name == "Vertical"
            bar.setValue(bar.maximum() if is_down else value)
