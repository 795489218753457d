"""What detection rules found in the selection, and what became of each rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from inspect_app.cases import Anchor, AnchorKind, Triage, TriageState
from inspect_app.cases.anchors import finding_anchor
from inspect_app.cases.noted import Noted
from inspect_app.rules.built_in import built_in_rules
from inspect_app.rules.explanation import explained
from inspect_app.rules.run import Outcome, Run, State, read_rules, run_rules
from inspect_app.rules.tables import MAX_FINDINGS, findings_table, rules_table
from inspect_app.rules.whole import whole_run
from inspect_app.ui.jobs import Job
from inspect_app.ui.pages.page import Question
from inspect_app.ui.pages.tabbed import TabbedPage
from inspect_app.ui.pages.why_panel import WhyPanel
from inspect_app.ui.plain import plain
from inspect_app.ui.row_menu import MenuBuilder
from inspect_app.ui.scope import Scope
from inspect_app.ui.table_model import prepare
from inspect_app.ui.tabs import Tab
from inspect_app.ui.widgets import tool_button
from inspect_app.views.format import format_count

_NOTHING = "No rule found anything in this selection.\nThe tab Rules tells which of them were run."
_SUFFIXES = "Rules (*.yaml *.yml);;All files (*)"


_JUDGEMENTS = (
    (TriageState.CONFIRMED, "Confirm the finding", "check"),
    (TriageState.DISMISSED, "Dismiss the finding …", "close"),
    (TriageState.OPEN, "Leave the finding open", "clock"),
)


@dataclass(frozen=True, eq=False)
class FindingsAnswer:
    """What the worker hands over."""

    run: Run
    tabs: tuple[Tab, ...]


class FindingsPage(TabbedPage):
    """A tab for what was found, one for the rules; our own rules, or files that the analyst chose."""

    KEEPS = False

    files_changed = Signal()
    """Other rules are to be run."""

    judged = Signal(object, str)
    """A finding's anchor, and what is to be held of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.files: tuple[Path, ...] = ()
        self.answer: FindingsAnswer | None = None
        self.tables.panel.anchor_of = self._anchor_of
        self.tables.panel.more_entries = self._add_entries
        self._own = tool_button("Our own rules", "check", "Run the rules that come with Exhume", self.use_own)
        self._choose = tool_button(
            "Choose rules …",
            "open",
            "Run files of rules, Falco's and Sigma's too; later ones tune earlier",
            self.choose,
        )
        for button in (self._own, self._choose):
            self.head.row.addWidget(button)
        self.column.addWidget(self.head)
        self.column.addWidget(self.tables, 1)
        self.why = WhyPanel()
        self.column.addWidget(self.why)
        self.tables.panel.line_changed.connect(self._explain)

    def question(self, scope: Scope) -> Question:
        """Run the rules over the selection."""
        files, triage = self.files, self.noted.triage

        def work(job: Job) -> object:
            def progress(done: int, total: int) -> None:
                job.check()
                job.report(done, total)

            if scope.window is None and not scope.conditions:
                run = whole_run(scope.frames, files, progress)
            else:
                rules = read_rules(files) if files else built_in_rules()
                run = run_rules(rules, scope.frames, among=scope.select(), progress=progress)
            return _answer(run, scope, triage)

        return work

    def show_noted(self, noted: Noted) -> None:
        """What is held of findings has changed: the same findings, told anew."""
        is_other = noted.triage != self.noted.triage
        super().show_noted(noted)
        scope, answer = self.scope, self.answer
        if not is_other or scope is None or answer is None:
            return
        line = self.tables.panel.grid.current_line()

        def show(found: object) -> None:
            if self.scope is scope and self.answer is answer:
                self.present(scope, found)
                self.tables.panel.go_to_line(max(0, line))

        self.work_wanted.emit("Listing findings", lambda _: _answer(answer.run, scope, noted.triage), show)

    def present(self, scope: Scope, answer: object) -> None:
        """Show what was found."""
        self.scope, self.answer = scope, cast(FindingsAnswer, answer)
        run = self.answer.run
        found = sum(len(one.rows) for one in run.outcomes)
        told = f"{format_count(found, 'finding')} by {format_count(len(run.outcomes), 'rule')}"
        if found > MAX_FINDINGS:
            told += f"  ·  the first {MAX_FINDINGS:,} are listed"
        unable = run.count(State.NOT_EVALUABLE) + run.count(State.INVALID)
        if unable:
            told += f"  ·  {unable:,} could not be evaluated"
        problems = [str(problem) for problem in run.problems]
        if problems:
            told += f"  ·  {format_count(len(problems), 'problem')} in the files"
        self.head.tell("Findings", told, plain("\n".join(problems[:20])))
        self._own.setEnabled(bool(self.files))
        self.tables.show_tabs(scope, self.answer.tabs)

    def _explain(self, line: int) -> None:
        """Tell of the line that the analyst is at why it is there."""
        model, answer, scope = self.tables.panel.model, self.answer, self.scope
        if model is None or answer is None or scope is None or not 0 <= line < model.rowCount():
            self.why.tell(())
            return
        row = model.row_of(line)
        if model.table.view.id == "rules":
            self.why.tell(_of_rule(answer.run.outcomes[row]))
            return
        which, rows = answer.run.findings()
        outcome, event = answer.run.outcomes[int(which[row])], int(rows[row])

        def show(lines: object) -> None:
            if self.answer is answer and self.tables.panel.model is model:
                self.why.tell(cast(list[str], lines))

        self.work_wanted.emit("Explaining", lambda _: _of_finding(outcome, scope, event), show)

    def _anchor_of(self, line: int) -> Anchor | None:
        """A finding as a note keeps it; a rule is a row like others."""
        panel = self.tables.panel
        if self.tables.current != "findings" or self.answer is None or panel.model is None:
            return panel.row_anchor(line)
        if self.scope is None or not 0 <= line < panel.model.rowCount():
            return None
        which, rows = self.answer.run.findings()
        place = panel.model.row_of(line)
        rule = self.answer.run.outcomes[int(which[place])].rule.name
        return finding_anchor(self.scope.frames, rule, int(rows[place]))

    def _add_entries(self, entries: MenuBuilder, line: int) -> None:
        finding = self._anchor_of(line)
        if finding is None or finding.kind is not AnchorKind.FINDING:
            return
        held = self.noted.case.triage_of(finding).state
        for state, text, drawing in _JUDGEMENTS:
            if state is not held:
                entries.add(text, drawing, lambda state=state: self.judged.emit(finding, state.value))  # type: ignore[misc]  # bound now
        entries.separate()

    def choose(self) -> None:
        """Let the analyst name files of rules."""
        paths, _kind = QFileDialog.getOpenFileNames(self, "Choose rules", "", _SUFFIXES)
        if paths:
            self.use(tuple(Path(path) for path in paths))

    def use_own(self) -> None:
        """Back to the rules that come with Exhume."""
        self.use(())

    def use(self, files: tuple[Path, ...]) -> None:
        """Run other rules over the same selection."""
        scope = self.scope
        self.files = files
        if scope is None:
            return

        def show(answer: object) -> None:
            if self.scope is scope and self.files == files:
                self.present(scope, answer)

        self.work_wanted.emit("Running rules", self.question(scope), show)
        self.files_changed.emit()


def _of_finding(outcome: Outcome, scope: Scope, event: int) -> list[str]:
    root = outcome.expression.root if outcome.expression else None
    return [outcome.rule.description, *explained(outcome.rule, root, scope.frames, event)]


def _of_rule(outcome: Outcome) -> list[str]:
    rule = outcome.rule
    told = [rule.description, outcome.reason, str(rule.correlation or "") or rule.condition]
    return [line for line in told if line] + rule.background.lines()


def _answer(run: Run, scope: Scope, triage: Mapping[tuple[str, int], Triage]) -> FindingsAnswer:
    found, each = findings_table(run, scope.frames, triage), rules_table(run)
    return FindingsAnswer(
        run,
        (
            Tab("findings", "Findings", prepare(found, scope=scope), _NOTHING),
            Tab("rules", "Rules", prepare(each), "These files hold no rules."),
        ),
    )
