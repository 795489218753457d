"""Case files on disk: two that write lose nothing, nobody else reads, nothing else is overwritten."""

import os
import stat
import threading

import pytest

from inspect_app.cases import Case, CaseError, CaseFile
from inspect_app.cases.case import By
from tests.builders.cases import AT, LEE, REYES, case_of, note


@pytest.fixture
def path(tmp_path):
    return tmp_path / "one.exhume-case"


def test_a_file_that_is_not_there_yet_is_an_empty_case(path):
    assert CaseFile(path).load() == Case()
    assert not path.exists()


def test_what_is_saved_is_there_and_for_its_owner_alone(path):
    CaseFile(path).save(case_of("a"))
    assert CaseFile(path).load() == case_of("a")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [*path.parent.iterdir()] == [path]


def test_two_windows_lose_nothing_of_each_other(path):
    one, two = CaseFile(path), CaseFile(path)
    base = one.save(case_of("a"))
    assert two.load() == base
    first = one.save(base.with_note(note("by one"), REYES))
    both = two.save(base.with_note(note("by two"), LEE))
    assert {shown.note.text for shown in both.shown_notes()} == {"a", "by one", "by two"}
    assert one.has_changed
    assert not two.has_changed
    assert first.merged(one.load()) == both


def test_many_that_write_at_once_lose_nothing(path):
    def write(name):
        file, case = CaseFile(path), Case()
        for turn in range(10):
            case = file.save(case.with_note(note(f"{name} {turn}"), By(name, AT + turn)))

    threads = [threading.Thread(target=write, args=(f"analyst {one}",)) for one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(CaseFile(path).load().shown_notes()) == 40


def test_what_has_not_changed_is_not_written_again(path):
    file = CaseFile(path)
    file.save(case_of("a"))
    before = path.stat().st_mtime_ns
    file.save(case_of("a"))
    assert path.stat().st_mtime_ns == before


def test_nothing_else_is_overwritten(path):
    path.write_bytes(b"EXHUME capture")
    with pytest.raises(CaseError, match="no case file"):
        CaseFile(path).save(case_of("a"))
    assert path.read_bytes() == b"EXHUME capture"
    assert [*path.parent.iterdir()] == [path]


def test_a_damaged_file_is_left_as_it_is(path):
    file = CaseFile(path)
    case = file.save(case_of("a"))
    damaged = path.read_bytes()[:-9]
    path.write_bytes(damaged)
    with pytest.raises(CaseError, match="not read as JSON"):
        file.save(case.with_note(note("b"), REYES))
    assert path.read_bytes() == damaged


def test_a_file_that_was_deleted_meanwhile_is_written_again(path):
    file = CaseFile(path)
    case = file.save(case_of("a"))
    path.unlink()
    assert file.save(case) == case
    assert CaseFile(path).load() == case


def test_a_link_stays_a_link(path, tmp_path):
    real = tmp_path / "real.exhume-case"
    path.symlink_to(real)
    CaseFile(path).save(case_of("a"))
    assert path.is_symlink()
    assert CaseFile(real).load() == case_of("a")


def test_a_folder_or_pipe_is_no_case_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(CaseError, match="device, a pipe"):
        CaseFile(pipe).load()
    with pytest.raises(CaseError, match="folder"):
        CaseFile(tmp_path).load()


def test_who_has_not_heard_of_a_merge_yet_does_not_undo_it(path):
    one, two = CaseFile(path), CaseFile(path)
    mine = one.save(case_of("a"))
    two.save(two.load().with_note(note("theirs"), LEE))
    one.save(mine.with_note(note("first"), REYES))
    one.save(mine.with_note(note("second"), REYES))
    texts = {shown.note.text for shown in CaseFile(path).load().shown_notes()}
    assert texts == {"a", "theirs", "first", "second"}
