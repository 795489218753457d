"""What the joins ask of arguments is known before: no whole column is read for it."""

import numpy as np
import pytest

from capture.format import CaptureFile
from capture.identity import EventColumns, identify
from capture.identity.arguments import chooser
from capture.identity.reading import event_columns, tables_of
from capture.model.catalogue import CATALOGUE
from capture.model.events import EventFlag
from tests.builders.capture import AT_FDCWD, DIRECTORY, SOCKET, CaptureBuilder

SOCKETCALL, ACCEPT, CREATES = 102, 5, 0o100
OF_I386 = int(EventFlag.COMPAT)


@pytest.fixture
def path(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/home")
    book.fork(100, 200)
    book.exec(200, "/usr/bin/cat", "cat", "notes")
    book.open(200, "/srv", ino=5, fd=4, mode=DIRECTORY)
    book.open(200, "notes", ino=6, args=(4, 0, CREATES))
    book.event("renameat2", pid=200, text=b"a", text2=b"b", args=(4, 0, 4, 0, 2))
    book.event("unlinkat", pid=200, text=b"c", args=(AT_FDCWD,))
    book.event("fchdir", pid=200, args=(4,), fd=4, ino=5, mode=DIRECTORY)
    book.event("prctl", pid=200, text=b"other", args=(15,))
    book.event("setns", pid=200, args=(9, 0x20000))
    book.event("ioctl", pid=200, args=(0, 0x540E), ino=8)
    book.event("io_uring_submit", pid=200, args=(0, 0, 0, 7, 1))
    book.event("uring_openat", pid=200, ret=5, fd=5, ino=9, text=b"d", args=(AT_FDCWD, 0, 0, 7, 1))
    book.event("accept4", pid=200, ret=6, fd=6, ino=10, mode=SOCKET, args=(3,))
    book.event(SOCKETCALL, pid=200, flags=OF_I386, ret=7, fd=7, ino=11, mode=SOCKET, args=(ACCEPT, 3))
    book.event("signal_generate", pid=200, args=(17, 100))
    book.exit(200)
    return book.write(tmp_path / "one.exhume", block=5)


def test_no_whole_column_is_read(path):
    def whole(index):
        raise AssertionError(f"argument {index} of every event")

    with CaptureFile.open(path) as capture:
        known, _ = event_columns(capture)
        fields = {name: getattr(known, name) for name in EventColumns.COLUMNS}
        events = EventColumns(
            machine="x86_64", texts=capture.texts, argument=whole, chosen=known.chosen, **fields
        )
        found, slowly = identify(events, tables_of(capture)), identify(known, tables_of(capture))
    assert "accept" in [CATALOGUE[kind].name for kind in events.kind]
    assert found.paths.names.all == slowly.paths.names.all
    assert {"/srv/notes", "/srv/a", "/home/c"} <= set(found.paths.names.all)


def test_arguments_that_nobody_foresaw_are_read_whole(path):
    with CaptureFile.open(path) as capture:
        events, _ = event_columns(capture)
        opened = np.flatnonzero(events.kind == [spec.name for spec in CATALOGUE].index("openat"))
        assert events.arguments(1, opened).tolist() == [0, 0]
        assert events.arguments(0, opened).tolist() == [-100, 4]
        assert events.arguments(3, np.arange(len(events)))[11] == 7


def test_the_same_is_chosen_of_calls_of_another_table():
    own = {"code": np.array([295, 295, 0], np.uint16), "flags": np.array([OF_I386, 0, 0], np.uint16)}
    chosen = chooser("x86_64")(own)
    assert chosen["a0"].tolist() == [0], "295 is openat of i386, and preadv of x86_64"
    assert {len(rows) for name, rows in chosen.items() if name not in ("a0", "a2")} == {0}
