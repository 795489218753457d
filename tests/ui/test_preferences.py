"""Preferences: in force at once, remembered, handed over as a file."""

import json
from dataclasses import replace

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton

from inspect_app.session.colour_rules import OUR_RULES, PAINTS, ColourRule
from inspect_app.session.examiner_log import ExaminerLog, _Kept
from inspect_app.session.look import Look, Profile, to_json
from inspect_app.ui.event_model import COLUMNS
from inspect_app.ui.paints import tint
from inspect_app.ui.places import palette_choices
from inspect_app.ui.preferences.dialog import PreferencesDialog
from inspect_app.ui.settings import Settings
from inspect_app.ui.theme import DARK, LIGHT, contrast
from inspect_app.views.catalogue import VIEWS, set_own_views
from tests.ui.test_window import go

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def dialog(opened, qtbot):
    """The dialog over a window on the story."""
    opened.actions_by_id["preferences"].trigger()
    shown = opened.findChild(PreferencesDialog)
    yield shown
    shown.close()


def test_text_grows_everywhere_and_comes_back(opened, settle, qtbot):
    before = {
        "font": QApplication.font().pixelSize(),
        "strip": opened.areas.strip.height(),
        "line": opened.book.table.grid.verticalHeader().defaultSectionSize(),
        "list": opened.areas.side.width(),
        "lifelines": opened.book.overview.lifelines.height(),
    }
    qtbot.keyClick(opened, Qt.Key.Key_Plus, CONTROL)
    qtbot.keyClick(opened, Qt.Key.Key_Plus, CONTROL)
    settle(opened)
    assert opened.looks.look.text_percent == 125
    assert QApplication.font().pixelSize() > before["font"]
    assert opened.areas.strip.height() > before["strip"]
    assert opened.book.table.grid.verticalHeader().defaultSectionSize() > before["line"]
    assert opened.areas.side.width() > before["list"]
    assert opened.book.overview.lifelines.height() > before["lifelines"]
    qtbot.keyClick(opened, Qt.Key.Key_Minus, CONTROL)
    assert opened.looks.look.text_percent == 110
    qtbot.keyClick(opened, Qt.Key.Key_0, CONTROL)
    settle(opened)
    assert QApplication.font().pixelSize() == before["font"]
    assert opened.areas.strip.height() == before["strip"]


@pytest.mark.parametrize("percent", [75, 200])
def test_every_size_of_text_can_be_drawn(opened, settle, percent):
    opened.looks.change(replace(opened.looks.look, text_percent=percent))
    for page in ("overview", "events", "streams", "tree", "spectrogram", "containers"):
        go(opened, settle, page)
        assert not opened.grab().isNull(), page
        assert not opened.areas.banner.text, page


def test_theme_and_clock_are_in_force_at_once(opened, settle, dialog):
    dialog.general.theme.activated.emit(2)
    assert opened.settings.look().theme == "light"
    go(opened, settle, "commands")
    title = opened.book.table.model.headerData(0, Qt.Orientation.Horizontal)
    assert title.startswith("Time (UTC)")
    dialog.general.clock.activated.emit(1)
    settle(opened)
    model = opened.book.table.model
    assert model.headerData(0, Qt.Orientation.Horizontal).startswith("Time (from start)")
    assert model.text(0, 0).startswith("+")
    go(opened, settle, "events")
    dialog.general.clock.activated.emit(2)
    settle(opened)
    assert not opened.book.events.model.text(0, 1).startswith("+")


def test_a_number_of_recent_captures_is_remembered(settings):
    for name in "abcdefgh":
        settings.add_recent(f"/x/{name}")
    settings.set_recent_count(5)
    assert settings.recent_files() == [f"/x/{name}" for name in "hgfed"]
    settings.set_recent_count(0)
    settings.add_recent("/x/z")
    assert settings.recent_files() == []


def test_an_examiners_log_is_kept_from_the_moment_it_is_named(opened, settle, dialog, tmp_path):
    log = tmp_path / "log.jsonl"
    try:
        dialog.general.paths["examiner_log"].chosen.emit(str(log))
        go(opened, settle, "files")
        assert json.loads(log.read_text().splitlines()[-1])["page"] == "files"
    finally:
        _Kept.log = ExaminerLog()
    dialog.general.paths["examiner_log"].chosen.emit(str(tmp_path / "no folder" / "log"))
    assert "cannot be kept" in dialog.general.problem.text()


