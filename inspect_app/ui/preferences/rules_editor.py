"""The editor of colour rules: what to look for, under which paint, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from inspect_app.session.colour_rules import MAX_RULES, OUR_RULES, PAINTS, ColourRule, problem_of
from inspect_app.session.look import MAX_NAME
from inspect_app.ui.fonts import scaled
from inspect_app.ui.paints import ground_of, sign_of
from inspect_app.ui.preferences.looks import Looks
from inspect_app.ui.widgets import named, plain_label

_PAUSE_MS = 300
_HINT = "The first rule that an event meets decides. Every colour has a sign of its own."


class RulesEditor(QWidget):
    """The rules in their order; below, the chosen one."""

    def __init__(self, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looks = looks
        self._is_showing = False
        self._written: tuple[ColourRule, ...] | None = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._write)
        self.list = QListWidget()
        self.list.setAccessibleName("Colour rules in their order; a mark says that a rule is on")
        self.list.currentRowChanged.connect(self._show_rule)
        self.list.itemChanged.connect(self._on_mark)
        self.title = QLineEdit(maxLength=MAX_NAME)
        self.condition = named(QLineEdit(), "FilterEdit")
        self.condition.setAccessibleName("Filter of the rule")
        self.condition.setPlaceholderText("Filter, such as  evt.failed = true and proc.name = nginx")
        self.message = plain_label("FilterMessage")
        self.message.setWordWrap(True)
        self.message.setFixedHeight(scaled(34))
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.paint = QComboBox()
        self.paint.setAccessibleName("Colour and sign")
        self.in_tables = QCheckBox("Also rows of tables that stand for such an event")
        self._rules: list[ColourRule] = []
        self._build()
        looks.changed.connect(self._take_look)
        self._take_look()
        self.list.setCurrentRow(0)

    def _build(self) -> None:
        self.title.textEdited.connect(lambda text: self._edit(title=text))
        self.condition.textEdited.connect(lambda text: self._edit(condition=text))
        self.paint.activated.connect(lambda place: self._edit(paint=PAINTS[place].id))
        self.in_tables.clicked.connect(lambda on: self._edit(in_tables=on))
        buttons = QVBoxLayout()
        for text, call in (
            ("Add", self.add),
            ("Remove", self.remove),
            ("Up", lambda: self.move_rule(-1)),
            ("Down", lambda: self.move_rule(1)),
            ("Our own rules", self._take_ours),
        ):
            button = QPushButton(text)
            button.clicked.connect(lambda *_, call=call: call())
            buttons.addWidget(button)
        buttons.addStretch(1)
        above = QHBoxLayout()
        above.addWidget(self.list, 1)
        above.addLayout(buttons)
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        for name, widget in (("&Name", self.title), ("&Filter", self.condition), ("", self.message)):
            form.addRow(name, widget)
        form.addRow("&Colour and sign", self.paint)
        form.addRow("", self.in_tables)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 16, 10, 10)
        column.addLayout(above, 1)
        column.addWidget(plain_label("Muted", _HINT))
        column.addLayout(form)

    def add(self) -> None:
        """A new rule, after the chosen one."""
        if len(self._rules) < MAX_RULES:
            place = self.list.currentRow() + 1
            used = {rule.paint for rule in self._rules}
            paint = next((one.id for one in PAINTS if one.id not in used), PAINTS[0].id)
            self._rules.insert(place, ColourRule("New rule", "", paint))
            self._fill(place)
            self.title.setFocus()
            self.title.selectAll()

    def remove(self) -> None:
        """Drop the chosen rule."""
        place = self.list.currentRow()
        if place >= 0:
            del self._rules[place]
            self._fill(min(place, len(self._rules) - 1))
            self._write()

    def move_rule(self, by: int) -> None:
        """Give the chosen rule another place in the order."""
        place = self.list.currentRow()
        if 0 <= place < len(self._rules) and 0 <= place + by < len(self._rules):
            self._rules.insert(place + by, self._rules.pop(place))
            self._fill(place + by)
            self._write()

    def _take_ours(self) -> None:
        self._rules = list(OUR_RULES)
        self._fill(0)
        self._write()

    def _take_look(self) -> None:
        """The rules that are in force; one's own changes are shown already."""
        if self._looks.look.rules != self._written:
            self._rules = list(self._looks.look.rules)
        self._fill(self.list.currentRow())

    def _edit(self, **changes: object) -> None:
        place = self.list.currentRow()
        if 0 <= place < len(self._rules):
            self._rules[place] = replace(self._rules[place], **changes)  # type: ignore[arg-type]  # fields of a rule
            self._fill_item(place)
            self._show_problem(self._rules[place])
            self._pause.start()

    def _on_mark(self, item: QListWidgetItem) -> None:
        place = self.list.row(item)
        if not self._is_showing:
            self._rules[place] = replace(self._rules[place], is_on=item.checkState() == Qt.CheckState.Checked)
            self._write()

    def _write(self) -> None:
        """Put the rules in force."""
        self._pause.stop()
        self._written = tuple(self._rules)
        self._looks.change(replace(self._looks.look, rules=self._written))

    def _fill(self, place: int) -> None:
        self._is_showing = True
        while self.list.count() > len(self._rules):
            self.list.takeItem(self.list.count() - 1)
        while self.list.count() < len(self._rules):
            self.list.addItem(QListWidgetItem())
        self._fill_paints()
        for line in range(len(self._rules)):
            self._fill_item(line)
        self._is_showing = False
        self.list.setCurrentRow(place)
        self._show_rule(place)

    def _fill_item(self, place: int) -> None:
        before, self._is_showing = self._is_showing, True
        rule, item = self._rules[place], self.list.item(place)
        wrong = problem_of(rule.condition)
        item.setText(f"{rule.title}  (not used: its filter is wrong)" if wrong else rule.title)
        item.setCheckState(Qt.CheckState.Checked if rule.is_on else Qt.CheckState.Unchecked)
        item.setIcon(QIcon(sign_of(rule)))
        item.setBackground(ground_of(rule))
        self._is_showing = before

    def _fill_paints(self) -> None:
        self.paint.clear()
        self.paint.setIconSize(QSize(14, 14))
        for paint in PAINTS:
            self.paint.addItem(QIcon(sign_of(ColourRule("", "", paint.id))), paint.title)

    def _show_rule(self, place: int) -> None:
        is_one = 0 <= place < len(self._rules)
        for widget in (self.title, self.condition, self.paint, self.in_tables):
            widget.setEnabled(is_one)
        rule = self._rules[place] if is_one else ColourRule("", "")
        for edit, text in ((self.title, rule.title), (self.condition, rule.condition)):
            if edit.text() != text:
                edit.setText(text)
        self.paint.setCurrentIndex(rule.place)
        self.in_tables.setChecked(rule.in_tables)
        self._show_problem(rule if is_one else None)

    def _show_problem(self, rule: ColourRule | None) -> None:
        problem = problem_of(rule.condition) if rule is not None else ""
        state = "" if rule is None else "invalid" if problem else "valid"
        told = f"{problem[:1].upper()}{problem[1:]}" if problem else "The filter holds" if rule else ""
        self.message.setText(told)
        _restyle((self.condition, self.message), state)

    # Qt's own names from here on.

    def hideEvent(self, event: object) -> None:
        """What was typed last counts as well."""
        if self._pause.isActive():
            self._write()


def _restyle(widgets: Sequence[QWidget], state: str) -> None:
    for widget in widgets:
        if widget.property("state") != state:
            widget.setProperty("state", state)
            widget.style().unpolish(widget)
            widget.style().polish(widget)
