"""The list of events as a table: which columns it has, and how wide they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from inspect_app.ui.event_model import ARGUMENTS, COLUMNS, PROCESS, WHEN, EventModel
from inspect_app.ui.table_view import GridView

_WIDEST, _ARGUMENTS_WIDTH = 150, 320
_SPREAD = 60
"""Lines of all of a list that are measured for their processes."""
_SIGN = "MM"
"""As wide as the sign of a colour rule."""


class EventGrid(GridView):
    """Every event has the same columns, so all lists of a capture look alike."""

    columns_chosen = Signal(object)
    """The titles that are shown now."""

    def __init__(self, refit: Callable[[], object], parent: QWidget | None = None) -> None:
        """`refit` is called where other columns are shown."""
        super().__init__(parent)
        self.setAccessibleName("Events")
        self.columns_menu = QMenu(self)
        self._refit = refit

    def show_columns(self, chosen: Sequence[str]) -> None:
        """Show columns by their titles; all where none is named."""
        chosen = chosen or tuple(title for title, *_ in COLUMNS)
        self.columns_menu.clear()
        for section, (title, _, meaning) in enumerate(COLUMNS):
            self.setColumnHidden(section, title not in chosen)
            action = self.columns_menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(title in chosen)
            action.setToolTip(meaning)
            action.toggled.connect(lambda on, section=section: self._toggle_column(section, on=on))

    def fit(self, model: EventModel, highest: int) -> None:
        """Make columns wide enough for a list, of which one event has the `highest` row."""
        # The first lines often are of one process.
        count = model.rowCount()
        spread = np.linspace(0, count - 1, min(_SPREAD, count)).astype(int).tolist()
        names = [model.text(line, PROCESS) for line in spread]
        number = f"{highest + 1:,}{_SIGN}"
        self.fit_columns(
            model.text,
            _WIDEST,
            extra=(number, "", "", max(names, key=len, default="")),
            whole=(WHEN, PROCESS),
        )
        if not self.is_by_hand(ARGUMENTS):
            self.take_widths({ARGUMENTS: _ARGUMENTS_WIDTH})

    def _toggle_column(self, section: int, *, on: bool) -> None:
        self.setColumnHidden(section, not on)
        shown = tuple(title for place, (title, *_) in enumerate(COLUMNS) if not self.isColumnHidden(place))
        if not shown:
            self.setColumnHidden(section, False)
        self._refit()
        self.columns_chosen.emit(shown)
