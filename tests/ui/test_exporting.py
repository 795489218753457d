"""Export and save content: a form, progress, and files that say where they come from."""

import csv
import json

import pytest
from PySide6.QtCore import Qt

from inspect_app.exports.kinds import KINDS
from inspect_app.ui.exporting.content_dialog import CoverageBar
from tests.builders.capture import AT_FDCWD, SOCKET, CaptureBuilder, sock
from tests.ui.test_window import go


def ordered(window, settle, what, kind, path):
    window.actions_by_id["export"].trigger()
    window.exporter.dialog.choose(what, kind, str(path))
    window.exporter.dialog.go.click()
    settle(window)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_form_is_offered_from_the_menu(opened, settle, tmp_path, kind):
    opened.workspace.add_filter("proc.name = curl")
    settle(opened)
    path = tmp_path / f"out{KINDS[kind].suffix}"
    ordered(opened, settle, "events", kind, path)
    assert path.stat().st_size > 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert "Wrote out" in opened.areas.status.currentMessage()


def test_the_form_offers_the_table_in_sight_and_only_forms_that_take_it(opened, settle):
    go(opened, settle, "processes")
    opened.actions_by_id["export"].trigger()
    dialog = opened.exporter.dialog
    assert [dialog.what.itemText(row).partition(":")[0] for row in range(dialog.what.count())] == [
        "This table",
        "All events",
    ]
    assert dialog.kind.count() == sum(kind.takes_views for kind in KINDS.values())
    assert dialog.place.path.name == "story-processes.csv"
    dialog.what.setCurrentIndex(1)
    assert dialog.kind.count() == len(KINDS)
    dialog.kind.setCurrentIndex([kind.id for kind in KINDS.values()].index("pcapng"))
    assert dialog.place.path.name == "story.pcapng"
    assert "Wireshark" in dialog.told.text()
    dialog.place.edit.setText("")
    assert not dialog.go.isEnabled()
    dialog.close()


def test_a_name_of_ones_own_keeps_its_stem(opened, settle):
    go(opened, settle, "events")
    opened.actions_by_id["export"].trigger()
    dialog = opened.exporter.dialog
    dialog.place.edit.setText("/evidence/case-7.csv")
    dialog.choose("all", "timesketch")
    assert str(dialog.place.path) == "/evidence/case-7.jsonl"
    dialog.close()


def test_the_order_of_the_table_is_kept(opened, settle, tmp_path):
    go(opened, settle, "processes")
    opened.workspace.go(opened.workspace.session.with_sort("proc.pid", descending=True))
    settle(opened)
    ordered(opened, settle, "table", "csv", tmp_path / "p.csv")
    pids = [int(row["proc.pid"]) for row in csv.DictReader((tmp_path / "p.csv").open())]
    assert pids == sorted(pids, reverse=True)


def test_an_export_that_is_cancelled_leaves_nothing(window, many, settle, tmp_path, qtbot):
    window.open_frames(many)
    settle(window)
    path = tmp_path / "all.csv"
    window.actions_by_id["export"].trigger()
    window.exporter.dialog.choose("all", "csv", str(path))
    window.exporter.dialog.go.click()
    qtbot.waitUntil(lambda: any(tmp_path.glob(".exhume-*.part")))
    window.areas.progress.cancelled.emit()
    settle(window)
    assert not path.exists() and not list(tmp_path.glob(".exhume-*.part"))


@pytest.fixture
def content(window, settle, tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="app", cwd="/")
    book.open(100, "/tmp/dropped", ino=7, args=(AT_FDCWD, 0, 0o1102))
    place = {"pid": 100, "fd": 3, "ino": 7}
    book.event("write", ret=5, args=(3, 0, 5), data=b"hello", **place)
    book.event("write", ret=8, args=(3, 0, 8), data=b"wor", **place)
    ends = {"pid": 100, "fd": 4, "ino": 99, "mode": SOCKET, "sock": sock("10.0.0.1:1", "10.0.0.2:80")}
    book.event("sendto", ret=4, args=(4, 0, 4), data=b"ping", **ends)
    book.event("recvfrom", ret=4, args=(4, 0, 4), data=b"pong", **ends)
    window.open_path(str(book.write(tmp_path / "node.exhume")))
    settle(window)
    return window


def test_coverage_is_shown_before_a_file_is_saved_from_its_page(content, settle, tmp_path):
    go(content, settle, "file/:/tmp/dropped")
    content.book.subject.save.click()
    settle(content)
    dialog = content.exporter.content_dialog
    bars = dialog.findChildren(CoverageBar)
    assert bars[0].accessibleName() == "8 B known of 13 B (61.5 %), 1 hole"
    assert bars[2].accessibleName() == "No byte of it was kept."
    dialog.place.edit.setText(str(tmp_path / "saved"))
    dialog.go.click()
    settle(content)
    assert (tmp_path / "saved").read_bytes() == b"hellowor\0\0\0\0\0"
    assert json.loads((tmp_path / "saved.map.json").read_text())["name"] == "/tmp/dropped"
    assert "Wrote saved" in content.areas.status.currentMessage()


def test_each_way_of_a_connection_is_saved_from_its_page(content, settle, tmp_path):
    go(content, settle, "connection/tcp 10.0.0.1:1->10.0.0.2:80")
    content.book.subject.save.click()
    settle(content)
    dialog = content.exporter.content_dialog
    dialog.choices.button(1).setChecked(True)
    dialog.place.edit.setText(str(tmp_path / "received"))
    dialog.go.click()
    settle(content)
    assert (tmp_path / "received").read_bytes() == b"pong"


def test_the_streams_page_saves_one_stream_with_its_coverage(content, settle):
    content.workspace.add_filter("fd.name = /tmp/dropped")
    go(content, settle, "streams")
    content.book.streams._save()
    settle(content)
    assert content.exporter.content_dialog.findChildren(CoverageBar)
    content.exporter.content_dialog.close()


def test_a_page_about_something_without_bytes_offers_no_content(content, settle):
    go(content, settle, "process/100")
    assert not content.book.subject.save.isVisible()


def test_the_key_opens_the_form(opened, settle, qtbot):
    go(opened, settle, "files")
    qtbot.keyClick(opened, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert opened.exporter.dialog.isVisible()
    opened.exporter.dialog.close()
