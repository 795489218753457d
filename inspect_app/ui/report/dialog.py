"""The dialog that asks for a report: for whom, of what, in which form; with what will be in it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from inspect_app.frames.capture import CaptureFrames
from inspect_app.reports.options import MEANINGS, MOST_ROWS, ROWS_SHOWN, ReportOptions, Template
from inspect_app.reports.writing import FORMS
from inspect_app.session import Session
from inspect_app.ui.fonts import scaled
from inspect_app.ui.plain import plain
from inspect_app.ui.preferences.path_line import PathLine
from inspect_app.ui.report.order import Order, notes_told
from inspect_app.ui.report.parts import ContainerList, PartList
from inspect_app.ui.widgets import Heading, plain_label

_TEMPLATES = tuple(Template)
_NAMES = {
    Template.EXECUTIVE: "Executive",
    Template.TECHNICAL: "Technical",
    Template.CONTAINER: "Container",
}
_ENDINGS = tuple(FORMS)


class ReportDialog(QDialog):
    """What is asked for at the left, what will be in it at the right."""

    wanted = Signal(object)
    """An Order."""

    def __init__(
        self, frames: CaptureFrames, session: Session, case: str, log: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Report")
        self._frames, self._session = frames, session
        self.template = _combo("For whom", [_NAMES[one] for one in _TEMPLATES])
        self.meaning = plain_label("Muted")
        self.meaning.setWordWrap(True)
        self.meaning.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.title = QLineEdit()
        self.title.setAccessibleName("Title")
        self.title.setPlaceholderText("A title of the report's own")
        self.form = _combo("Form", [f"{FORMS[name]} (.{name})" for name in _ENDINGS])
        self.rows = QSpinBox()
        self.rows.setRange(1, MOST_ROWS)
        self.rows.setValue(ROWS_SHOWN)
        self.rows.setAccessibleName("Rows of a table")
        self.narrowed = QCheckBox("Only the window and the filter that are set")
        self.case = PathLine(
            "Case file", "Its notes chosen for the report make the timeline; none chosen: all of them", case
        )
        self.log = PathLine("Examiner's log", "What was opened, looked at and exported", log)
        self.containers = ContainerList(frames)
        self.parts = PartList()
        self.told = plain_label("Muted")
        self.told.setWordWrap(True)
        self.template.setCurrentIndex(_TEMPLATES.index(Template.TECHNICAL))
        is_narrow = session.window is not None or bool(session.conditions())
        self.narrowed.setChecked(is_narrow)
        self.narrowed.setEnabled(is_narrow)
        self._lay_out()
        self._connect()
        self._notes = ""
        self._show_template()
        self._count_notes()

    @property
    def options(self) -> ReportOptions:
        """What is asked for."""
        session = self._session if self.narrowed.isChecked() else Session()
        return ReportOptions(
            template=_TEMPLATES[self.template.currentIndex()],
            title=self.title.text().strip(),
            sections=self.parts.chosen(),
            containers=self.containers.chosen(),
            rows=self.rows.value(),
            session=Session(window=session.window, filter=" and ".join(_wrapped(session))),
        )

    def order_for(self, path: Path) -> Order:
        """What is asked for, to be written into a file."""
        case, log = (line.edit.text().strip() for line in (self.case, self.log))
        return Order(self.options, path, Path(case) if case else None, Path(log) if log else None)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(10)
        form.setHorizontalSpacing(16)
        for title, widget in (
            ("For &whom", self.template),
            ("", self.meaning),
            ("&Title", self.title),
            ("&Form", self.form),
            ("&Rows of a table", self.rows),
            ("", self.narrowed),
            ("&Case file", self.case),
            ("Examiner's &log", self.log),
            ("C&ontainers", self.containers),
        ):
            form.addRow(title, widget)
        right = QVBoxLayout()
        right.setSpacing(8)
        heading = plain_label("", "What will be in it")
        heading.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        right.addWidget(heading)
        right.addWidget(self.parts, 1)
        right.addWidget(self.told)
        columns = QHBoxLayout()
        columns.setSpacing(22)
        columns.addLayout(form, 3)
        columns.addLayout(right, 2)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.write = self.buttons.addButton("Write …", QDialogButtonBox.ButtonRole.AcceptRole)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(12)
        column.addWidget(Heading("Report"))
        column.addLayout(columns, 1)
        column.addWidget(self.buttons)
        self.resize(scaled(980), scaled(620))

    def _connect(self) -> None:
        self.template.currentIndexChanged.connect(lambda _: self._show_template())
        self.parts.changed.connect(self._show_counts)
        self.containers.changed.connect(self._show_counts)
        self.narrowed.toggled.connect(lambda _: self._show_counts())
        self.case.edit.textChanged.connect(lambda _: self._count_notes())
        self.buttons.rejected.connect(self.reject)
        self.buttons.accepted.connect(self._ask_for_place)

    def _show_template(self) -> None:
        template = _TEMPLATES[self.template.currentIndex()]
        self.meaning.setText(MEANINGS[template])
        self.parts.show_template(template)
        self._show_counts()

    def _count_notes(self) -> None:
        case = self.case.edit.text().strip()
        self._notes = notes_told(Path(case), self._frames) if case else ""
        self._show_counts()

    def _show_counts(self) -> None:
        options = self.options
        frames = self._frames
        several = len(options.containers) or int((~frames.is_host).sum())
        told = [f"{len(options.chosen):,} sections", f"{several:,} containers"]
        told += [self._notes] if self._notes else []
        if options.session.window is not None or options.session.filter:
            told.append("of the window and filter that are set")
        self.told.setText(plain(", ".join(told)))
        self.write.setEnabled(bool(options.chosen))

    def _ask_for_place(self) -> None:
        ending = _ENDINGS[self.form.currentIndex()]
        suggested = Path(self._frames.path).with_suffix(f".report.{ending}")
        kinds = f"{FORMS[ending]} (*.{ending})"
        path, _kind = QFileDialog.getSaveFileName(self, "Write the report", str(suggested), kinds)
        if path:
            chosen = Path(path)
            self.order(chosen if chosen.suffix else chosen.with_suffix(f".{ending}"))

    def order(self, path: Path) -> None:
        """Hand over what is asked for, and go."""
        self.wanted.emit(self.order_for(path))
        self.accept()


def _wrapped(session: Session) -> list[str]:
    conditions = session.conditions()
    return [f"({one})" for one in conditions] if len(conditions) > 1 else list(conditions)


def _combo(name: str, titles: list[str]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.addItems(titles)
    return box
