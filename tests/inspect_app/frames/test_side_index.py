"""The side index: the same frames as read from the file, or none."""

import hashlib
import os
import shutil
import stat
from dataclasses import fields
from pathlib import Path

import msgpack
import numpy as np
import pandas as pd
import pytest

from capture.format import Cancelled, CaptureFile
from inspect_app.frames import open_capture, side_index
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import TABLES
from inspect_app.frames.side_index import SideIndex, key_of
from inspect_app.frames.stored import _dtypes, _proof
from tests.benchmarks.generated import generate
from tests.builders.capture import MS, START_NS, CaptureBuilder


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("evidence") / "made.exhume"
    generate(path, 5_000, 16)
    return path


def use(monkeypatch, cache):
    monkeypatch.setattr(side_index.platformdirs, "user_cache_path", lambda _: cache)
    monkeypatch.setattr(side_index, "LEAST_EVENTS", 10)
    monkeypatch.delenv("EXHUME_NO_CACHE", raising=False)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path / "cache")
    return tmp_path / "cache" / "frames"


@pytest.fixture(scope="module")
def made(path, tmp_path_factory):
    """The one index file, made by opening the capture."""
    cache = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patched:
        use(patched, cache)
        open_capture(path)
    (made,) = (cache / "frames").iterdir()
    return made


@pytest.fixture
def index(made, folder):
    """A copy of it, which the next opening finds."""
    folder.mkdir(0o700, parents=True)
    return Path(shutil.copy2(made, folder))


@pytest.fixture
def joins(monkeypatch):
    """Counts how often frames were made from the file."""
    done, real = [], side_index.write_frames

    def counted(*arguments):
        done.append(1)
        real(*arguments)

    monkeypatch.setattr(side_index, "write_frames", counted)
    return done


def assert_equal(one, other):
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table))
    assert list(one.paths) == list(other.paths)
    assert list(one.environments) == list(other.environments)
    assert (one.host, one.state) == (other.host, other.state)
    for row in range(0, len(one.events), 97):
        assert one.source.payload(row) == other.source.payload(row)
        assert one.source.texts(row) == other.source.texts(row)
        assert one.source.address(row) == other.source.address(row)
    assert np.array_equal(one.source.argument(1), other.source.argument(1))


def test_every_frame_of_a_capture_is_kept():
    frames = {one.name for one in fields(CaptureFrames) if "DataFrame" in str(one.type)}
    assert frames == set(TABLES)


def test_a_capture_opened_again_has_the_same_frames(path, index, joins):
    assert_equal(open_capture(path), open_capture(path, cache=False))
    assert joins == []


def test_the_index_is_its_owners_alone_and_not_beside_the_evidence(path, made):
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_copy_elsewhere_uses_the_same_index(path, index, joins, tmp_path):
    copy = tmp_path / "copy.exhume"
    copy.write_bytes(path.read_bytes())
    assert open_capture(copy).path == str(copy)
    assert joins == []


def test_a_capture_of_which_a_byte_was_changed_is_read_anew(path, index, tmp_path):
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    altered = tmp_path / "altered.exhume"
    altered.write_bytes(changed)
    frames = open_capture(altered)
    assert frames.state.state == "altered"
    assert len(frames.events) < len(open_capture(path).events)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999, 1.0])
def test_an_index_that_was_cut_is_made_anew(path, index, joins, share):
    os.truncate(index, int(index.stat().st_size * share) - (share == 1.0))
    assert_equal(open_capture(path), open_capture(path, cache=False))
    assert joins == [1]


def damaged(index, name, change, *, vouched=False):
    """The index with other bytes in one array; `vouched`: and with proofs that say so."""
    data = bytearray(index.read_bytes())
    header, listed = header_of(data)
    row = next(row for row in listed["arrays"] if row[0] == name)
    dtype = np.dtype(_dtypes()[name])
    part = slice(row[2], row[2] + row[1] * dtype.itemsize)
    changed = change(np.frombuffer(bytes(data[part]), np.uint8).copy())
    data[part] = changed.tobytes()
    if vouched:
        row[3] = _proof(name, changed.view(dtype))
        data[header] = msgpack.packb(listed)
        data[24:56] = hashlib.sha256(data[header]).digest()
    index.write_bytes(data)


def header_of(data):
    offset, length = (int.from_bytes(data[at : at + 8], "little") for at in (8, 16))
    return slice(offset, offset + length), msgpack.unpackb(data[offset : offset + length])


