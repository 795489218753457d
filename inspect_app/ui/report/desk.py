"""From the wish for a report to the file: asks, writes in the background, tells where it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QUrl
from PySide6.QtGui import QAction, QDesktopServices

from inspect_app.reports.writing import Written
from inspect_app.session.examiner_log import note
from inspect_app.ui.jobs import Job
from inspect_app.ui.plain import plain
from inspect_app.ui.preferences.paths import LOG, rule_files
from inspect_app.ui.report.dialog import ReportDialog
from inspect_app.ui.report.order import Order, fulfil
from inspect_app.views.format import format_bytes, format_count

if TYPE_CHECKING:
    from inspect_app.ui.window import MainWindow

_LANE = "report"


class ReportDesk:
    """Reports of the capture that is open."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def ask(self) -> ReportDialog | None:
        """Show the dialog; None where no capture is open."""
        frames, session = self._window.workspace.frames, self._window.workspace.session
        if frames is None:
            return None
        log = self._window.settings.path(LOG)
        dialog = ReportDialog(frames, session, self._case(), log, self._window)
        dialog.wanted.connect(self.write)
        dialog.open()
        return dialog

    def write(self, order: Order) -> None:
        """Build and write on a worker."""
        window = self._window
        frames = window.workspace.frames
        if frames is None:
            return
        captured = [Path(path) for path in window.growth.paths or (frames.path,)]
        rules = rule_files(window.settings)

        def work(job: Job) -> object:
            return fulfil(order, frames, captured, rules, job.report)

        window.jobs.start(
            _LANE,
            f"Writing {order.path.name}",
            work,
            lambda found: self._tell(cast(list[Written], found)),
            lambda error: window.tell_failure(error, f"Writing {plain(order.path.name)}"),
        )

    def _case(self) -> str:
        """The case file that the window writes to, empty where nothing is noted yet."""
        path = self._window.casebook.path
        return str(path) if path is not None and path.is_file() else ""

    def _tell(self, written: list[Written]) -> None:
        for one in written:
            note("exported", to=str(one.path), bytes=one.size, sha256=one.sha256)
        document, *beside = written
        more = f", and {format_count(len(beside), 'file')} beside it" if beside else ""
        told = f"The report is {document.path} ({format_bytes(document.size)}){more}."
        self._window.areas.banner.tell(
            plain(told), f"SHA-256 {document.sha256}", "done", self._ways(document.path)
        )

    def _ways(self, path: Path) -> list[QAction]:
        ways = []
        for title, target in (("Open", path), ("Open its folder", path.parent)):
            action = QAction(title, self._window)
            action.setToolTip(plain(str(target)))
            action.triggered.connect(
                lambda *_, target=target: QDesktopServices.openUrl(QUrl.fromLocalFile(str(target)))
            )
            ways.append(action)
        return ways
