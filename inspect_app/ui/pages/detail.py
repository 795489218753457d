"""Everything about one thing, as groups of names and values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from inspect_app.analysis.event import DetailGroup, EventDetail
from inspect_app.cases import ShownNote
from inspect_app.ui.copying import Copier
from inspect_app.ui.fonts import mono_font, scaled, text_font
from inspect_app.ui.pages.detail_value import DetailValue
from inspect_app.ui.plain import plain
from inspect_app.ui.theme import colour
from inspect_app.ui.widgets import named, plain_label

_CALL_HEIGHT = 92
_LONGEST_CALL = 400
_NAMES = 130
_NOTES = "Notes"
_MOST_NOTES, _LONGEST_NOTE = 20, 2_000
_MARGIN = 14
_MOST_LINES = 12
"""Of a value that is longer the tip tells the rest; notes are read whole."""
_UNBROKEN = re.compile(r"[^\s\u200b]{16}(?=[^\s\u200b]{16})|[/,|;&=](?=[^\s\u200b])")
"""After what a value may go on in the next line where it has no blank."""
_VALUE = int(Qt.ItemDataRole.UserRole)
"""Role: a value as it is, without the places where it may break."""


class DetailPanel(QWidget):
    """The call as strace would print it, over everything that is known of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tree = DetailTree()
        self._call = named(plain_label(), "Call")
        self._measure()
        self._call.setWordWrap(True)
        self._call.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.tree.call_shown.connect(self._show_call)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._call)
        self._column.addWidget(self.tree, 1)
        self.setMinimumWidth(260)

    def _measure(self) -> None:
        self._call.setFont(mono_font(11))
        self._call.setMaximumHeight(scaled(_CALL_HEIGHT))

    def _show_call(self, line: str) -> None:
        self._call.setText(breakable(line))
        # Its height follows its lines only when the layout is asked anew.
        self._column.invalidate()
        self._column.activate()

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure()
            self.tree.refresh_theme()


class DetailTree(QTreeWidget):
    """Names at the left, values at the right; groups stay open or shut as one left them."""

    call_shown = Signal(str)
    menu_wanted = Signal(object, object)
    """A `DetailValue`, and a place on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shut: set[str] = set()
        self._groups: tuple[DetailGroup, ...] = ()
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(False)
        self.setWordWrap(True)
        self.setIndentation(12)
        self.setFont(text_font(12))
        self.setMinimumWidth(260)
        self.setAccessibleName("Details of the event")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(0, scaled(_NAMES))
        self.itemCollapsed.connect(lambda item: self._shut.add(item.text(0)))
        self.itemExpanded.connect(lambda item: self._shut.discard(item.text(0)))
        copy = QAction("Copy value", self, shortcut=QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self._copy)
        self.addAction(copy)

    def show_detail(self, detail: EventDetail, notes: Sequence[ShownNote] = ()) -> None:
        """Replace what is shown by an event's detail, under the notes on it."""
        self.call_shown.emit(detail.line)
        self.show_groups((*note_groups(notes), *detail.groups))

    def show_groups(self, groups: Sequence[DetailGroup]) -> None:
        """Replace what is shown."""
        shut = set(self._shut)
        self._groups = tuple(groups)
        if self.font().pixelSize() != text_font(12).pixelSize():
            # Another size of text: told to a page that is hidden too early to last.
            self.setFont(text_font(12))
            self.setColumnWidth(0, scaled(_NAMES))
        self.clear()
        for group in groups:
            head = QTreeWidgetItem([group.name])
            head.setFont(0, text_font(12, bold=True))
            self.addTopLevelItem(head)
            for name, value in group.items:
                # A moment's zone is said in every list; without it the nanoseconds fit.
                known = value.removesuffix(" UTC")
                item = QTreeWidgetItem([name, _UNBROKEN.sub("\\g<0>\u200b", known)])
                item.setData(1, _VALUE, known)
                item.setTextAlignment(1, Qt.AlignmentFlag.AlignTop)
                item.setForeground(0, colour("muted"))
                item.setTextAlignment(0, Qt.AlignmentFlag.AlignTop)
                if "<" not in value:
                    item.setToolTip(1, value)
                head.addChild(item)
            head.setFirstColumnSpanned(True)
            head.setExpanded(group.name not in shut)
        self._fit_values()

    def refresh_theme(self) -> None:
        """Names in the colours of the theme in force, at the size of text in force."""
        self.setFont(text_font(12))
        self.setColumnWidth(0, scaled(_NAMES))
        self.show_groups(self._groups)

    def values(self) -> dict[tuple[str, str], str]:
        """What is shown, by group and name."""
        shown = {}
        heads = [self.topLevelItem(place) for place in range(self.topLevelItemCount())]
        for head in heads:
            items = [head.child(line) for line in range(head.childCount())] if head is not None else []
            for item in items:
                if head is not None and item is not None:
                    shown[head.text(0), item.text(0)] = value_of(item)
        return shown

    def _fit_values(self) -> None:
        """Values are read on as many lines as they need."""
        width, metrics = max(80, self.columnWidth(1) - _MARGIN), self.fontMetrics()
        for head in filter(None, map(self.topLevelItem, range(self.topLevelItemCount()))):
            most = _MOST_LINES * metrics.lineSpacing() if head.text(0) != _NOTES else 1 << 20
            for item in filter(None, map(head.child, range(head.childCount()))):
                text = item.text(1)
                if "\n" not in text and metrics.horizontalAdvance(text) <= width:
                    item.setSizeHint(1, QSize())
                    continue
                wrapped = int(Qt.TextFlag.TextWordWrap)
                needed = metrics.boundingRect(0, 0, width, 1 << 20, wrapped, text).height()
                item.setSizeHint(1, QSize(width, min(needed, most) + 6))

    def _copy(self) -> None:
        item = self.currentItem()
        if item is not None:
            Copier(lambda _: None, lambda *_: None).copy(value_of(item) or item.text(0))

    # Qt's own names from here on.

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Of the value under the pointer, or of the one that has the focus."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        item = self.currentItem() if by_key else self.itemAt(event.pos())
        if item is not None and item.text(1):
            below = self.viewport().mapToGlobal(self.visualItemRect(item).bottomLeft())
            head = item.parent()
            group = head.text(0) if head is not None else ""
            value = DetailValue(group, item.text(0), value_of(item))
            self.menu_wanted.emit(value, below if by_key else event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width wraps values elsewhere; Qt keeps the heights of lines."""
        super().resizeEvent(event)
        self._fit_values()
        self.scheduleDelayedItemsLayout()


def value_of(item: QTreeWidgetItem) -> str:
    """A value as it is; of a heading none."""
    return str(item.data(1, _VALUE) or "")


def note_groups(notes: Sequence[ShownNote]) -> tuple[DetailGroup, ...]:
    """Notes as the first group of a detail; none where there are none."""
    if not notes:
        return ()
    return (DetailGroup(_NOTES, tuple((plain(one.author), _note_text(one)) for one in notes[:_MOST_NOTES])),)


def _note_text(one: ShownNote) -> str:
    marks = [one.note.severity.value, *one.note.tags, *(["in the report"] if one.note.in_report else [])]
    told = ", ".join(mark for mark in marks if mark)
    return plain(one.note.text[:_LONGEST_NOTE] or "marked") + (f" [{plain(told)}]" if told else "")


def breakable(line: str) -> str:
    """A call that a label can wrap: it may break after commas and slashes, and has an end."""
    cut = line if len(line) <= _LONGEST_CALL else line[:_LONGEST_CALL] + " …"
    return cut.replace("/", "/\u200b").replace("|", "|\u200b")
