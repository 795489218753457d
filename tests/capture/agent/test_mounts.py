"""Mounts of this machine, and names with blanks."""

import os
import sys
from pathlib import Path

import pytest

from capture.agent import mounts

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def test_the_mount_of_proc_is_listed():
    row = next(row for row in mounts.mounts() if row["target"] == "/proc")
    status = Path("/proc").stat()
    assert (row["type"], row["dev"]) == ("proc", os.major(status.st_dev) << 20 | os.minor(status.st_dev))


def test_blanks_in_names_of_mounts_are_read(tmp_path, monkeypatch):
    (tmp_path / "self").mkdir()
    (tmp_path / "self/mountinfo").write_bytes(
        b"36 35 98:0 /a\\040b /mnt/c\\134d\\011e rw,noatime master:1 - ext3 /dev/root rw\n"
        b"37 35 0:5 / /\xff rw - tmpfs\n"
    )
    monkeypatch.setattr(mounts, "PROC", tmp_path)
    first, second = mounts.mounts()
    assert (first["dev"], first["root"], first["target"]) == (98 << 20, "/a b", "/mnt/c\\d\te")
    assert (second["target"], second["type"], second["source"]) == ("/\\xff", "tmpfs", "")
