"""The capture in figures: where, when, how much, and what is missing."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from inspect_app.analysis.recordings import MOVED
from inspect_app.analysis.summary import Summary
from inspect_app.ui.chips import shortened
from inspect_app.ui.fonts import scaled, text_font
from inspect_app.ui.plain import plain
from inspect_app.ui.widgets import plain_label
from inspect_app.views.format import format_compact, format_count, format_duration, format_time

_UNKNOWN = "not recorded"
LOSS_TIP = "A .scap file does not tell what its recorder lost."
_TOLD_OF_SEVERAL = ("Recording", "Recordings", "Copies")


class SummaryCard(QFrame):
    """Pairs of names and values in two columns."""

    HEIGHT = 142
    WIDTH = 452

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Card")
        self._title = plain_label()
        self._note = plain_label("Muted")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(3, 1)
        self._values: dict[str, QLabel] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(3)
        column.addWidget(self._title)
        column.addWidget(self._note)
        column.addSpacing(5)
        column.addLayout(self._grid)
        column.addStretch(1)
        self._column = column
        self._measure()

    def _measure(self) -> None:
        """As wide as always, or as its figures need: they are not to be cut."""
        self._title.setFont(text_font(17, bold=True))
        self._column.activate()
        needed = self._column.minimumSize().width()
        self.setFixedSize(max(scaled(self.WIDTH), needed), scaled(self.HEIGHT))

    def show_summary(self, summary: Summary) -> None:
        """Replace all values."""
        self._title.setText(shortened(plain(summary.hostname), 36) or "Host not recorded")
        cpus = format_count(summary.cpus, "CPU") if summary.cpus else ""
        if summary.hosts > 1:
            self._title.setText(shortened(f"{summary.hosts} hosts: {plain(summary.hostname)}", 36))
        parts = [f"Linux {plain(summary.kernel)}" if summary.kernel else "", plain(summary.machine), cpus]
        self._note.setText(
            shortened("  ·  ".join(part for part in parts if part) or "kernel not recorded", 60)
        )
        if summary.filter:
            self._note.setText(shortened(f"Recorded with a filter: {plain(summary.filter)}", 60))
        told = [f"Recorded with a filter: {summary.filter}"] if summary.filter else []
        clocks = [text for title, text in summary.provenance if title in _TOLD_OF_SEVERAL]
        if clocks:
            moved = sum(MOVED in text for text in clocks)
            clock = f"{format_count(moved, 'clock')} put right" if moved else "clocks as recorded"
            self._note.setText(f"{summary.part}  ·  {clock}" if summary.part else clocks[0])
        self._note.setToolTip("\n".join(plain(line) for line in (*told, *clocks)))
        missing, counted = summary.unseen_events, summary.counted
        unseen = [format_count(missing)] if missing else []
        unseen += [f"{format_compact(counted)} only counted"] if counted else []
        unseen += [f"{format_compact(summary.left_out)} left out"] if summary.left_out else []
        nothing = "none" if summary.tells_loss else "not told"
        rows = (
            ("Recorded", _moment(summary.started_ns), "Events", format_count(summary.events)),
            ("Lasted", _span(summary.span_ns), "Not seen", ", ".join(unseen) or nothing),
            (
                "Processes",
                _alive(summary.processes, summary.processes_ended),
                "Threads",
                f"{summary.threads:,}",
            ),
            ("Containers", _alive(summary.containers, summary.containers_dead), "File", summary.state.state),
        )
        for line, (left, left_value, right, right_value) in enumerate(rows):
            self._put(line, 0, left, left_value)
            self._put(line, 2, right, right_value)
        self._values["File"].setToolTip(summary.state.detail)
        self._values["Not seen"].setToolTip("" if summary.tells_loss else LOSS_TIP)
        self._mark("Not seen", bad=missing + counted > 0)
        self._mark("File", bad=summary.state.state != "whole")
        self._measure()

    def value(self, name: str) -> str:
        """What stands beside a name."""
        return self._values[name].text()

    def _put(self, line: int, column: int, name: str, value: str) -> None:
        label = self._values.get(name)
        if label is None:
            label = self._values[name] = plain_label()
            for widget, place in ((plain_label("Muted", name), column), (label, column + 1)):
                self._grid.addWidget(widget, line, place)
                # A layout shows what is new to it later, and reckons without it until then.
                widget.show()
        label.setText(value)
        label.setAccessibleName(f"{name}: {value}")

    def _mark(self, name: str, *, bad: bool) -> None:
        font = self._values[name].font()
        font.setBold(bad)
        self._values[name].setFont(font)

    # Qt's own names from here on.

    def changeEvent(self, event: QEvent) -> None:
        """Another size of text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure()


def _moment(nanoseconds: int | None) -> str:
    return _UNKNOWN if nanoseconds is None else format_time(nanoseconds, digits=0)


def _span(nanoseconds: int | None) -> str:
    return _UNKNOWN if nanoseconds is None else format_duration(nanoseconds)


def _alive(total: int, ended: int) -> str:
    return f"{total:,}, {ended:,} ended" if ended else f"{total:,}"
