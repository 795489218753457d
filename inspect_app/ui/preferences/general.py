"""Theme, size of text, clock, recent files, and the files and folders that are one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QWidget,
)

from inspect_app.session.look import CLOCKS, TEXT_PERCENTS, THEMES, Look
from inspect_app.ui.plain import plain
from inspect_app.ui.preferences.looks import Looks
from inspect_app.ui.preferences.path_line import PathLine, Wanted
from inspect_app.ui.preferences.paths import LOG, RULES, VIEWS, take_log, take_views
from inspect_app.ui.settings import RECENT_COUNTS, Settings
from inspect_app.ui.widgets import plain_label

_THEMES = ("As the system has it", "Dark", "Light")
_CLOCKS = ("From the start in lists of events, UTC in tables", "From the start", "UTC", "Local time")
_PATHS = (
    (LOG, "Examiner's log", "A file to which every step is appended; none is kept without it", Wanted.NEW),
    (VIEWS, "Views of your own", "A TOML or YAML file, or a folder of them", Wanted.FILE_OR_FOLDER),
    (RULES, "Rules in place of ours", "A YAML file, or a folder of them", Wanted.FILE_OR_FOLDER),
)


class GeneralPart(QWidget):
    """A line for each choice."""

    def __init__(self, settings: Settings, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings, self._looks = settings, looks
        self.theme = self._choice("Theme", _THEMES, lambda look, place: replace(look, theme=THEMES[place]))
        self.text = self._choice(
            "Size of text",
            [f"{percent} %" for percent in TEXT_PERCENTS],
            lambda look, place: replace(look, text_percent=TEXT_PERCENTS[place]),
        )
        self.clock = self._choice("Times", _CLOCKS, lambda look, place: replace(look, clock=CLOCKS[place]))
        self.recent = QComboBox()
        self.recent.setAccessibleName("Recent captures")
        self.recent.addItems([str(count) if count else "none" for count in RECENT_COUNTS])
        self.recent.setCurrentIndex(RECENT_COUNTS.index(settings.recent_count()))
        self.recent.activated.connect(lambda place: settings.set_recent_count(RECENT_COUNTS[place]))
        self.problem = plain_label("FilterMessage")
        self.problem.setProperty("state", "invalid")
        self.problem.setWordWrap(True)
        self.paths = {
            name: PathLine(title, tip, settings.path(name), wanted) for name, title, tip, wanted in _PATHS
        }
        form = QFormLayout(self)
        form.setContentsMargins(10, 16, 10, 10)
        form.setVerticalSpacing(12)
        form.setHorizontalSpacing(18)
        for title, widget in (
            ("&Theme", self.theme),
            ("&Size of text", self.text),
            ("T&imes", self.clock),
            ("&Recent captures", self.recent),
            ("Examiner's &log", self.paths[LOG]),
            ("&Views of your own", self.paths[VIEWS]),
            ("R&ules in place of ours", self.paths[RULES]),
        ):
            form.addRow(title, widget)
        form.addRow(self.problem)
        for name, line in self.paths.items():
            line.chosen.connect(lambda path, name=name: self._take_path(name, path))
        looks.changed.connect(self._show)
        self._show()

    def _choice(self, name: str, titles: Sequence[str], change: Callable[[Look, int], Look]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.addItems(list(titles))
        box.activated.connect(lambda place: self._looks.change(change(self._looks.look, place)))
        return box

    def _show(self) -> None:
        look = self._looks.look
        self.theme.setCurrentIndex(THEMES.index(look.theme))
        nearest = min(TEXT_PERCENTS, key=lambda percent: abs(percent - look.text_percent))
        self.text.setCurrentIndex(TEXT_PERCENTS.index(nearest))
        self.clock.setCurrentIndex(CLOCKS.index(look.clock))

    def _take_path(self, name: str, path: str) -> None:
        self._settings.set_path(name, path)
        problem = {LOG: take_log, VIEWS: take_views}.get(name, lambda _: "")(self._settings)
        self.problem.setText(plain(problem[:1].upper() + problem[1:]))
        if name == RULES:
            self._looks.paths_changed.emit()
