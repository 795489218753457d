"""Files of other recorders open like captures, converted once."""

import pytest

from capture.format import FormatError
from inspect_app.analysis.summary import summarise
from inspect_app.frames import foreign, open_capture
from tests.builders.frames import build_frames
from tests.builders.scap import ScapBuilder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setattr(foreign, "user_cache_path", lambda _name: folder)
    return folder / "converted"


@pytest.fixture
def file(tmp_path):
    book = ScapBuilder()
    book.process(100, comm="sh", uid=1000)
    book.call("openat", enter=(-100, "/etc/passwd", 1, 0), exit=(3, -100, "/etc/passwd", 1, 0, 0, 0))
    book.call("read", enter=(3, 4096), exit=(5, b"hello"))
    path = tmp_path / "trace.scap"
    path.write_bytes(book.gzip())
    return path


def test_a_scap_file_opens_like_a_capture(file):
    frames = open_capture(file)
    assert frames.path == str(file)
    assert frames.state.state == "whole"
    assert frames.events["type"].tolist() == ["openat", "read"]
    assert frames.descriptors["name"].tolist() == ["/etc/passwd"]
    assert frames.source.payload(1) == b"hello"
    assert frames.host["hostname"] == "node-1"


def test_it_is_converted_once_and_again_when_it_has_changed(file, cache, monkeypatch):
    open_capture(file)
    (kept,) = cache.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(foreign, "convert_file", None)
    assert len(open_capture(file).events) == 2
    monkeypatch.undo()
    monkeypatch.setattr(foreign, "user_cache_path", lambda _name: cache.parent)
    file.write_bytes(file.read_bytes()[:-30])
    assert open_capture(file).state.state == "cut short"
    assert len(list(cache.iterdir())) == 2


def test_the_cache_keeps_what_was_opened_last(file, cache, monkeypatch):
    monkeypatch.setattr(foreign, "_KEPT", 1)
    open_capture(file)
    first = next(cache.iterdir())
    book = ScapBuilder()
    book.call("read", enter=(3, 4096), exit=(5, b"hello"))
    other = file.with_name("other.scap")
    other.write_bytes(book.plain())
    open_capture(other)
    assert first not in list(cache.iterdir())
    assert len(list(cache.iterdir())) == 1


def test_one_that_cannot_be_converted_leaves_nothing_in_the_cache(tmp_path, cache):
    path = tmp_path / "new.scap"
    path.write_bytes(ScapBuilder(major=7).plain())
    with pytest.raises(FormatError, match=r"7\.2"):
        open_capture(path)
    assert list(cache.iterdir()) == []


def test_a_scap_file_does_not_tell_what_was_lost(file):
    assert not summarise(open_capture(file)).tells_loss
    assert summarise(build_frames(10)).tells_loss
