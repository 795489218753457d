"""What every page of the window is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from inspect_app.cases import Anchor, AnchorKind
from inspect_app.cases.anchors import page_anchor
from inspect_app.cases.noted import Noted
from inspect_app.ui.fonts import heading_font, with_line
from inspect_app.ui.icons import icon, icon_size
from inspect_app.ui.jobs import Job
from inspect_app.ui.scope import Scope
from inspect_app.ui.widgets import ShortLabel, ToolButton, plain_label
from inspect_app.ui.workspace import page_title

Question = Callable[[Job], object]
_HEIGHT = 50
_SHORT_BUTTON = 36
_EMPTY = 44
"""Pixels of the drawing where there is nothing to show."""
_PASSED_ON = (
    "drill_wanted", "filter_wanted", "page_wanted", "failed", "work_wanted", "told", "look_wanted",
    "note_wanted",
    "export_wanted",
)  # fmt: skip


class Page(QWidget):
    """Asks one question of a selection on a worker, and shows its answer.

    A page changes nothing but itself: where it wants to go, it says by a signal.
    """

    KEEPS = True
    """Whether its answer depends on the selection and the look alone, so that it may be shown again."""

    drill_wanted = Signal(str, str, str)
    """A page's id, the condition that leads there, and what people call the chosen row."""
    filter_wanted = Signal(str)
    """A condition to add to the filter."""
    page_wanted = Signal(str)
    """Another page on the same selection."""
    failed = Signal(str, str)
    """Cause and remedy."""
    work_wanted = Signal(str, object, object)
    """A title, work for a worker (it is given the job), and what takes its result."""
    told = Signal(str)
    """A word for the status bar: what was copied or saved."""
    sorted_by = Signal(str, bool)
    """The analyst chose an order: column and whether it descends."""
    tab_wanted = Signal(str)
    """Another part of the page."""
    window_wanted = Signal(object)
    """Another time window: (start, end) in ns since 1970 UTC (Qt's int is too small)."""
    export_wanted = Signal(object)
    """The rows in sight, or None: the analyst wants to hand over something."""
    content_wanted = Signal(int)
    """A row of descriptors: the analyst wants its bytes."""
    look_wanted = Signal(object)
    """A function from the look to another: how captures are shown; what emits it shows it already."""

    note_wanted = Signal(object, bool)
    """A note on an anchor; whether it goes into the report without a question."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scope: Scope | None = None
        self.noted = Noted()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)

    def adopt(self, part: QWidget) -> None:
        """Pass on what a part of the page wants, as if the page wanted it itself."""
        for name in _PASSED_ON:
            if hasattr(part, name):
                getattr(part, name).connect(getattr(self, name))

    def question(self, scope: Scope) -> Question:
        """What to work out for a selection; it runs on a worker and must not touch the page."""
        raise NotImplementedError

    def present(self, scope: Scope, answer: object) -> None:
        """Show what the question gave."""
        raise NotImplementedError

    def show_part(self, tab: str, sort: str, *, descending: bool) -> None:
        """Show a part of the page in an order; empty texts: the first part, its own order."""

    def show_noted(self, noted: Noted) -> None:
        """Other notes are in the case; a page that shows them draws them anew."""
        self.noted = noted

    def anchor(self) -> Anchor | None:
        """What a note is on that is written now: by default the page in its window."""
        if self.scope is None:
            return None
        page, title = self.scope.page, page_title(self.scope.page)
        condition = " and ".join(f"({one})" for one in self.scope.conditions)
        return page_anchor(
            self.scope.frames, AnchorKind.VIEW, page, title, condition=condition, window=self.scope.window
        )

    def begin_find(self) -> None:
        """Let the analyst search the page; pages without a search do nothing."""

    def ask_for_export(self) -> None:
        """Let the analyst hand over what the page shows; pages with a table offer its rows, too."""
        self.export_wanted.emit(None)

    def take_focus(self) -> None:
        """Give the keyboard to what the page is about."""
        self.setFocus()

    def refresh_theme(self) -> None:
        """Draw again what does not follow the palette by itself."""


class PageHead(QWidget):
    """A page's title, what it holds, and its own tools at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("PageHead")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title = ShortLabel("PageTitle", cut=Qt.TextElideMode.ElideMiddle)
        self._title.setFont(heading_font())
        self._note = ShortLabel("PageNote")
        self._note.setMinimumWidth(40)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(16, 9, 12, 9)
        self.row.setSpacing(10)
        self.row.addWidget(self._title)
        self.row.addWidget(self._note, 1)
        self.setFixedHeight(with_line(_HEIGHT))

    def tell(self, title: str, note: str, tip: str = "") -> None:
        """Replace title and note."""
        # A page that is hidden is told of another size of text too early for it to last.
        self._title.setFont(heading_font())
        self._title.tell(title)
        self._note.tell(note, tip)
        # A head that is filled while its page is hidden keeps the places of the texts before.
        self.row.invalidate()
        self.row.activate()

    def _fit(self) -> None:
        """Buttons without their texts where these would leave no room for the title."""
        buttons = [one for one in self.findChildren(ToolButton) if one.parent() is self and one.text()]
        margins, gaps = self.row.contentsMargins(), self.row.spacing() * self.row.count()
        tools = [
            item.widget() for item in map(self.row.itemAt, range(2, self.row.count())) if item is not None
        ]
        others = sum(
            tool.sizeHint().width()
            for tool in tools
            if tool is not None and tool not in buttons and not tool.isHidden()
        )
        needed = others + gaps + margins.left() + margins.right() + self._title.minimumSizeHint().width()
        too_wide = needed + sum(one.full_width() for one in buttons) > self.width()
        for one in buttons:
            one.shorten(on=too_wide)

    @property
    def note(self) -> str:
        """What stands beside the title."""
        return self._note.full

    # Qt's own names from here on.

    def minimumSizeHint(self) -> QSize:
        """Buttons may lose their texts."""
        buttons = [one for one in self.findChildren(ToolButton) if one.parent() is self and one.text()]
        short = sum(one.sizeHint().width() - with_line(_SHORT_BUTTON) for one in buttons if not one.is_short)
        hint = super().minimumSizeHint()
        return QSize(hint.width() - short, hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer texts fit."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_title"):
            self.setFixedHeight(with_line(_HEIGHT))
            self._title.setFont(heading_font())