@pytest.mark.parametrize(
    "name",
    ["events.process", "events.path", "source.text", "events.time", "images.comm#bytes", "processes.pid"],
)
def test_an_index_that_points_outside_or_is_not_as_it_was_written_is_made_anew(path, index, joins, name):
    damaged(index, name, lambda raw: raw[::-1] ^ 0x41)
    assert_equal(open_capture(path), open_capture(path, cache=False))
    assert joins == [1]


@pytest.mark.parametrize("name", ["events.process", "events.path", "source.text", "events.time"])
def test_an_index_that_vouches_for_what_points_outside_is_made_anew(path, index, joins, name):
    damaged(index, name, lambda raw: raw[::-1] ^ 0x41, vouched=True)
    assert_equal(open_capture(path), open_capture(path, cache=False))
    assert joins == [1]


@pytest.mark.parametrize("column", [column.name for column in TABLES["events"]])
@pytest.mark.parametrize("bit", [0, 7])
def test_a_bit_that_flipped_in_a_column_of_the_events_is_noticed(path, index, joins, column, bit):
    def flip(raw):
        raw[len(raw) // 3] ^= 1 << bit
        return raw

    damaged(index, f"events.{column}", flip)
    open_capture(path)
    assert joins == [1]


def test_an_index_that_others_may_write_to_is_not_read(path, index, joins):
    index.chmod(0o622)
    open_capture(path)
    assert joins == [1]


def test_a_folder_that_others_may_write_to_is_not_used(path, index, joins):
    index.parent.chmod(0o777)
    assert_equal(open_capture(path), open_capture(path, cache=False))
    assert joins == []


def test_nothing_is_kept_where_it_is_not_wanted(path, folder, monkeypatch):
    open_capture(path, cache=False)
    monkeypatch.setenv("EXHUME_NO_CACHE", "1")
    open_capture(path)
    monkeypatch.delenv("EXHUME_NO_CACHE")
    monkeypatch.setattr(side_index, "LEAST_EVENTS", 1_000_000)
    open_capture(path)
    assert not folder.exists()


def test_a_full_disk_leaves_nothing_and_costs_nothing(path, folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(side_index, "write_frames", full)
    assert len(open_capture(path).events)
    assert list(folder.iterdir()) == []


def test_a_disk_that_cannot_promise_room_is_written_to_as_it_goes(path, folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inspect_app.frames.room.os.posix_fallocate", full)
    assert_equal(open_capture(path), open_capture(path, cache=False))
    assert [entry.suffix for entry in folder.iterdir()] == [".frames"]


def test_an_opening_that_is_cancelled_leaves_no_index(path, folder):
    asked = []

    def stop():
        asked.append(1)
        return len(asked) > 8 and any(folder.glob("*.part"))

    with pytest.raises(Cancelled):
        open_capture(path, cancelled=stop)
    assert list(folder.iterdir()) == []


def test_events_that_lie_out_of_order_are_kept_in_order(tmp_path, folder):
    made = CaptureBuilder()
    for at in range(40):
        made.event("read", time=START_NS + (at * 7 % 40) * MS, ret=at, text=b"%d" % at, data=b"x" * at)
    path = made.write(tmp_path / "late.exhume", block=16)
    for _ in range(2):
        frames = open_capture(path)
        assert frames.events["time"].is_monotonic_increasing
        assert_equal(frames, open_capture(path, cache=False))
    assert len(list(folder.iterdir())) == 1


def test_what_was_not_used_for_longest_goes_first(path, index):
    with CaptureFile.open(path) as capture:
        key = key_of(capture)
    old, other = index.with_name("0" * 40 + ".frames"), index.with_name("1" * 40 + ".frames")
    for at, entry in enumerate((old, other, index)):
        if entry != index:
            entry.write_bytes(bytes(1_000_000))
        os.utime(entry, (at, at))
    room = SideIndex(index.parent, most_bytes=index.stat().st_size + 1_500_000)
    room._make_room(0)
    assert not old.exists()
    assert other.exists()
    assert room.find(key) is not None
    SideIndex(index.parent).clear()
    assert list(index.parent.iterdir()) == []


def test_the_command_keeps_nothing_when_told_so(path, folder, monkeypatch, capsys):
    from inspect_app.app import main

    monkeypatch.setenv("EXHUME_NO_CACHE", "0")
    for words in (["--no-cache"], []):
        with pytest.raises(SystemExit):
            main([*words, "view", str(path), "containers", "-n", "1"])
        assert folder.exists() is (not words)
        monkeypatch.setenv("EXHUME_NO_CACHE", "0")
