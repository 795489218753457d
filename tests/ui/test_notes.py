"""What is noted: by key and menu, in its file at once, on every page, and never lost."""

import json
import stat
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog

from inspect_app.analysis.subject import Kind, Subject
from inspect_app.cases import Anchor, AnchorKind, CaseFile, Note, Severity, TriageState
from inspect_app.cases.anchors import event_anchor, subject_anchor
from inspect_app.cases.case import By
from inspect_app.ui.event_model import EVENT
from inspect_app.ui.note_dialog import NoteDialog
from inspect_app.ui.row_menu import build_row_menu
from inspect_app.ui.strip_menu import build_strip_menu
from inspect_app.ui.window import MainWindow
from tests.builders.cases import AT, case_of
from tests.ui.test_menus import entries
from tests.ui.test_window import go


@pytest.fixture
def answer(monkeypatch):
    """Fills in the dialog that opens next, and accepts it."""

    def fill(**fields):
        def type_in(dialog):
            dialog.text.setPlainText(fields.get("text", dialog.text.toPlainText()))
            dialog.tags.setText(fields.get("tags", dialog.tags.text()))
            dialog.severity.setCurrentIndex(fields.get("severity", Severity.NONE).rank)
            dialog.in_report.setChecked(fields.get("in_report", dialog.in_report.isChecked()))
            return fields.get("accept", True)

        monkeypatch.setattr(NoteDialog, "exec", type_in)

    return fill


def stored(window):
    """The case as it is on disk."""
    return CaseFile(window.casebook.path).load()


def texts(window):
    panel = window.book.notes.panel
    place = [window.book.notes.panel.model.table.columns[at].id for at in panel.model.shown].index("text")
    return [panel.model.text(line, place) for line in range(panel.model.rowCount())]


def add(window, settle, *texts, row=0, **facts):
    for number, text in enumerate(texts):
        window.casebook.add(Note(event_anchor(window.workspace.frames, row + number), text, **facts))
    settle(window)


def test_an_event_is_noted_by_key_and_is_in_the_file_at_once(opened, settle, qtbot, answer):
    go(opened, settle, "events")
    opened.book.events.go_to_line(3)
    answer(text="the first download", tags="dropper, ask", severity=Severity.HIGH)
    qtbot.keyClick(opened.book.events.grid, Qt.Key.Key_N)
    settle(opened)
    (shown,) = stored(opened).shown_notes()
    assert (shown.note.text, shown.note.tags, shown.note.severity) == (
        "the first download",
        ("dropper", "ask"),
        Severity.HIGH,
    )
    assert shown.note.on.identity == event_anchor(opened.workspace.frames, 3).identity
    assert stat.S_IMODE(opened.casebook.path.stat().st_mode) == 0o600
    assert [one.name for one in stored(opened).captures], "the case tells which capture it was"


def test_a_noted_event_is_marked_in_list_detail_and_on_the_strip(opened, settle):
    go(opened, settle, "events")
    add(opened, settle, "odd", row=5)
    page = opened.book.events
    page.go_to_line(5)
    index = page.model.index(5, EVENT)
    assert not page.model.data(index, Qt.ItemDataRole.DecorationRole).isNull()
    assert page.model.data(page.model.index(4, EVENT), Qt.ItemDataRole.DecorationRole) is None
    assert page.model.data(index, Qt.ItemDataRole.AccessibleTextRole).endswith(", 1 note")
    assert ("Notes", opened.casebook.by.author) in page.detail.values()
    (marks,) = [row for row in opened.areas.strip._painter.marks if row.title == "Notes"]
    assert marks.times.tolist() == [int(opened.workspace.frames.events["time"].iat[5])]
    assert marks.label(0).endswith(": odd")
    marks.opened(0)
    settle(opened)
    assert opened.workspace.session.page == "notes"


def test_a_subject_page_shows_what_is_noted_on_it(opened, settle, qtbot, answer):
    frames = opened.workspace.frames
    go(opened, settle, "container/web")
    answer(text="broken into")
    qtbot.keyClick(opened.book.subject, Qt.Key.Key_N)
    settle(opened)
    (shown,) = stored(opened).shown_notes()
    assert shown.note.on.identity == subject_anchor(frames, Subject(Kind.CONTAINER, "web")).identity
    facts = opened.book.subject.facts.values()
    assert facts["Notes", opened.casebook.by.author] == "broken into"


