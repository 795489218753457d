"""A table widget that stays quick with millions of rows, bars in its cells, and a line of totals under it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QGuiApplication, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QTreeView,
    QWidget,
)

from inspect_app.ui.fonts import scaled, text_font
from inspect_app.ui.table_model import BAR
from inspect_app.ui.theme import colour

ROW_HEIGHT = 25
_SAMPLE = 60
"""Lines that are measured to find a column's width."""
_WIDEST, _NARROWEST, _MOST_SPARE, _LAST_AT_LEAST, _TEXT_AT_LEAST = 420, 48, 90, 160, 84
_RIGHT = int(Qt.AlignmentFlag.AlignRight)


class GridView(QTableView):
    """A flat table: whole lines are chosen, Enter opens one, Backspace is left to the window."""

    opened = Signal(int)
    """A line was chosen with Enter or a double click."""
    menu_wanted = Signal(object, object)
    """A cell's index and a place on the screen; with the menu key, the cell that has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self._delegate = BarDelegate(self)
        self.setItemDelegate(self._delegate)
        lines = self.verticalHeader()
        lines.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        lines.setDefaultSectionSize(scaled(ROW_HEIGHT))
        lines.hide()
        titles = self.horizontalHeader()
        titles.setHighlightSections(False)
        titles.setSortIndicatorClearable(False)
        titles.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        titles.setStretchLastSection(True)
        titles.setSectionsMovable(True)
        titles.sectionResized.connect(self._on_resized)
        self._is_fitting = False
        self._by_hand: dict[tuple[str, str], int] = {}
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))

    def cut_in_the_middle(self, sections: Collection[int]) -> None:
        """In which columns a text that does not fit keeps its end: that of a path tells most."""
        self._delegate.middle = frozenset(sections)

    def current_line(self) -> int:
        """The line that has the focus, -1 for none."""
        return self.currentIndex().row()

    def selected_ranges(self) -> list[tuple[int, int]]:
        """First and last line of each run of chosen lines: asking line by line takes minutes for millions."""
        model = self.selectionModel()
        if model is None:
            return []
        chosen = model.selection()
        return sorted(
            {(chosen.at(place).top(), chosen.at(place).bottom()) for place in range(chosen.count())}
        )

    def fit_columns(
        self,
        text: Callable[[int, int], str],
        widest: int = _WIDEST,
        extra: Sequence[str] = (),
        whole: Collection[int] = (),
    ) -> None:
        """Give each column the width that its title and the first lines need, at most `widest` pixels.

        Where the table then fits, texts are cut rather than make it scroll, but for those in `whole`.

        A text at the end takes what is left; where a number stands there, all columns share it.
        """
        model = self.model()
        sections = range(model.columnCount())
        if not sections:
            return
        widths = [self._width_needed(section, text, extra, scaled(widest)) for section in sections]
        last = model.headerData(sections[-1], Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole)
        ends_in_text = not int(last or 0) & _RIGHT
        self.horizontalHeader().setStretchLastSection(ends_in_text)
        # The scroll bar comes later than the rows.
        room = self.width() - self.verticalScrollBar().sizeHint().width() - 2
        if ends_in_text:
            # It takes what is left; it and the widest texts are cut rather than make the table scroll.
            least = min(widths[-1], scaled(_LAST_AT_LEAST))
            widths[-1] = max(least, widths[-1] + min(0, room - sum(widths)))
        else:
            each = min(scaled(_MOST_SPARE), max(0, room - sum(widths)) // len(widths))
            widths = [width + each for width in widths]
        self._narrow(widths, sum(widths) - room, whole)
        self.take_widths(dict(enumerate(widths)))
        self.take_widths({at: self._by_hand[self._name(at)] for at in sections if self.is_by_hand(at)})

    def widths(self) -> dict[int, int]:
        """How wide the columns in sight are."""
        return {
            at: self.columnWidth(at) for at in range(self.horizontalHeader().count()) if self.columnWidth(at)
        }

    def take_widths(self, widths: Mapping[int, int]) -> None:
        """Make columns so wide."""
        self._is_fitting = True
        for section, width in widths.items():
            self.setColumnWidth(section, width)
        self._is_fitting = False

    def is_by_hand(self, section: int) -> bool:
        """Whether the analyst made a column as wide as it is."""
        return self._name(section) in self._by_hand

    def _name(self, section: int) -> tuple[str, str]:
        """What a column is known by from one selection to the next: the table's name and its title."""
        title = str(self.model().headerData(section, Qt.Orientation.Horizontal) or "")
        return self.accessibleName(), title.rstrip(" ▾▴")

    def _on_resized(self, section: int, _before: int, width: int) -> None:
        """What the analyst makes wider or narrower stays so in all selections."""
        header = self.horizontalHeader()
        takes_rest = header.stretchLastSection() and section == header.count() - 1
        if self._is_fitting or takes_rest or not width or self.model() is None:
            return
        if QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self._by_hand[self._name(section)] = width

    def _narrow(self, widths: list[int], too_wide: int, whole: Collection[int]) -> None:
        """Take so many pixels from texts, from the widest first; none where that would not be enough."""
        header, model = self.horizontalHeader(), self.model()
        role, across = Qt.ItemDataRole.TextAlignmentRole, Qt.Orientation.Horizontal
        least = {
            section: max(scaled(_TEXT_AT_LEAST), header.sectionSizeHint(section))
            for section in range(len(widths) - 1)
            if section not in whole and not int(model.headerData(section, across, role) or 0) & _RIGHT
        }
        if too_wide > sum(max(0, widths[section] - width) for section, width in least.items()):
            return
        while too_wide > 0:
            widest = max(least, key=lambda section: widths[section] - least[section])
            step = min(too_wide, max(1, (widths[widest] - least[widest]) // 2))
            widths[widest] -= step
            too_wide -= step

    def _width_needed(
        self, section: int, text: Callable[[int, int], str], extra: Sequence[str], widest: int
    ) -> int:
        model, metrics = self.model(), self.fontMetrics()
        bold = QFontMetrics(text_font(bold=True))
        title = str(model.headerData(section, Qt.Orientation.Horizontal) or "")
        widths = [scaled(_NARROWEST), metrics.horizontalAdvance(title) + 26]
        if section < len(extra):
            widths.append(bold.horizontalAdvance(extra[section]) + 22)
        lines = range(min(_SAMPLE, model.rowCount()))
        widths += [metrics.horizontalAdvance(text(line, section)) + 22 for line in lines]
        return min(widest, max(widths))

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.verticalHeader().setDefaultSectionSize(scaled(ROW_HEIGHT))

    def setModel(self, model: object) -> None:
        """Also gives the header a selection of its own.

        It would ask for every column whether all its lines are chosen, which takes minutes after Ctrl+A.
        """
        self._is_fitting = True
        super().setModel(model)  # type: ignore[arg-type]  # Qt's stub wants the model type, ours is wider
        self._is_fitting = False
        if self.model() is not None:
            self.horizontalHeader().setSelectionModel(QItemSelectionModel(self.model(), self))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Under the pointer, or below the cell that has the focus."""
        ask_for_menu(self, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; letters and Backspace belong to the window."""
        plain = bool(event.text()) and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current_line() >= 0:
            self.opened.emit(self.current_line())
        elif event.key() == Qt.Key.Key_Backspace or (plain and event.text().isprintable()):
            event.ignore()
        else:
            super().keyPressEvent(event)


def ask_for_menu(view: GridView | BranchView, event: QContextMenuEvent) -> None:
    """Have a menu opened where the pointer is, or for the cell that has the focus."""
    by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
    index = view.currentIndex() if by_key else view.indexAt(event.pos())
    if index.isValid():
        below = view.visualRect(index).bottomLeft()
        place = view.viewport().mapToGlobal(below) if by_key else event.globalPos()
        view.menu_wanted.emit(index, place)


class BranchView(QTreeView):
    """A tree that asks for menus as a table does."""

    menu_wanted = Signal(object, object)

    # Qt's own names from here on.

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Under the pointer, or below the line that has the focus."""
        ask_for_menu(self, event)


class BarDelegate(QStyledItemDelegate):
    """Draws a bar behind a number, as long as the number is beside the column's highest."""

    middle: frozenset[int] = frozenset()
    """Columns whose texts keep their end where they do not fit."""

    # Qt's own names from here on.

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The bar first, the text over it."""
        share = index.data(BAR)
        if isinstance(share, float) and share > 0:
            area = QRectF(option.rect).adjusted(3, 4, -3, -4)
            width = max(2.0, area.width() * min(1.0, share))
            painter.fillRect(QRectF(area.right() - width, area.top(), width, area.height()), colour("bar"))
        if index.column() in self.middle:
            option.textElideMode = Qt.TextElideMode.ElideMiddle
        super().paint(painter, option, index)


class TotalsRow(QWidget):
    """One line under a table, its figures under the columns that they add up."""

    def __init__(self, view: GridView) -> None:
        super().__init__()
        self.setObjectName("Totals")
        self._view = view
        self.texts: list[str] = []
        header = view.horizontalHeader()
        header.sectionResized.connect(lambda *_: self.update())
        header.sectionMoved.connect(lambda *_: self.update())
        view.horizontalScrollBar().valueChanged.connect(lambda *_: self.update())
        self.setFixedHeight(scaled(ROW_HEIGHT) + 2)
        self.setAccessibleName("Totals")

    def show_texts(self, texts: list[str]) -> None:
        """One text a column, empty for none."""
        self.texts = texts
        self.setAccessibleDescription(", ".join(text for text in texts if text))
        self.update()

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.setFixedHeight(scaled(ROW_HEIGHT) + 2)

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(200, scaled(ROW_HEIGHT) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Aligned with the columns above."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("raised"))
        painter.setPen(colour("border"))
        painter.drawLine(0, 0, self.width(), 0)
        painter.setFont(text_font(bold=True))
        painter.setPen(colour("text"))
        header, model = self._view.horizontalHeader(), self._view.model()
        for section, text in enumerate(self.texts):
            if not text or model is None or section >= model.columnCount():
                continue
            left = header.sectionViewportPosition(section)
            area = QRectF(left + 8, 0, header.sectionSize(section) - 16, self.height())
            alignment = model.headerData(
                section, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole
            )
            painter.drawText(area, int(alignment), text)
