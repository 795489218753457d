"""Who is whose parent once creators have ended."""

import pytest

from inspect_app.frames import open_capture
from inspect_app.frames.parents import adoption
from tests.builders.capture import CaptureBuilder

SUBREAPER = 36


@pytest.fixture
def book():
    builder = CaptureBuilder()
    builder.tables["cgroups"] = [{"id": 1, "hierarchy": 0, "path": "/"}]
    builder.process(1, comm="init", ppid=0)
    builder.process(100, comm="sh")
    return builder


def last_parents(book, tmp_path):
    frames = open_capture(book.write(tmp_path / "one.exhume"))
    pids = frames.processes["pid"]
    return {
        int(pid): int(pids[row]) if row >= 0 else None
        for pid, row in zip(pids, frames.processes["last_parent"], strict=True)
    }


def test_a_child_of_a_living_creator_stays_its_child(book, tmp_path):
    book.fork(100, 200)
    assert last_parents(book, tmp_path)[200] == 100


def test_the_first_process_adopts_whom_nobody_asked_for(book, tmp_path):
    book.fork(100, 200)
    book.fork(200, 300)
    book.exit(200)
    assert last_parents(book, tmp_path)[300] == 1


def test_an_ancestor_that_asked_for_them_adopts(book, tmp_path):
    book.event("prctl", pid=100, args=(SUBREAPER, 1))
    book.fork(100, 200)
    book.fork(200, 300)
    book.fork(300, 400)
    book.exit(300)
    book.exit(200)
    assert last_parents(book, tmp_path)[400] == 100


def test_who_waits_for_another_ones_child_was_its_parent_and_adopts_others(book, tmp_path):
    """It asked before the recording; that it takes up a process it did not create tells so."""
    book.fork(100, 200)
    book.fork(200, 300)
    book.fork(200, 301)
    book.exit(200)
    book.exit(300)
    book.event("wait4", pid=100, ret=300)
    found = last_parents(book, tmp_path)
    assert (found[300], found[301]) == (100, 100)


def test_a_parent_at_a_moment_is_who_lived_then(book, tmp_path):
    book.fork(100, 200)
    book.fork(200, 300)
    exited = book.exit(200)
    frames = open_capture(book.write(tmp_path / "one.exhume"))
    source = frames.source
    adopted = adoption(
        frames.events, frames.processes, frames.containers, lambda index, rows: source.argument(index)[rows]
    )
    ended = int(frames.events["time"].iloc[exited])
    row = int((frames.processes["pid"] == 300).to_numpy().argmax())
    pids = frames.processes["pid"].to_numpy()
    assert pids[adopted.parents_at(ended - 1)[row]] == 200
    assert pids[adopted.parents_at(ended)[row]] == 1


def test_a_circle_of_parents_ends(book, tmp_path):
    book.process(5, comm="a", ppid=6)
    book.process(6, comm="b", ppid=5)
    assert last_parents(book, tmp_path)[5] in (6, None)
