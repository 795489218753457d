"""The main window: wires the workspace to the areas around the page in the middle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow, QMenuBar

from inspect_app.filters.language import parse
from inspect_app.frames.capture import CaptureFrames
from inspect_app.session import Session
from inspect_app.session.crash_log import CrashLog
from inspect_app.session.examiner_log import note
from inspect_app.session.look import Look
from inspect_app.ui.about.dialog import AboutDialog
from inspect_app.ui.actions import build_actions, fill_menus, refresh_icons
from inspect_app.ui.areas import Areas
from inspect_app.ui.book import Book
from inspect_app.ui.case_menu import CaseMenu
from inspect_app.ui.casebook import CaseBook
from inspect_app.ui.command_palette import CommandPalette
from inspect_app.ui.commands import Commands
from inspect_app.ui.completion_feed import CompletionFeed
from inspect_app.ui.crash_dialog import CrashLogDialog
from inspect_app.ui.exporting.exporter import Exporter
from inspect_app.ui.findings_feed import FindingsFeed
from inspect_app.ui.growth import Growth, Sizes, as_growing
from inspect_app.ui.header import TitleArea
from inspect_app.ui.help import ShortcutsDialog
from inspect_app.ui.icons import app_icon
from inspect_app.ui.jobs import Jobs
from inspect_app.ui.loader import EXPECTED, explain
from inspect_app.ui.opener import Opener
from inspect_app.ui.pins import Pins
from inspect_app.ui.places import entries_for, palette_choices
from inspect_app.ui.plain import plain
from inspect_app.ui.preferences.dialog import PreferencesDialog
from inspect_app.ui.preferences.looks import Looks
from inspect_app.ui.preferences.paths import rule_files
from inspect_app.ui.report.desk import ReportDesk
from inspect_app.ui.scope import Scope
from inspect_app.ui.settings import Settings
from inspect_app.ui.sharing import Sharing
from inspect_app.ui.strip_feed import StripFeed
from inspect_app.ui.strip_menu import build_strip_menu
from inspect_app.ui.tour import TourDialog
from inspect_app.ui.workspace import EVENTS, MOMENT, Workspace

_WINDOWS: set[QMainWindow] = set()
"""Windows beyond the first."""


class MainWindow(QMainWindow):
    """One window on one capture."""

    def __init__(self, settings: Settings | None = None, looks: Looks | None = None) -> None:
        super().__init__()
        self.settings = settings or Settings()
        self.looks = looks or Looks(self.settings)
        self.crash_log = CrashLog()
        self.jobs = Jobs(self)
        self.workspace = Workspace(self)
        self.workspace.look = self.looks.look
        self.growth = Growth(self.jobs, self)
        self.opener = Opener(self)
        self.sharing = Sharing(self)
        self.reports = ReportDesk(self)
        self.exporter = Exporter(self)
        self.pins = Pins(self.jobs, self._fail_quietly, self)
        self.casebook = CaseBook(self.jobs, self.settings, self)
        self.case_menu = CaseMenu(self)
        self.actions_by_id = build_actions(self, Commands(self).run)
        menu_bar = QMenuBar()
        self.recent_menu = fill_menus(menu_bar, self.actions_by_id)
        self.recent_menu.aboutToShow.connect(lambda: self.opener.fill_recent(self.recent_menu))
        moves = [self.actions_by_id[name] for name in ("back", "forward", "up")]
        self.title = TitleArea(menu_bar, moves)
        self.areas = Areas(self, self.title, lambda parent: Book(self.jobs, self._fail, parent), parse)
        self.book = self.areas.book
        self.feed = StripFeed(self.jobs, self.areas.strip, self._fail_quietly)
        self.findings = FindingsFeed(self.jobs, self)
        self.completions = CompletionFeed(self.jobs, self)
        self.book.findings.files = rule_files(self.settings)
        self._connect()
        self.case_menu.connect()
        self.setWindowTitle("Exhume")
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self.restoreGeometry(self.settings.geometry())
        self._show_place()

    def open_path(self, path: str, *more: str) -> None:
        """Open a file, the folder of a set, or with `more` the files of one, on a worker."""
        self.opener.open(path, *more)

    def open_frames(
        self, frames: CaptureFrames, paths: Sequence[str] = (), sizes: Sizes = (), *, grows: bool = False
    ) -> None:
        """Show a capture that is loaded already; from `paths`, of which `sizes` were read.

        `grows` says that they were being written to meanwhile.
        """
        self.workspace.open(as_growing(frames, grows=grows))
        self.growth.watch(paths, sizes, frames, grows=grows)

    def open_window(self) -> MainWindow:
        """Another window, at the same place in the same capture; each then goes its own way."""
        other = MainWindow(self.settings, self.looks)
        other.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        # Nobody else holds it.
        _WINDOWS.add(other)
        other.destroyed.connect(lambda *_: _WINDOWS.discard(other))
        other.move(self.pos().x() + 40, self.pos().y() + 40)
        other.show()
        if self.workspace.frames is not None:
            other.open_frames(self.workspace.frames)
            other.workspace.go(self.workspace.session)
        return other

    def show_palette(self) -> None:
        """The command palette."""
        CommandPalette(palette_choices(self), self).show_over(self)

    def show_shortcuts(self) -> None:
        """The list of keys."""
        ShortcutsDialog(self).show()

    def show_tour(self) -> None:
        """Five steps beside the window; where nothing is open, on the sample."""
        if self.workspace.frames is None:
            self.opener.open_sample()
        TourDialog(self._run_if_open, self).show()

    def _run_if_open(self, command: str) -> None:
        """The first step comes before the sample is there, which opens where that step leads."""
        if self.workspace.frames is not None:
            self.actions_by_id[command].trigger()

    def show_crash_log(self) -> None:
        """What failed so far; it is never sent anywhere."""
        CrashLogDialog(self.crash_log, self).show()

    def show_about(self) -> None:
        """Which versions these are."""
        AboutDialog(self).show()

    def show_preferences(self, part: str = "") -> None:
        """What an analyst chooses once."""
        PreferencesDialog(self.settings, self.looks, self, part).show()

    def tell_failure(self, error: Exception, doing: str) -> None:
        """Show what went wrong, and leave the rest as it is."""
        self._fail(error, doing)

    def _connect(self) -> None:
        workspace, areas = self.workspace, self.areas
        workspace.opened.connect(self._on_opened)
        workspace.renewed.connect(self._on_renewed)
        workspace.moved.connect(self._show_place)
        self.growth.changed.connect(self._show_state)
        self.growth.grew.connect(self._offer_reload)
        self.growth.renewed.connect(lambda _: areas.banner.hide_warning())
        self.growth.renewed.connect(workspace.renew)
        self.growth.ended.connect(lambda: areas.status.tell("The recording has ended: all of it is shown"))
        self.growth.failed.connect(lambda error: self._fail(error, "Reading the file again"))
        self.title.open_clicked.connect(self.opener.ask_for_file)
        self.title.palette_clicked.connect(self.show_palette)
        areas.path.crumb_clicked.connect(workspace.go_to_crumb)
        areas.path.chip_removed.connect(workspace.remove_chip)
        areas.side.page_chosen.connect(workspace.turn_to)
        areas.filter.applied.connect(self._apply_filter)
        areas.filter.left.connect(self.book.take_focus)
        areas.filter.completion_wanted.connect(self._complete)
        areas.strip.window_changed.connect(lambda window, final: workspace.set_window(window, final=final))
        areas.strip.view_changed.connect(lambda *_: self._measure_pins())
        areas.strip.unpinned.connect(self.pins.toggle)
        areas.strip.clicked.connect(self._on_moment)
        areas.strip.menu_wanted.connect(lambda moment, place: build_strip_menu(self, moment).popup(place))
        self.book.presented.connect(self._show_mark)
        areas.progress.cancelled.connect(self._cancel)
        areas.welcome.open_clicked.connect(self.opener.ask_for_file)
        areas.welcome.path_chosen.connect(self.open_path)
        areas.welcome.sample_wanted.connect(self.opener.open_sample)
        areas.welcome.tour_wanted.connect(self.show_tour)
        self.pins.changed.connect(self._show_pins)
        self.pins.measured.connect(areas.strip.set_lanes)
        self._connect_book()
        self.feed.counted.connect(areas.status.show_counts)
        self.findings.marked.connect(lambda marks: areas.strip.set_marks("findings", marks))
        self.findings.counted.connect(self.book.overview.severity.show_counts)
        self.findings.finding_wanted.connect(lambda condition, rule: workspace.drill(EVENTS, condition, rule))
        self.book.findings.files_changed.connect(self._look_for_findings)
        self.completions.found.connect(areas.filter.show_completions)
        self.completions.failed.connect(lambda error: self._fail(error, "Completing the filter"))
        self.jobs.slow.connect(areas.progress.tell)
        self.jobs.settled.connect(areas.progress.hide)

    def _connect_book(self) -> None:
        workspace, areas = self.workspace, self.areas
        self.book.drill_wanted.connect(workspace.drill)
        self.book.filter_wanted.connect(workspace.add_filter)
        self.book.page_wanted.connect(workspace.turn_to)
        self.book.tab_wanted.connect(lambda tab: workspace.go(workspace.session.with_tab(tab)))
        self.book.window_wanted.connect(lambda window: workspace.set_window(window, final=True))
        self.book.sorted_by.connect(
            lambda column, down: workspace.go(workspace.session.with_sort(column, descending=down))
        )
        self.book.pin_toggled.connect(self.pins.toggle)
        self.book.look_wanted.connect(self._keep_look)
        self.looks.changed.connect(self._show_look)
        self.looks.paths_changed.connect(self._take_rules)
        self.book.export_wanted.connect(self.exporter.ask)
        self.book.content_wanted.connect(self.exporter.ask_for_content)
        self.book.told.connect(areas.status.tell)
        self.book.failed.connect(areas.banner.tell)

    def _on_opened(self) -> None:
        frames, scope = self.workspace.frames, self.workspace.scope()
        if frames is None or scope is None:
            return
        note("opened", file=frames.path, digests=frames.host.get("digests"), state=frames.state.detail)
        self.areas.show_capture(frames, scope.span)
        self.book.forget()
        self.pins.clear()
        self.findings.clear()
        self.casebook.attach(frames)
        if frames.state.state != "whole":
            self.areas.banner.tell(plain(frames.state.detail), "What could be read is shown.", "warning")
        self.sharing.arrive()

    def _on_renewed(self) -> None:
        """The capture has grown: the same place in it, and what is being typed stays."""
        frames, scope = self.workspace.frames, self.workspace.scope()
        if frames is not None and scope is not None:
            self.areas.renew(frames, scope.span)
            self.casebook.attach(frames)
            self._show_state()
            self._show_answers(scope)

    def _show_state(self) -> None:
        """Whether the capture is whole, being written, or followed."""
        frames, growth, follow = self.workspace.frames, self.growth, self.actions_by_id["follow"]
        if frames is None:
            return
        follow.setChecked(growth.following)
        follow.setEnabled(growth.goes_on)
        shown = growth.state
        if shown.state != frames.state.state:
            # What is shown of the file says the same: strip, overview.
            self.workspace.renew(replace(frames, state=shown))
            return
        self.title.show_state(shown, followed=growth.following)
        self.setWindowTitle(f"{plain(Path(frames.path).name)} ({shown.state}) — Exhume")

    def _offer_reload(self) -> None:
        actions = [self.actions_by_id[name] for name in ("reload", "follow")]
        self.areas.banner.tell(
            "The file has grown since it was read.", "Reload it, or follow it.", "warning", actions
        )

    def _show_place(self) -> None:
        """Everything around the page, and the page itself, for where the analyst is now."""
        scope, session = self.workspace.scope(), self.workspace.session
        self.areas.show_started(started=scope is not None, recent=self.settings.recent_files())
        history = self.workspace.history
        for name, action in self.actions_by_id.items():
            action.setEnabled(scope is not None or name in Commands.ALWAYS)
        self.actions_by_id["follow"].setEnabled(self.growth.goes_on)
        if scope is None:
            return
        self.case_menu.show_actions()
        self.actions_by_id["back"].setEnabled(bool(history.past))
        self.actions_by_id["forward"].setEnabled(bool(history.future))
        self.areas.side.show_entries(entries_for(scope.key), session.page.partition("/")[0])
        self.areas.filter.show_filter(session.filter, self.settings.filters())
        self._show_answers(scope)

    def _show_answers(self, scope: Scope) -> None:
        """The path, the strip and the page for a selection."""
        session = self.workspace.session
        self._note(session)
        self.areas.path.show_path(self.workspace.crumbs(), self.workspace.chips())
        window = session.window
        self.areas.strip.set_window((window.start_ns, window.end_ns) if window is not None else None)
        self.feed.show(scope)
        self._look_for_findings()
        self.book.show_place(scope, session)
        self._measure_pins()

    def _look_for_findings(self) -> None:
        scope = self.workspace.scope()
        if scope is not None:
            self.findings.show(scope, self.book.findings.files)

    def _note(self, session: Session) -> None:
        """Where the analyst is, for the log; not while a window is dragged."""
        if session == self.workspace.history.current:
            span = session.window
            window = None if span is None else [span.start_ns, span.end_ns]
            note("looked at", page=session.page, conditions=session.conditions(), window=window)

    def _keep_look(self, change: object) -> None:
        """A page was arranged in another way, and shows it already."""
        self.looks.keep(cast(Callable[[Look], Look], change))
        self.workspace.look = self.looks.look

    def _take_rules(self) -> None:
        self.book.findings.use(rule_files(self.settings))

    def _show_look(self) -> None:
        """The same place, shown in another way."""
        self.workspace.look = self.looks.look
        self.book.ask_again()
        self._show_place()

    def _on_moment(self, moment: int) -> None:
        """A click on the strip asks for the state then, where the state is what is shown."""
        if self.book.current is self.book.moment:
            self.workspace.turn_to(f"{MOMENT}/{moment}")

    def _show_mark(self, page: str) -> None:
        if self.book.current is self.book.findings:
            # What the page found in a large capture is known now.
            self._look_for_findings()
        about_a_moment = self.book.current is self.book.moment
        self.areas.strip.set_mark(self.book.moment.time if about_a_moment else None)

    def _apply_filter(self, text: str) -> None:
        if text:
            self.settings.add_filter(text)
        self.workspace.go(self.workspace.session.with_filter(text))
        self.book.take_focus()

    def _complete(self, text: str, cursor: int) -> None:
        if self.workspace.frames is not None:
            self.completions.ask(text, cursor, self.workspace.frames)

    def _show_pins(self) -> None:
        self.book.overview.show_pinned(self.pins.colours)
        self._measure_pins()

    def _measure_pins(self) -> None:
        scope = self.workspace.scope()
        if scope is not None:
            self.pins.measure(scope, self.areas.strip.view_range, self.areas.strip.bins())

    def _cancel(self) -> None:
        self.jobs.cancel_all()
        self.areas.progress.hide()
        self.areas.status.tell("Cancelled")

    def _fail(self, error: Exception, doing: str = "Showing this page") -> None:
        if isinstance(error, EXPECTED):
            self.areas.banner.tell(*explain(error, doing))
        else:
            self.crash_log.record(doing, error)
            self.areas.banner.tell(*explain(error, doing), "error", [self.actions_by_id["crash_log"]])

    def _fail_quietly(self, error: Exception) -> None:
        """The page tells the same; one banner is enough."""
        if not self.areas.banner.isVisible():
            self._fail(error)

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Drawn icons do not follow the palette by themselves."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "feed"):
            refresh_icons(self.actions_by_id)
            self.areas.refresh_theme()
            self.book.refresh_theme()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file, the files of a set or their folder may be dropped anywhere."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """All that was dropped is opened as one recording."""
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.open_path(*paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Workers end before the window does."""
        self.settings.set_geometry(self.saveGeometry())
        self.growth.stop()
        self.jobs.close()
        self.casebook.finish()
        self.areas.status.clearMessage()
        # What was about to be asked has nobody to be shown to.
        for timer in self.findChildren(QTimer):
            timer.stop()
        super().closeEvent(event)
