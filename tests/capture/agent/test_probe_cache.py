"""Compiled probes kept between recordings: only what is whole and nobody else's is taken."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.agent import probe_cache
from capture.agent.bpf_call import MapShape
from capture.agent.compiler import Compiled

NAME = "0" * 64
PROBE = Compiled({"lost": MapShape(2, 4, 8, 16, 1 << 10)}, {"on_sys_exit": bytes(range(16))})


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder that is used, not yet made."""
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path / "cache"))
    return probe_cache.folder()


def test_what_was_kept_is_found_again_and_closed_to_others(folder):
    assert probe_cache.kept(NAME) is None
    probe_cache.keep(NAME, PROBE)
    assert probe_cache.kept(NAME) == PROBE
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [(path.name, path.stat().st_mode & 0o777) for path in folder.iterdir()] == [(NAME, 0o600)]


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write_is_not_taken(folder, mode):
    probe_cache.keep(NAME, PROBE)
    (folder / NAME).chmod(mode)
    assert probe_cache.kept(NAME) is None


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o1777])
def test_a_folder_that_others_may_write_is_neither_read_nor_written(folder, mode):
    probe_cache.keep(NAME, PROBE)
    folder.chmod(mode)
    assert probe_cache.kept(NAME) is None
    probe_cache.keep("1" * 64, PROBE)
    assert [path.name for path in folder.iterdir()] == [NAME]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_not_taken(folder):
    probe_cache.keep(NAME, PROBE)
    os.chown(folder / NAME, 65534, 65534)
    assert probe_cache.kept(NAME) is None


def test_a_link_is_not_followed(folder, tmp_path):
    probe_cache.keep(NAME, PROBE)
    (folder / NAME).rename(tmp_path / "elsewhere")
    (folder / NAME).symlink_to(tmp_path / "elsewhere")
    assert probe_cache.kept(NAME) is None
    folder.rename(tmp_path / "real")
    folder.symlink_to(tmp_path / "real")
    assert probe_cache.kept(NAME) is None


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_a_changed_or_shortened_file_is_not_taken(tmp_path_factory, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CACHE_DIRECTORY", str(tmp_path_factory.mktemp("cache")))
        probe_cache.keep(NAME, PROBE)
        file = probe_cache.folder() / NAME
        content = bytearray(file.read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[at] ^= data.draw(st.integers(1, 255))
        else:
            del content[at:]
        file.write_bytes(content)
        assert probe_cache.kept(NAME) is None


def test_the_oldest_go(folder):
    names = [f"{number:064d}" for number in range(probe_cache.KEPT + 3)]
    for age, name in enumerate(names):
        probe_cache.keep(name, PROBE)
        os.utime(folder / name, (age, age))
    probe_cache.keep(NAME[:-1] + "x", PROBE)
    left = {path.name for path in folder.iterdir()}
    assert len(left) == probe_cache.KEPT
    assert not left & set(names[:4])


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_is_said(monkeypatch):
    monkeypatch.setenv("CACHE_DIRECTORY", "/proc/none")
    probe_cache.keep(NAME, PROBE)
    assert probe_cache.kept(NAME) is None
