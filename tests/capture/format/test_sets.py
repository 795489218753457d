"""The files of a set are read as the one recording that they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.format import CaptureFile, CaptureSet, Damage, FormatError, State, open_captures, pool, sets
from capture.format.totals import totals_of
from tests.builders.capture import START_NS, CaptureBuilder


def recording(events=12):
    book = CaptureBuilder()
    book.process(100, comm="sh")
    for at in range(events):
        data = bytes([at]) * at
        book.event("read", pid=100, ret=at, data=data, text=b"text %d" % (at % 5), args=(3, at))
    return book


def payload_of(capture):
    """All payload, event by event, read in blocks."""
    found = [b""] * capture.count
    for rows, ends, data in capture.payload_blocks():
        for row, start, end in zip(rows.tolist(), [0, *ends.tolist()], ends.tolist(), strict=False):
            found[row] = data[start:end]
    return found


def told(capture):
    """Every event as one tuple, texts and payload included."""
    columns = capture.read_columns()
    rows = zip(*(columns[name].tolist() for name in ("time", "ret", "a1", "flags", "text")), strict=True)
    return [(*row[:-1], capture.texts[row[-1]], capture.payload(at)) for at, row in enumerate(rows)]


def whole(book, tmp_path):
    with CaptureFile.open(book.write(tmp_path / "whole.one")) as capture:
        return told(capture)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 11), unique=True, max_size=5).map(sorted))
def test_a_set_holds_what_one_file_would_wherever_it_is_cut(tmp_path_factory, ends):
    folder, book = tmp_path_factory.mktemp("set"), recording()
    book.write_set(folder, *ends)
    with open_captures([folder]) as capture:
        assert told(capture) == whole(book, folder)
        assert capture.count == 12
        assert capture.verdict.state is State.WHOLE


def test_the_order_in_which_files_are_given_does_not_matter(tmp_path):
    book = recording()
    paths = book.write_set(tmp_path, 4, 9)
    with open_captures(paths[::-1]) as capture:
        assert told(capture) == whole(book, tmp_path)


def test_a_folder_of_one_file_is_that_file(tmp_path):
    book = recording()
    book.write(tmp_path / "only.exhume")
    (tmp_path / "notes.txt").write_text("no capture")
    with open_captures([tmp_path]) as capture:
        assert isinstance(capture, CaptureSet)
        assert capture.count == 12


def test_a_file_that_has_yet_to_begin_is_passed_over(tmp_path):
    """A recorder killed between making a file and writing to it leaves an empty one."""
    recording().write_set(tmp_path, 4)
    (tmp_path / "node-00003.exhume").write_bytes(b"")
    with open_captures([tmp_path]) as capture:
        assert capture.count == 12


def test_what_had_not_returned_is_taken_from_the_file_in_which_it_did(tmp_path):
    book = recording()
    paths = book.write_set(tmp_path, 4, 9, unfinished=(6, None))
    with CaptureFile.open(paths[0]) as first:
        assert told(first)[-1][3] == 4  # IN_PROGRESS: of its own, the file tells who was waiting
    with open_captures(paths) as capture:
        assert told(capture) == whole(book, tmp_path)
    with open_captures([paths[0], paths[2]]) as gap:
        assert gap.count == 4 + 1 + 3  # it may have returned in the file that is not here


def test_an_event_that_came_late_stands_where_its_time_belongs(tmp_path):
    book = recording()
    book.rows[7]["time"] = START_NS + 1
    book.write_set(tmp_path, 5)
    with open_captures([tmp_path]) as capture:
        assert told(capture) == whole(book, tmp_path)
        assert payload_of(capture) == [row[-1] for row in told(capture)]
        assert np.array_equal(capture.read_columns(["ret"])["ret"], [7, *range(7), *range(8, 12)])


def test_later_snapshots_add_what_is_new_and_change_nothing(tmp_path):
    book = recording()
    book.descriptor(100, 3, "/before", ino=7)
    later = {
        "processes": [
            {"pid": 100, "start_ns": book.tables["processes"][0]["start_ns"], "comm": "python"},
            {"pid": 100, "start_ns": START_NS + 5, "comm": "again"},
            {"pid": [], "start_ns": {}},
        ],
        "descriptors": [{"pid": 100, "fd": 3, "name": "/after", "dev": 1, "ino": 7}],
    }
    book.write_set(tmp_path, 5, tables=[later])
    with open_captures([tmp_path]) as capture:
        assert [row.get("comm") for row in capture.table("processes")] == ["sh", "again", None]
        assert [row["name"] for row in capture.table("descriptors")] == ["/before"]
        assert capture.table("mounts") == []


def test_what_each_file_counts_for_itself_is_added_up():
    endings = [
        {"ended": 1, "late": 2, "lost": {"life": 1}, "masked": {"payload": 3}, "filtered": {"futex": 5}},
        {"ended": 2, "late": 0, "counted": 7, "lost": {}, "masked": {"payload": 1, "arguments": 2}},
    ]
    assert totals_of(endings) == {
        **{"ended": 2, "late": 2, "counted": 7, "lost": {"life": 1}},
        **{"masked": {"payload": 4, "arguments": 2}, "filtered": {"futex": 5}},
    }
    assert totals_of([{"masked": [], "late": "x"}, {"masked": {"payload": "y"}}])["masked"] == {"payload": 0}
    assert "filtered" not in totals_of([{"lost": {}}])


def test_totals_are_those_of_all_files(tmp_path):
    paths = recording().write_set(tmp_path, 4, 9)
    with open_captures([tmp_path]) as capture:
        assert capture.ending["events"] == 12
        assert capture.ending["lost"] == {"small": 3}
    paths[1].write_bytes(paths[1].read_bytes()[:-1])
    with open_captures([tmp_path]) as capture:
        assert capture.ending is None


@pytest.mark.parametrize(
    ("damage", "state", "words"),
    [
        (lambda paths: paths[0].unlink(), State.WHOLE, ""),  # older files go: that is what --keep is for
        (lambda paths: paths[1].unlink(), State.CUT_SHORT, "file 2 of the set is not here"),
        (lambda paths: paths[2].write_bytes(paths[2].read_bytes()[:-9]), State.CUT_SHORT, "node-00003"),
        (lambda paths: paths[1].write_bytes(paths[1].read_bytes()[:-9]), State.ALTERED, "not written after"),
    ],
    ids=["first gone", "middle gone", "last cut", "middle cut"],
)
def test_what_is_missing_or_damaged_is_told_with_the_file(tmp_path, damage, state, words):
    paths = recording().write_set(tmp_path, 4, 9)
    damage(paths)
    with open_captures([tmp_path]) as capture:
        assert capture.verdict.state is state
        assert words in capture.verdict.reason


def test_what_is_missing_from_a_set_is_told_with_the_times_around_it(tmp_path):
    paths = recording().write_set(tmp_path, 4, 9)
    with open_captures([tmp_path]) as capture:
        before, _, after = [[block.header for block in member.blocks] for member in capture.members]
    paths[1].unlink()
    with open_captures([tmp_path]) as capture:
        verdict = capture.verdict
    assert (verdict.state, verdict.damage) == (State.CUT_SHORT, Damage.MISSING)
    assert verdict.before == max(header.last for header in before)
    assert verdict.after == min(header.first for header in after)


def test_a_file_that_was_exchanged_makes_the_set_altered(tmp_path):
    paths = recording().write_set(tmp_path, 4, 9)
    other = recording()
    other.rows[5]["ret"] = 77
    (tmp_path / "other").mkdir()
    paths[1].write_bytes(other.write_set(tmp_path / "other", 4, 9)[1].read_bytes())
    with open_captures([tmp_path]) as capture:
        assert capture.verdict.state is State.ALTERED
        assert "node-00003.exhume was not written after node-00002.exhume" in capture.verdict.reason


def test_recordings_that_are_not_one_set_are_refused(tmp_path):
    recording().write_set(tmp_path, 4)
    recording().write(tmp_path / "other.exhume")
    with pytest.raises(FormatError, match="3 files of 2 recordings"):
        open_captures([tmp_path])


def test_the_same_file_twice_is_refused(tmp_path):
    paths = recording().write_set(tmp_path, 4)
    with pytest.raises(FormatError, match="both file 1"):
        open_captures([*paths, paths[0]])


def test_a_folder_without_captures_and_one_with_too_many_are_refused(tmp_path, monkeypatch):
    with pytest.raises(FormatError, match="without captures"):
        open_captures([tmp_path])
    monkeypatch.setattr(sets, "MAX_FILES", 1)
    recording().write_set(tmp_path, 4)
    with pytest.raises(FormatError, match="2 files; at most 1"):
        open_captures([tmp_path])


def test_a_set_that_lies_about_its_place_is_refused_or_read(tmp_path):
    for number in (None, "x", -3, (1 << 64) - 1, [1]):
        folder = tmp_path / str(number)
        folder.mkdir()
        recording().write_set(folder, number=number)
        with open_captures([folder]) as capture:
            assert capture.count == 12


def test_a_file_without_its_section_is_named(tmp_path):
    paths = recording().write_set(tmp_path, 4)
    paths[1].write_bytes(b"\0" * 100)
    with pytest.raises(FormatError, match="node-00002"):
        open_captures([tmp_path])


def test_files_of_a_set_share_what_they_may_claim(tmp_path, monkeypatch):
    """Many small files that each claim what one may would fill the memory together."""
    monkeypatch.setattr(pool, "EVENTS", 3)
    monkeypatch.setattr(pool, "EVENTS_PER_BYTE", 0)
    paths = recording().write_set(tmp_path, *range(1, 12))
    open_captures(paths[:3]).close()
    with pytest.raises(FormatError, match="claims 4 events"):
        open_captures([tmp_path])