def test_views_of_a_folder_are_offered(opened, dialog, tmp_path):
    text = '[[view]]\nid = "mine"\ntitle = "Mine"\ncolumns = ["evt.type"]\n'
    (tmp_path / "mine.toml").write_text(text)
    (tmp_path / "notes.txt").write_text("no views")
    try:
        dialog.general.paths["views"].chosen.emit(str(tmp_path))
        assert "mine" in VIEWS
        assert not dialog.general.problem.text()
        (tmp_path / "mine.toml").write_text("[[view]]")
        dialog.general.paths["views"].chosen.emit(str(tmp_path))
        assert "left out" in dialog.general.problem.text()
    finally:
        set_own_views([])


def test_rules_of_a_folder_are_run_in_place_of_ours(opened, settle, dialog, tmp_path):
    rule = {"rule": "r", "desc": "d", "condition": "evt.type = read", "output": "o", "priority": "INFO"}
    (tmp_path / "rules.yaml").write_text(json.dumps([rule]))
    go(opened, settle, "findings")
    dialog.general.paths["rules"].chosen.emit(str(tmp_path))
    settle(opened)
    assert opened.book.findings.head.note.endswith("by 1 rule")


def test_columns_that_were_chosen_in_a_table_are_there_the_next_time(opened, settle, settings):
    go(opened, settle, "files")
    panel = opened.book.table.panel
    shown = [panel.model.table.columns[place].title for place in panel.model.shown]
    next(action for action in panel.columns_menu.actions() if action.text() == shown[-1]).trigger()
    again = Settings(QSettings(settings._store.fileName(), QSettings.Format.IniFormat))
    known = {column.id: column.title for column in VIEWS["files"].columns}
    assert [known[name] for name in again.look().columns["files"]] == shown[:-1]
    go(opened, settle, "processes")
    go(opened, settle, "files")
    assert len(panel.model.shown) == len(shown) - 1


def test_columns_are_chosen_for_a_view_that_is_not_open(opened, settle, dialog):
    part = dialog.columns
    part.view.setCurrentIndex(part.view.findData("connections"))
    part.view.activated.emit(part.view.currentIndex())
    for line in range(1, part.list.count()):
        part.list.item(line).setCheckState(Qt.CheckState.Unchecked)
    go(opened, settle, "connections")
    assert opened.book.table.model.shown == [0]
    part.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert opened.looks.look.columns["connections"]


def test_columns_of_events_are_hidden_and_shown(opened, settle):
    go(opened, settle, "events")
    page = opened.book.events
    next(action for action in page.columns_menu.actions() if action.text() == "TID").trigger()
    tid = [title for title, *_ in COLUMNS].index("TID")
    assert page.grid.isColumnHidden(tid)
    assert "TID" not in opened.settings.look().columns["events"]


def test_a_colour_rule_is_written_told_wrong_and_applied(opened, settle, dialog, qtbot):
    go(opened, settle, "events")
    editor = dialog.rules
    editor.list.setCurrentRow(0)
    editor.add()
    qtbot.keyClicks(editor.title, "Reads")
    qtbot.keyClicks(editor.condition, "evt.type = ")
    assert editor.condition.property("state") == "invalid"
    assert editor.message.text()
    qtbot.keyClicks(editor.condition, "read")
    assert editor.condition.property("state") == "valid"
    editor.move_rule(-1)
    qtbot.waitUntil(lambda: opened.looks.look.rules[0].condition == "evt.type = read")
    settle(opened)
    model = opened.book.events.model
    kinds = [model.text(line, 4) for line in range(model.rowCount())]
    line = kinds.index("read")
    assert model.rule_of(line).title == "Reads"
    index = model.index(line, 0)
    assert index.data(Qt.ItemDataRole.BackgroundRole) is not None
    assert not index.data(Qt.ItemDataRole.DecorationRole).isNull()
    assert index.data(Qt.ItemDataRole.AccessibleTextRole).endswith("Reads")
    editor.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    settle(opened)
    assert opened.book.events.model.rule_of(line) is None


def test_a_rule_for_tables_paints_their_rows(opened, settle):
    rule = ColourRule("nginx", "proc.name = nginx", "pink", in_tables=True)
    opened.looks.change(replace(opened.looks.look, rules=(rule,)))
    go(opened, settle, "processes")
    model = opened.book.table.model
    painted = {model.text(line, 1) for line in range(model.rowCount()) if model.rule_of(line) is not None}
    assert painted == {"nginx"}


def test_a_rule_for_tables_paints_findings_about_its_events(opened, settle):
    rule = ColourRule("all", "evt.num exists", "pink", in_tables=True)
    opened.looks.change(replace(opened.looks.look, rules=(rule,)))
    go(opened, settle, "findings")
    model = opened.book.findings.tables.panel.model
    assert model.rowCount()
    assert {model.rule_of(line) for line in range(model.rowCount())} == {rule}


