"""Opening a capture and reading its columns: what is whole is read, what is foreign is told."""

import hashlib
import io

import msgpack
import numpy as np
import pytest
import zstandard

from capture.format import (
    EVENT_COLUMNS,
    FORMAT_VERSION,
    Cancelled,
    CaptureFile,
    CaptureWriter,
    EventBatch,
    FormatError,
    State,
    create,
)
from capture.format import writer as writer_module
from capture.format.coding import pack_column
from capture.format.columns import MAX_EVENTS
from tests.builders.capture import MS, START_NS, CaptureBuilder

ZSTD = zstandard.ZstdCompressor(level=1)


def batch(times, texts=(), payload=b"", **columns):
    filled = {name: np.zeros(len(times), dtype) for name, dtype in EVENT_COLUMNS.items()}
    filled |= {name: np.array(values, EVENT_COLUMNS[name]) for name, values in columns.items()}
    return EventBatch(filled | {"time": np.array(times, "<i8")}, list(texts), payload)


def written(path, *steps, end=True, section=None):
    """A file with a section block, then what the steps write."""
    with path.open("wb") as stream:
        writer = CaptureWriter(stream)
        writer.section(section or {"host": {"machine": "x86_64"}})
        for step in steps:
            step(writer)
        if end:
            writer.end({"events": writer.events_written})
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "one.exhume"


def test_all_kinds_of_blocks_come_back(path):
    rows = [{"pid": 1, "argv": [b"a", b"\xff"], "exe": None}]
    written(
        path,
        lambda writer: writer.table("processes", rows),
        lambda writer: writer.table("mounts", []),
        lambda writer: writer.events(batch([1, 2])),
        lambda writer: writer.document("containers", {"rows": [{"id": "c"}]}),
        lambda writer: writer.document("containers", {"rows": []}),
        lambda writer: writer.document("note", {"text": "n"}),
        lambda writer: writer.document("counters", {"rows": [{"kind": "lost", "count": 3}]}),
    )
    with CaptureFile.open(path) as capture:
        assert capture.section == {"format": FORMAT_VERSION, "host": {"machine": "x86_64"}}
        assert capture.table("processes") == rows
        assert capture.table("mounts") == capture.table("never recorded") == []
        assert capture.documents["containers"] == [{"rows": [{"id": "c"}]}, {"rows": []}]
        assert capture.documents["note"] == [{"text": "n"}]
        assert capture.documents["counters"] == [{"rows": [{"kind": "lost", "count": 3}]}]
        assert capture.ending == {"events": 2}
        assert (capture.count, capture.verdict.state, capture.unknown) == (2, State.WHOLE, {})


def test_a_capture_without_events_is_whole_and_empty(path):
    written(path, lambda writer: writer.events(batch([])))
    with CaptureFile.open(path) as capture:
        assert capture.count == 0
        assert all(len(values) == 0 for values in capture.read_columns().values())
        assert capture.verdict.state is State.WHOLE


def test_texts_of_several_blocks_share_their_codes(path):
    written(
        path,
        lambda writer: writer.events(batch([1, 2], [b"a", b"b"], text=[1, 2], addr=[0, 1])),
        lambda writer: writer.events(batch([3, 4], [b"b", b"", b"c"], text=[1, 3], text2=[2, 0])),
    )
    with CaptureFile.open(path) as capture:
        columns = capture.read_columns(("text", "text2", "addr"))
        told = {name: [capture.texts[code] for code in values.tolist()] for name, values in columns.items()}
    assert told == {"text": [b"a", b"b", b"b", b"c"], "text2": [b""] * 4, "addr": [b"", b"a", b"", b""]}
    assert columns["text2"][2] != 0, "an empty text is recorded, 0 is not recorded"