@pytest.mark.parametrize("view", ["processes", "files", "connections", "commands", "syscalls"])
def test_any_row_can_be_noted_and_is_found_again(opened, settle, view, answer):
    go(opened, settle, view)
    panel = opened.book.table.panel
    menu = entries(build_row_menu(panel, panel.choice(0), 0, 0))
    answer(text="this one")
    next(action for text, action in menu.items() if text.startswith("Add a note")).trigger()
    settle(opened)
    (shown,) = opened.casebook.case.shown_notes()
    opened.case_menu.jump(shown.note.on)
    settle(opened)
    assert opened.workspace.session.page != view
    assert not opened.areas.banner.isVisible()


def test_what_goes_into_the_report_asks_nothing_and_goes_there_once(opened, settle, qtbot):
    go(opened, settle, "events")
    qtbot.keyClick(opened.book.events.grid, Qt.Key.Key_A)
    qtbot.keyClick(opened.book.events.grid, Qt.Key.Key_A)
    settle(opened)
    qtbot.keyClick(opened.book.events.grid, Qt.Key.Key_A)
    settle(opened)
    assert 1 <= len(opened.casebook.case.report_notes()) <= 2


def test_the_page_of_notes_says_how_to_begin(opened, settle):
    go(opened, settle, "notes")
    assert "Press n" in opened.book.notes.panel.empty.text()


def test_notes_are_narrowed_moved_and_lead_to_what_is_noted(opened, settle, qtbot):
    add(opened, settle, "alpha", "beta", tags=("x",), severity=Severity.LOW)
    add(opened, settle, "gamma", row=7, tags=("y",), severity=Severity.CRITICAL)
    for shown in opened.casebook.case.shown_notes():
        opened.casebook.change(shown.key, replace(shown.note, report=opened.casebook.case.report_end()))
    go(opened, settle, "notes")
    page = opened.book.notes
    assert texts(opened) == ["alpha", "beta", "gamma"]
    page.severity.setCurrentIndex(Severity.HIGH.rank)
    settle(opened)
    assert texts(opened) == ["gamma"]
    assert page.head.note.startswith("1 note of 3")
    page.severity.setCurrentIndex(0)
    page.tag.setCurrentText("x")
    settle(opened)
    assert texts(opened) == ["alpha", "beta"]
    page.tag.setCurrentIndex(0)
    page.text.setText("BET")
    settle(opened)
    assert texts(opened) == ["beta"]
    page.text.clear()
    settle(opened)
    page.panel.go_to_line(2)
    page._up.click()
    settle(opened)
    assert [one.note.text for one in opened.casebook.case.report_notes()] == ["alpha", "gamma", "beta"]
    assert page.current().note.text == "gamma", "the note that was moved keeps the focus"
    qtbot.keyClick(page.panel.grid, Qt.Key.Key_Return)
    settle(opened)
    assert opened.workspace.session.page == "events"
    assert opened.workspace.session.conditions() == ("evt.num = 8",)


def test_a_note_is_edited_and_removed_and_both_are_undone(opened, settle, answer):
    add(opened, settle, "first")
    (key,) = opened.casebook.case.notes
    answer(text="second")
    opened.case_menu.edit(key)
    settle(opened)
    assert stored(opened).note(key).text == "second"
    opened.casebook.change(key, None)
    settle(opened)
    assert stored(opened).shown_notes() == []
    for text in ("second", "first"):
        opened.actions_by_id["undo"].trigger()
        settle(opened)
        assert stored(opened).note(key).text == text
    opened.actions_by_id["undo"].trigger()
    assert opened.casebook.case.shown_notes() == []
    assert not opened.casebook.can_undo
    for _ in range(2):
        opened.actions_by_id["redo"].trigger()
    settle(opened)
    assert stored(opened).note(key).text == "second"


def test_a_dialog_that_is_cancelled_notes_nothing(opened, settle, answer):
    go(opened, settle, "events")
    answer(text="no", accept=False)
    opened.case_menu.note_here()
    settle(opened)
    assert opened.casebook.case.shown_notes() == []
    assert not opened.casebook.path.exists()