def test_a_folder_of_views_and_rules_can_be_chosen(dialog, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    line = dialog.general.paths["rules"]
    buttons = {button.accessibleName(): button for button in line.findChildren(QPushButton)}
    buttons["Folder: Rules in place of ours"].click()
    assert line.edit.text() == str(tmp_path)
    log = dialog.general.paths["examiner_log"]
    assert [button.text() for button in log.findChildren(QPushButton)] == ["File …"]


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("place", range(len(PAINTS)))
def test_text_stands_out_from_every_painted_ground(theme, place):
    for ink in (theme.text, theme.muted, theme.accent, theme.error):
        assert contrast(ink, tint(theme, place)) >= 4.5, ink
    assert contrast(theme.categories[place], tint(theme, place)) >= 3


def test_no_two_paints_have_the_same_sign():
    assert len({paint.sign for paint in PAINTS}) == len(PAINTS) == len(DARK.categories)


def test_a_profile_is_saved_switched_to_and_handed_over(opened, settle, dialog, tmp_path):
    part = dialog.profiles
    opened.looks.change(replace(opened.looks.look, theme="light", text_percent=125))
    part.name.setText("Large")
    part.save()
    opened.looks.change(Look())
    part.list.setCurrentRow(0)
    file = tmp_path / "large.exhume-profile"
    part.export_to(str(file))
    part.remove()
    assert part.list.count() == 0
    part.import_from(str(file))
    assert part.chosen == "Large"
    part.switch()
    settle(opened)
    assert (opened.looks.look.theme, opened.looks.look.text_percent) == ("light", 125)
    assert "Switch to profile Large" in [choice.text for choice in palette_choices(opened)]


@pytest.mark.parametrize("data", [b"\xff\xfe", b"{}", b"[" * 200_000, b'{"exhume profile": 9}'])
def test_a_file_that_is_no_profile_is_not_taken_over(dialog, tmp_path, data):
    file = tmp_path / "strange"
    file.write_bytes(data)
    dialog.profiles.import_from(str(file))
    assert dialog.profiles.message.text().startswith("Not taken over")
    dialog.profiles.import_from(str(tmp_path / "none"))
    assert dialog.profiles.message.text().startswith("Could not read")
    assert dialog.profiles.list.count() == 0


def test_markup_in_a_strangers_profile_stays_text(dialog, tmp_path):
    file = tmp_path / "strange"
    rule = ColourRule("<b>bold</b>", "evt.type = read")
    file.write_text(to_json(Profile("<img src=x>\n", replace(Look(), rules=(rule,)))))
    dialog.profiles.import_from(str(file))
    dialog.profiles.switch()
    assert dialog.profiles.chosen == "<img src=x>"
    assert dialog.rules.list.item(0).text() == "<b>bold</b>"


def test_damaged_looks_count_as_none(tmp_path):
    store = QSettings(str(tmp_path / "bad.ini"), QSettings.Format.IniFormat)
    store.setValue("look", "{not json")
    store.setValue("profiles", json.dumps(["{}", to_json(Profile("kept", Look()))]))
    store.setValue("recent_count", "many")
    settings = Settings(store)
    assert settings.look() == Look(rules=OUR_RULES)
    assert [profile.name for profile in settings.profiles()] == ["kept"]
    assert settings.recent_count() == 10


def test_two_windows_share_a_look(opened, settle):
    other = opened.open_window()
    other.looks.change(replace(other.looks.look, clock="local"))
    assert opened.workspace.look.clock == "local"
    settle(other)
    settle(opened)
    other.close()


@pytest.mark.parametrize(
    ("page", "painted"),
    [
        ("moment", {"nginx"}),
        ("pivot/nginx", {"Program's name"}),
        ("compare/window:0-1", {"web"}),
    ],
)
def test_a_rule_for_tables_paints_moments_pivots_and_comparisons(opened, settle, page, painted):
    rule = ColourRule("nginx", "proc.name = nginx", "pink", in_tables=True)
    opened.looks.change(replace(opened.looks.look, rules=(rule,)))
    opened.workspace.go(opened.workspace.session.with_page(page).with_tab("calls"))
    settle(opened)
    current = opened.book.current
    model = (current.tables if hasattr(current, "tables") else current).panel.model
    lines = range(model.rowCount())
    cells = {line: {model.text(line, at) for at in range(model.columnCount())} for line in lines}
    marked = {line for line in lines if model.rule_of(line) == rule}
    assert marked
    assert painted <= set().union(*(cells[line] for line in marked))
    if page == "moment":
        assert marked == {line for line in lines if "nginx" in cells[line]}