def test_blocks_that_are_not_in_order_of_time_are_read_in_order(path):
    written(
        path,
        lambda writer: writer.events(batch([10, 30, 30], pid=[1, 3, 4], captured=[1, 0, 2], payload=b"abb")),
        lambda writer: writer.events(batch([20, 30], pid=[2, 5], captured=[3, 1], payload=b"cccd")),
    )
    with CaptureFile.open(path) as capture:
        columns = capture.read_columns(("time", "pid"))
        assert columns["time"].tolist() == [10, 20, 30, 30, 30]
        assert columns["pid"].tolist() == [1, 2, 3, 4, 5]
        assert [capture.payload(row) for row in range(5)] == [b"a", b"ccc", b"", b"bb", b"d"]
    with CaptureFile.open(path) as capture:
        assert capture.read_columns(("pid",))["pid"].tolist() == [1, 2, 3, 4, 5], "also without the time"


def test_payload_is_found_in_any_order_of_asking(path):
    steps = [
        lambda writer, at=at: writer.events(batch([at, at], captured=[2, 1], payload=b"%03d" % at))
        for at in range(20)
    ]
    written(path, *steps)
    with CaptureFile.open(path) as capture:
        for row in (39, 0, 20, 1, 21, 38):
            text = b"%03d" % (row // 2)
            assert capture.payload(row) == (text[2:] if row % 2 else text[:2])


def test_blocks_can_be_read_one_by_one(path):
    written(path, *[lambda writer, at=at: writer.events(batch([at, at + 1])) for at in (5, 1)])
    with CaptureFile.open(path) as capture:
        assert [part["time"].tolist() for part in capture.slices(("time",))] == [[5, 6], [1, 2]]


def test_a_block_of_an_unknown_kind_is_skipped_and_counted(path):
    written(
        path,
        lambda writer: writer.document("weather", {"rows": []}),
        lambda writer: writer._append("index", b"no msgpack, no zstd"),
        lambda writer: writer._append("index", b""),
        lambda writer: writer.events(batch([1])),
    )
    with CaptureFile.open(path) as capture:
        assert capture.unknown == {"weather": 1, "index": 2}
        assert (capture.count, capture.verdict.state) == (1, State.WHOLE)


def test_an_unknown_column_is_ignored(path):
    columns = dict(batch([1, 2]).columns) | {"mood": np.array([7, 8], "<u2")}
    written(path, lambda writer: writer.events(EventBatch(columns, [], b"")))
    with CaptureFile.open(path) as capture:
        assert set(capture.read_columns()) == set(EVENT_COLUMNS)
        assert capture.read_columns(("time",))["time"].tolist() == [1, 2]


def test_a_newer_format_asks_for_an_update_and_names_both_versions(path, monkeypatch):
    monkeypatch.setattr(writer_module, "FORMAT_VERSION", FORMAT_VERSION + 6)
    written(path)
    with pytest.raises(FormatError, match=f"format {FORMAT_VERSION + 6}.* {FORMAT_VERSION}: please update"):
        CaptureFile.open(path)


@pytest.mark.parametrize("version", [None, "1", 0, -1, 1.0, True, [1]])
def test_a_section_without_a_version_is_refused(path, version):
    written(path, section={"format": version})
    with pytest.raises(FormatError, match="version"):
        CaptureFile.open(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (bytes(100_000), "not an Exhume capture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "PNG"),
        (b"\x1f\x8b\x08" + bytes(500), "gzip"),
        (b"\x0a\x0d\x0d\x0a" + bytes(500), "pcapng"),
        (b"text\n" * 100, "not an Exhume capture"),
        (b"\x94\xc4\x08\x89EXHUME\n" * 1000, "not an Exhume capture"),
    ],
    ids=["empty", "zeros", "PNG", "gzip", "pcapng", "text", "marks"],
)
def test_what_is_no_capture_is_refused_in_one_sentence(path, content, told):
    path.write_bytes(content)
    with pytest.raises(FormatError, match=told):
        CaptureFile.open(path)


def test_a_file_that_is_missing_or_a_folder_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        CaptureFile.open(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        CaptureFile.open(tmp_path)


def test_without_a_section_block_nothing_is_guessed(path):
    with path.open("wb") as stream:
        CaptureWriter(stream).events(batch([1]))
    with pytest.raises(FormatError, match="section"):
        CaptureFile.open(path)


@pytest.mark.parametrize("kind", ["section", "snapshot", "containers", "counters", "note", "end"])
@pytest.mark.parametrize("document", [None, [], 7, "text", {}, {"rows": None}, {"rows": {}}, {"rows": [1]}])
def test_a_document_of_another_shape_is_kept_or_refused(path, kind, document):
    written(path, lambda writer: writer.document(kind, document, name="processes"))
    try:
        with CaptureFile.open(path) as capture:
            assert isinstance(document, dict)
            assert all(isinstance(row, dict) for row in capture.table("processes"))
    except FormatError as error:
        assert error.offset is not None


@pytest.mark.parametrize("column", ["text", "text2", "addr", "sock"])
@pytest.mark.parametrize("code", [-1, 3, -(1 << 31), (1 << 31) - 1])
def test_a_text_code_out_of_range_is_refused(path, column, code):
    written(path, lambda writer: writer.events(batch([1, 2], [b"a", b"b"], **{column: [1, code]})))
    with CaptureFile.open(path) as capture, pytest.raises(FormatError, match="not there"):
        capture.read_columns()


def forged(path, *events):
    """A capture whose event blocks have digests that are right; `events` are (count, body) of each."""
    return written(
        path,
        *[lambda writer, c=count, b=body: writer._append("events", b, count=c) for count, body in events],
    )


def const_body(value=0, n_texts=0):
    columns = {name: pack_column(np.full(1, value, dtype), ZSTD) for name, dtype in EVENT_COLUMNS.items()}
    texts = [["<u4", "<u4", "const", bytes(4)], ZSTD.compress(b"")]
    return msgpack.packb({"columns": columns, "texts": texts, "payload": b"", "n_texts": n_texts})


def test_a_tiny_file_cannot_claim_more_events_than_fit_the_memory(path):
    forged(path, *[(MAX_EVENTS, const_body())] * 3)
    assert path.stat().st_size < 10_000
    with pytest.raises(FormatError, match="claims 2097152 events"):
        CaptureFile.open(path)


def test_a_block_cannot_claim_more_events_than_a_block_holds(path):
    forged(path, (MAX_EVENTS + 1, const_body()))
    with pytest.raises(FormatError):
        CaptureFile.open(path).read_columns()


@pytest.mark.parametrize(
    "body", [b"", b"\xc1", b"\x80", b"\x93\x01\x02\x03", b"\x91" * 2000, const_body()[:-1]]
)
def test_an_event_block_with_a_foreign_body_is_refused_when_it_is_read(path, body):
    forged(path, (1, body))
    with CaptureFile.open(path) as capture:
        for read in (
            capture.read_columns,
            lambda: list(capture.slices(("time",))),
            lambda: capture.payload(0),
        ):
            with pytest.raises(FormatError):
                read()


def test_a_table_with_more_than_a_block_takes_is_spread_and_comes_back_whole(path):
    rows = [{"pid": pid, "argv": [bytes(1 << 20)]} for pid in range(20)]
    written(path, lambda writer: writer.table("processes", rows))
    with CaptureFile.open(path) as capture:
        assert capture.table("processes") == rows
        assert capture.verdict.blocks > 3


def test_progress_is_told_and_cancelling_is_obeyed(path):
    written(path, *[lambda writer: writer.events(batch([1]))] * 5)
    told = []
    with CaptureFile.open(path, lambda done, total: told.append((done, total))) as capture:
        assert told[-1] == (path.stat().st_size,) * 2
        assert told == sorted(told)
        with pytest.raises(Cancelled):
            capture.read_columns(cancelled=lambda: True)
    with pytest.raises(Cancelled):
        CaptureFile.open(path, cancelled=lambda: True)


def test_reading_does_not_change_the_file(path):
    written(path, lambda writer: writer.events(batch([1])))
    path.chmod(0o400)
    before = (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).digest())
    with CaptureFile.open(path) as capture:
        capture.read_columns()
        assert capture.stream.readable() and not capture.stream.writable()
    assert (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).digest()) == before


