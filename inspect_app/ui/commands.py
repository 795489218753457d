"""What each command of the table does to the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from inspect_app.ui.actions import COMMANDS
from inspect_app.ui.theme import ThemeName
from inspect_app.ui.workspace import (
    COMPARE,
    EVENTS,
    FINDINGS,
    MOMENT,
    NOTES,
    OVERVIEW,
    SPECTROGRAM,
    STREAMS,
    TREE,
)

if TYPE_CHECKING:
    from inspect_app.ui.window import MainWindow


class Commands:
    """Runs commands by their id."""

    ALWAYS = frozenset(command.id for command in COMMANDS if not command.needs_capture)
    """What can be done while no capture is open."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def run(self, name: str) -> None:
        """Do one thing."""
        self._table()[name]()

    def _table(self) -> dict[str, Callable[[], object]]:
        window, workspace, areas = self._window, self._window.workspace, self._window.areas
        return {
            "open": window.opener.ask_for_file,
            "open_folder": window.opener.ask_for_folder,
            "new_window": window.open_window,
            "save_session": window.sharing.ask_for_place_to_save,
            "copy_link": window.sharing.copy_link,
            "copy_command": window.sharing.copy_command,
            "paste_link": window.sharing.paste_link,
            "sample": window.opener.open_sample,
            "export": self._export,
            "report": window.reports.ask,
            "quit": window.close,
            "back": workspace.back,
            "forward": workspace.forward,
            "up": workspace.up,
            "overview": lambda: self._go(OVERVIEW),
            "streams": lambda: self._go(STREAMS),
            "events": lambda: self._go(EVENTS),
            "tree": lambda: self._go(TREE),
            "moment": lambda: self._go(MOMENT),
            "findings": lambda: self._go(FINDINGS),
            "notes": lambda: self._go(NOTES),
            "case_new": window.case_menu.new,
            "case_open": window.case_menu.open,
            "case_save_as": window.case_menu.save_as,
            "case_merge": window.case_menu.merge,
            "import_findings": window.case_menu.take_findings,
            "add_note": window.case_menu.note_here,
            "add_to_report": window.case_menu.report_here,
            "undo": window.casebook.undo,
            "redo": window.casebook.redo,
            "spectrogram": lambda: self._go(SPECTROGRAM),
            "compare": lambda: self._go(COMPARE),
            "next_view": lambda: areas.side.step(1),
            "previous_view": lambda: areas.side.step(-1),
            "filter": areas.filter.begin,
            "find": self._find,
            "clear_filter": lambda: workspace.remove_chip("filter"),
            "clear_window": lambda: workspace.remove_chip("window"),
            "reload": window.growth.reload,
            "follow": lambda: window.growth.follow(on=window.actions_by_id["follow"].isChecked()),
            "focus_time": areas.strip.setFocus,
            "zoom_window": areas.strip.zoom_to_window,
            "unpin_all": window.pins.clear,
            "theme_system": lambda: window.looks.set_theme(ThemeName.SYSTEM),
            "theme_dark": lambda: window.looks.set_theme(ThemeName.DARK),
            "theme_light": lambda: window.looks.set_theme(ThemeName.LIGHT),
            "larger_text": lambda: window.looks.resize_text(1),
            "smaller_text": lambda: window.looks.resize_text(-1),
            "usual_text": lambda: window.looks.resize_text(0),
            "colour_rules": lambda: window.show_preferences("Colour rules"),
            "profiles": lambda: window.show_preferences("Profiles"),
            "preferences": window.show_preferences,
            "palette": window.show_palette,
            "tour": window.show_tour,
            "shortcuts": window.show_shortcuts,
            "crash_log": window.show_crash_log,
            "about": window.show_about,
        }

    def _find(self) -> None:
        self._window.book.current.begin_find()

    def _go(self, page: str) -> None:
        self._window.workspace.turn_to(page)

    def _export(self) -> None:
        self._window.book.current.ask_for_export()