def test_a_finding_is_confirmed_and_dismissed_and_the_list_tells(opened, settle, monkeypatch):
    go(opened, settle, "findings")
    page = opened.book.findings
    panel = page.tables.panel

    def triage():
        titles = [panel.model.table.columns[place].title for place in panel.model.shown]
        return panel.model.text(0, titles.index("Triage"))

    def choose(entry):
        menu = entries(build_row_menu(panel, panel.choice(0), 0, 0))
        next(action for text, action in menu.items() if text.startswith(entry)).trigger()
        settle(opened)

    assert triage() == "open"
    choose("Confirm the finding")
    assert triage() == "confirmed"
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("a test of ours", True))
    choose("Dismiss the finding")
    assert triage() == "dismissed: a test of ours"
    (record,) = stored(opened).triage.values()
    assert record.value.state is TriageState.DISMISSED
    choose("Leave the finding open")
    assert triage() == "open"


def test_two_windows_on_one_case_see_each_other(opened, settle, qtbot, frames):
    other = opened.open_window()
    settle(other)
    assert other.casebook.path == opened.casebook.path
    add(opened, settle, "by one")
    add(other, settle, "by two", row=4)
    qtbot.waitUntil(lambda: len(opened.casebook.case.shown_notes()) == 2)
    settle(opened)
    assert {one.note.text for one in stored(opened).shown_notes()} == {"by one", "by two"}
    other.close()


def test_a_case_is_taken_up_again_with_its_capture(opened, settle, qtbot, settings, frames):
    add(opened, settle, "from before")
    opened.close()
    again = MainWindow(settings)
    qtbot.addWidget(again)
    again.open_frames(frames)
    settle(again)
    assert [one.note.text for one in again.casebook.noted.notes] == ["from before"]
    again.close()


def test_a_case_beside_the_capture_is_taken(window, settle, tmp_path, frames):
    CaseFile(tmp_path / "node.exhume-case").save(case_of("from a colleague"))
    window.open_frames(replace(frames, path=str(tmp_path / "node.exhume")))
    settle(window)
    assert window.casebook.path == tmp_path / "node.exhume-case"
    assert [one.note.text for one in window.casebook.noted.notes] == ["from a colleague"]


def test_a_case_is_kept_elsewhere_and_others_are_merged(opened, settle, tmp_path):
    add(opened, settle, "mine")
    opened.casebook.save_as(tmp_path / "24-17.exhume-case")
    other = case_of("theirs", by=By("Lee", AT))
    CaseFile(tmp_path / "lee.exhume-case").save(other)
    opened.casebook.merge(tmp_path / "lee.exhume-case")
    settle(opened)
    saved = CaseFile(tmp_path / "24-17.exhume-case").load()
    assert {one.note.text for one in saved.shown_notes()} == {"mine", "theirs"}


def test_findings_of_others_are_marked_where_they_were(opened, settle, tmp_path):
    time = int(opened.workspace.frames.events["time"].iat[6])
    alerts = tmp_path / "alerts.jsonl"
    alerts.write_text(json.dumps({"timestamp": time, "message": "seen by others"}) + "\n")
    opened.casebook.take_findings(alerts)
    settle(opened)
    assert opened.casebook.noted.times.tolist() == [time]
    (shown,) = stored(opened).shown_notes()
    assert shown.note.source == "alerts.jsonl"


def test_a_damaged_case_file_is_told_and_never_written_over(opened, settle, tmp_path):
    path = tmp_path / "broken.exhume-case"
    path.write_bytes(b'{"exhume case": 1,')
    opened.open_path(str(path))
    settle(opened)
    assert "broken.exhume-case" in opened.areas.banner.text
    add(opened, settle, "still here")
    assert path.read_bytes() == b'{"exhume case": 1,'
    opened.casebook.save_as(tmp_path / "good.exhume-case")
    settle(opened)
    assert [one.note.text for one in stored(opened).shown_notes()] == ["still here"]