def test_a_file_that_grows_while_it_is_open_reads_as_it_was(path):
    book = CaptureBuilder()
    for _ in range(3):
        book.event("getpid")
    book.write(path, block=1, closed=False)
    with CaptureFile.open(path) as capture:
        with path.open("ab") as stream:
            stream.write(b"\x94\xc4\x08\x89EXHUME\nmore to come")
        assert capture.read_columns(("time",))["time"].tolist() == [START_NS + MS * at for at in (1, 2, 3)]


def test_a_new_capture_is_readable_by_its_owner_alone_and_never_written_over(path):
    with create(path) as stream:
        stream.write(b"evidence")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        create(path)
    assert path.read_bytes() == b"evidence"
    with create(path, overwrite=True) as stream:
        assert path.read_bytes() == b"evidence", "until there is something to put in its place"
        CaptureWriter(stream).section({})
    assert b"evidence" not in path.read_bytes()
    link = path.with_name("link")
    link.symlink_to(path)
    with pytest.raises(OSError, match="symbolic link"):
        create(link)


class FullDisk(io.BytesIO):
    """Takes so many bytes and then no more."""

    room = 3000

    def write(self, data):
        if self.tell() + len(data) > self.room:
            super().write(bytes(data)[: self.room - self.tell()])
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_a_full_disk_leaves_only_whole_blocks(path):
    disk = FullDisk()
    writer = CaptureWriter(disk)
    writer.section({})
    with pytest.raises(OSError, match="No space"):
        for _ in range(100):
            writer.events(batch([1, 2]))
    path.write_bytes(disk.getvalue())
    with CaptureFile.open(path) as capture:
        assert capture.count == writer.events_written > 0
        assert capture.verdict.state is State.CUT_SHORT
        assert path.stat().st_size == writer.bytes_written