class EmptyState(QWidget):
    """What to say where there is nothing to show, and what might help: the first line, then the rest."""

    def __init__(self, drawing: str = "search", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing = drawing
        self._icon, self._title, self._note = QLabel(), plain_label("GroupTitle"), plain_label("PageNote")
        self._buttons = QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 20, 40, 40)
        column.setSpacing(8)
        column.addStretch(2)
        for label in (self._icon, self._title, self._note):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            column.addWidget(label)
        column.addLayout(self._buttons)
        column.addStretch(3)
        self.hide()

    def offer(self, title: str, call: Callable[[], object]) -> None:
        """A button under the words."""
        button = QPushButton(title)
        button.clicked.connect(lambda *_: call())
        self._buttons.addStretch(1)
        self._buttons.addWidget(button)
        self._buttons.addStretch(1)

    def tell(self, text: str) -> None:
        """Show a text; an empty one hides it all."""
        title, _, note = text.partition("\n")
        self._title.setText(title.removesuffix("."))
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._draw()
        self.setVisible(bool(text))

    def text(self) -> str:
        """What is said."""
        return "\n".join(filter(None, (self._title.text(), self._note.text())))

    def _draw(self) -> None:
        self._icon.setPixmap(icon(self._drawing, "strong_border").pixmap(icon_size(_EMPTY)))

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another theme, or another size of text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange) and hasattr(self, "_icon"):
            self._draw()