def test_a_note_that_could_not_be_written_is_written_when_it_can_be(opened, settle, tmp_path, qtbot):
    folder = tmp_path / "gone"
    folder.mkdir()
    opened.casebook.open(folder / "one.exhume-case")
    folder.rmdir()
    add(opened, settle, "kept")
    assert opened.areas.banner.isVisible()
    folder.mkdir()
    qtbot.waitUntil((folder / "one.exhume-case").exists)
    settle(opened)
    assert [one.note.text for one in stored(opened).shown_notes()] == ["kept"]


def test_the_window_closes_only_when_everything_is_written(opened, settle):
    opened.casebook.add(Note(event_anchor(opened.workspace.frames, 0), "at the last moment"))
    path = opened.casebook.path
    opened.close()
    assert [one.note.text for one in CaseFile(path).load().shown_notes()] == ["at the last moment"]


def test_what_is_of_another_capture_is_said_to_be(opened, settle):
    elsewhere = Anchor(AnchorKind.EVENT, "open by sh (1)", "another", time_ns=5, type="open", tid=1)
    opened.casebook.add(Note(elsewhere, "elsewhere"))
    settle(opened)
    opened.case_menu.jump(elsewhere)
    assert "not in this capture" in opened.areas.banner.text
    assert opened.casebook.noted.notes == ()
    go(opened, settle, "notes")
    assert texts(opened) == ["elsewhere"]


def test_a_window_of_time_is_noted_from_the_strip(opened, settle, answer):
    start, end = opened.areas.strip.view_range
    opened.workspace.set_window((start, (start + end) // 2), final=True)
    settle(opened)
    answer(text="the quiet half")
    menu = entries(build_strip_menu(opened, start))
    menu["Add a note …"].trigger()
    settle(opened)
    (shown,) = stored(opened).shown_notes()
    assert (shown.note.on.kind, shown.note.on.time_ns) == (AnchorKind.WINDOW, start)
    opened.workspace.set_window(None, final=True)
    opened.case_menu.jump(shown.note.on)
    settle(opened)
    assert opened.workspace.session.window.end_ns == (start + end) // 2


def test_text_of_a_note_is_never_markup(opened, settle):
    add(opened, settle, "<b>bold</b> & \u202e\x1b[2J")
    go(opened, settle, "notes")
    assert texts(opened) == ["<b>bold</b> & \\u202e\\x1b[2J"]
    go(opened, settle, "events")
    index = opened.book.events.model.index(0, EVENT)
    assert opened.book.events.model.data(index, Qt.ItemDataRole.ToolTipRole) is None


def test_ten_thousand_notes_do_not_hold_up_the_window(opened, settle, qtbot):
    frames = opened.workspace.frames
    on = [event_anchor(frames, row) for row in range(40)]
    notes = {f"{n:032x}": Note(on[n % 40], f"note {n}") for n in range(10_000)}
    case = opened.casebook.case.with_notes(notes, By("Reyes", AT))
    CaseFile(opened.casebook.path).save(case)
    qtbot.waitUntil(lambda: len(opened.casebook.noted.notes) == 10_000)
    go(opened, settle, "notes")
    assert opened.book.notes.panel.model.rowCount() == 10_000


def test_from_a_mark_to_the_report(sample_window, settle, qtbot, answer):
    """An investigation: what is odd is noted on the way, put in order, and is what the report is made of."""
    window = sample_window
    go(window, settle, "file_changes")
    panel = window.book.table.panel
    panel.go_to_line(0)
    answer(text="dropped here", severity=Severity.HIGH, in_report=True)
    qtbot.keyClick(panel.grid, Qt.Key.Key_N)
    settle(window)
    go(window, settle, "findings")
    qtbot.keyClick(window.book.findings.tables.panel.grid, Qt.Key.Key_A)
    settle(window)
    go(window, settle, "container/report-2d41")
    answer(text="where it happened", in_report=True)
    qtbot.keyClick(window.book.subject, Qt.Key.Key_N)
    settle(window)
    qtbot.keyClick(window, Qt.Key.Key_I)
    settle(window)
    assert window.workspace.session.page == "notes"
    report = stored(window).report_notes()
    assert [one.note.on.kind for one in report] == [
        AnchorKind.FILE,
        AnchorKind.FINDING,
        AnchorKind.CONTAINER,
    ]
    assert report[1].note.on.digest, "an event is cited by its block"


@pytest.fixture
def sample_window(window, settle):
    window.opener.open_sample()
    settle(window)
    return window