def test_a_device_without_an_end_is_refused():
    with pytest.raises(FormatError, match="not a file"):
        CaptureFile.open("/dev/zero")


def test_a_growing_file_is_taken_up_where_the_reader_left_off(tmp_path):
    """Also from the middle of a block: what is half there is read when it is whole."""
    book = CaptureBuilder()
    for at in range(6):
        book.event("read", pid=100, ret=at, data=bytes([at]), text=b"%d" % at)
    data = book.write(tmp_path / "whole.exhume", block=2).read_bytes()
    path = tmp_path / "growing.exhume"
    steps = [len(data) * part // 12 for part in range(5, 13)]
    path.write_bytes(data[: steps[0]])
    with CaptureFile.open(path) as capture:
        seen = []
        for size in (*steps, len(data)):
            path.write_bytes(data[:size])
            before = capture.count
            grown = capture.grow()
            assert grown or capture.count == before
            columns = capture.read_columns(("ret", "text"))
            new = capture.rows_since(before)
            seen += [(int(columns["ret"][row]), capture.payload(row)) for row in new]
            assert [capture.texts[code] for code in columns["text"]] == [b"%d" % at for at in columns["ret"]]
        assert seen == [(at, bytes([at])) for at in range(6)]
        assert capture.verdict.state is State.WHOLE
        assert capture.ending == {"events": 6}
        path.write_bytes(data[:100])
        with pytest.raises(FormatError, match="became shorter"):
            capture.grow()


def test_events_that_came_late_are_found_among_those_that_were_appended(tmp_path):
    book = CaptureBuilder()
    for at in range(4):
        book.event("read", pid=100, ret=at)
    book.rows[3]["time"] = START_NS
    whole = book.write(tmp_path / "whole.exhume", block=3, closed=False).read_bytes()
    ends = [at for at in range(len(whole)) if whole.startswith(b"\x94\xc4\x08\x89EXHUME\n", at)]
    path = tmp_path / "growing.exhume"
    path.write_bytes(whole[: ends[-1]])
    with CaptureFile.open(path) as capture:
        assert capture.read_columns(["ret"])["ret"].tolist() == [0, 1, 2]
        path.write_bytes(whole)
        capture.grow()
        assert capture.read_columns(["ret"])["ret"].tolist() == [3, 0, 1, 2]
        assert capture.rows_since(3).tolist() == [0]
