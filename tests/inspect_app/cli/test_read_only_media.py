"""Opening changes nothing: captures lie on media that cannot be written to, and look the same afterwards."""

import os
import subprocess

import pytest
from click.testing import CliRunner

from capture.cli import main as node_side
from inspect_app.cli import main
from tests.builders.capture import CaptureBuilder

COMMANDS = (
    *((node_side, ["info"]), (node_side, ["events"]), (node_side, ["verify"])),
    *((main, ["view", "FILE", "files"]), (main, ["tiles"]), (main, ["tree"])),
)


def run_all(path):
    for group, (word, *more) in COMMANDS:
        words = [str(path) if one == "FILE" else one for one in more] or [str(path)]
        result = CliRunner().invoke(group, [word, *words])
        assert result.exit_code == 0, (word, result.output)


def written(folder):
    book = CaptureBuilder()
    book.event("openat", text=b"/etc/passwd", ret=3, fd=3, ino=7)
    return book.write(folder / "node.exhume")


def test_reading_a_capture_leaves_it_and_its_folder_as_they_were(tmp_path):
    path = written(tmp_path)
    os.utime(path, ns=(1, 1))
    before, data = path.stat(), path.read_bytes()
    os.utime(path, ns=(1, 1))
    run_all(path)
    after = path.stat()
    assert (after.st_mtime_ns, after.st_size, after.st_mode) == (
        before.st_mtime_ns,
        before.st_size,
        before.st_mode,
    )
    assert path.read_bytes() == data
    assert [entry.name for entry in tmp_path.iterdir()] == ["node.exhume"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_capture_on_a_read_only_file_system_is_read(tmp_path):
    if subprocess.run(
        ["mount", "-t", "tmpfs", "none", tmp_path], check=False, capture_output=True
    ).returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        path = written(tmp_path)
        subprocess.run(["mount", "-o", "remount,ro", tmp_path], check=True)
        with pytest.raises(OSError):
            (tmp_path / "x").write_text("")
        run_all(path)
    finally:
        subprocess.run(["umount", tmp_path], check=True)
