"""The list at the left: the views that apply to what is selected, and the two that always do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from inspect_app.ui.fonts import scaled, small_font
from inspect_app.ui.icons import icon, icon_size
from inspect_app.ui.strip_painter import gutter
from inspect_app.ui.theme import colour

_PAGE = Qt.ItemDataRole.UserRole
_HEIGHT, _LEAST = 28, 20
"""Pixels of a line, and of one where all lines would else not be seen at once."""
_MARGINS = 14
MORE = "More views"
"""The group that is shut until one opens it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page one can go to from here."""

    page: str
    title: str
    tip: str
    icon: str
    group: str


class SideList(QListWidget):
    """Pages in groups; Enter or a click opens one, j and k go along."""

    page_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("SideList")
        self.setFixedWidth(gutter())
        self.setIconSize(QSize(16, 16))
        self.setUniformItemSizes(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Views of this selection")
        self._entries: tuple[Entry, ...] = ()
        self._open = False
        self.itemClicked.connect(self._take)

    def show_entries(self, entries: Sequence[Entry], current: str) -> None:
        """Replace the list where it changed, and mark the page that is shown."""
        hidden = any(entry.page == current and entry.group == MORE for entry in entries) and not self._open
        if tuple(entries) != self._entries or hidden:
            self._entries = tuple(entries)
            self._open = self._open or hidden
            self._fill()
        for row in range(self.count()):
            item = self.item(row)
            if item.data(_PAGE) == current:
                self.setCurrentItem(item)
                return
        self.setCurrentRow(-1)

    def refresh(self) -> None:
        """Draw the icons in the colours of another theme."""
        current = self.currentItem()
        page = current.data(_PAGE) if current is not None else ""
        self._fill()
        self.show_entries(self._entries, str(page or ""))

    def step(self, by: int) -> None:
        """Open the page so many places further down."""
        pages = [entry.page for entry in self._entries]
        current = self.currentItem()
        here = pages.index(str(current.data(_PAGE))) if current is not None else -by
        if pages:
            self.page_chosen.emit(pages[max(0, min(len(pages) - 1, here + by))])

    def _fill(self) -> None:
        self.clear()
        group = None
        for entry in self._entries:
            if entry.group != group:
                group = entry.group
                if group:
                    self.addItem(_heading(group, opens=group == MORE, is_open=self._open))
            if group == MORE and not self._open:
                continue
            item = QListWidgetItem(icon(entry.icon), entry.title)
            item.setData(_PAGE, entry.page)
            item.setToolTip(entry.tip)
            self.addItem(item)
        self._fit()

    def _fit(self) -> None:
        """Lines as high as usual, or so low that what is there from the start needs no scrolling."""
        shut = sum(entry.group != MORE for entry in self._entries)
        lines = shut + len({entry.group for entry in self._entries} - {""})
        high = (self.height() - _MARGINS) // max(1, lines)
        size = QSize(gutter() - 20, max(scaled(_LEAST), min(scaled(_HEIGHT), high)))
        for item in map(self.item, range(self.count())):
            # The same size again would lay everything out again, for ever where a scroll bar just fits.
            if item.sizeHint() != size:
                item.setSizeHint(size)

    def _take(self, item: QListWidgetItem) -> None:
        page = item.data(_PAGE)
        if page:
            self.page_chosen.emit(str(page))
        else:
            self._open = not self._open
            self._fill()
            if self._open:
                self.scrollToItem(self.item(self.count() - 1))
                self.scrollToItem(self.findItems(MORE.upper(), Qt.MatchFlag.MatchContains)[0])

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_entries"):
            self.setFixedWidth(gutter())
            self.setIconSize(icon_size(16))
            self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Higher or lower lines."""
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter does what a click does; letters belong to the window."""
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self._take(item)
        else:
            super().keyPressEvent(event)


def _heading(text: str, *, opens: bool, is_open: bool) -> QListWidgetItem:
    item = QListWidgetItem(f"{text.upper()}  {'▾' if is_open else '▸'}" if opens else text.upper())
    item.setFlags(
        Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if opens else Qt.ItemFlag.NoItemFlags
    )
    item.setFont(small_font(bold=True))
    item.setForeground(colour("muted"))
    return item
