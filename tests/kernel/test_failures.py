"""What keeps a recording from starting or going on is told in one line; what was recorded stays readable."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from capture.cli.errors import Exit
from capture.format import CaptureFile
from tests.kernel.captures import ENVIRONMENT, exhume_capture

pytestmark = pytest.mark.kernel

NOBODY = 65534


def assert_one_line(done, code, *words):
    """One line that starts with our name and holds these words; no traceback."""
    assert done.returncode == code, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("exhume-capture: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in lines[0]


def test_who_is_not_root_is_told_so():
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not installed")
    prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if subprocess.run([*prefix, sys.executable, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip("this interpreter lies where only root can run it")
    # pytest's own folders are closed to other users.
    with tempfile.TemporaryDirectory(prefix="exhume-nobody-") as folder:
        Path(folder).chmod(0o777)
        path = Path(folder) / "node.exhume"
        done = exhume_capture("record", "-o", path, "--", "true", prefix=prefix)
        if "No module named" in done.stderr:
            pytest.skip("this copy of Exhume lies where only root can read it")
        assert_one_line(done, Exit.FAILED, "root")
        assert not path.exists()


def nothing_kept(folder):
    """An environment in which no earlier recording has left a compiled probe."""
    return {**ENVIRONMENT, "CACHE_DIRECTORY": str(folder / "cache")}


def test_a_machine_without_bcc_is_told_what_to_install(tmp_path):
    path = tmp_path / "none.exhume"
    before = "import sys; sys.modules['bcc'] = None; "
    done = exhume_capture("record", "-o", path, "--", "true", before=before, env=nothing_kept(tmp_path))
    assert_one_line(done, Exit.FAILED, "BCC", "apt-get install python3-bpfcc")
    assert not path.exists()


def test_another_project_called_bcc_is_not_taken_for_it(tmp_path):
    before = "import sys, types; sys.modules['bcc'] = types.ModuleType('bcc'); "
    done = exhume_capture(
        "record", "-o", tmp_path / "none.exhume", "--", "true", before=before, env=nothing_kept(tmp_path)
    )
    assert_one_line(done, Exit.FAILED, "another project", "python3-bpfcc")


def test_a_kernel_without_btf_is_told_so(tmp_path):
    """In a mount namespace of its own the kernel's file is hidden by an empty one."""
    path = tmp_path / "none.exhume"
    hide = 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$@"'
    prefix = ["unshare", "--mount", "sh", "-c", hide, "sh"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace can be made here")
    done = exhume_capture("record", "-o", path, "--", "true", prefix=prefix)
    assert_one_line(done, Exit.FAILED, "BTF", "/sys/kernel/btf/vmlinux")
    assert not path.exists()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("missing/folder/x.exhume", "No such file"),
        ("file/x.exhume", "Not a directory"),
    ],
)
def test_a_place_that_cannot_be_written_is_told(tmp_path, place, words):
    (tmp_path / "file").write_text("")
    done = exhume_capture("record", "-o", tmp_path / place, "--", "true")
    assert_one_line(done, Exit.WRITE_FAILED, words, place)


def test_a_file_system_without_writing_is_told(tmpfs):
    subprocess.run(["mount", "-o", "remount,ro", tmpfs], check=True)
    done = exhume_capture("record", "-o", tmpfs / "x.exhume", "--", "true")
    assert_one_line(done, Exit.WRITE_FAILED, "Read-only file system")


def test_a_capture_that_exists_is_not_written_over(tmp_path):
    path = tmp_path / "evidence.exhume"
    path.write_bytes(b"evidence")
    done = exhume_capture("record", "-o", path, "--", "true")
    assert_one_line(done, Exit.WRITE_FAILED, "exists already", "--overwrite")
    assert path.read_bytes() == b"evidence"


@pytest.fixture
def tmpfs(request, tmp_path):
    """A file system of 256 KiB, or as many as the test asks for."""
    kib = getattr(request, "param", 256)
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "exhume-test", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no tmpfs can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


FILL = """
import os, sys, time
fd = os.open("/dev/urandom", os.O_RDONLY)
time.sleep(2.5)  # a first block has its place by then
# A recorder writes each second: where nothing more is written the disk is full, however slow the machine.
ends = time.monotonic() + 30
since, free = time.monotonic(), -1
while time.monotonic() < min(ends, since + 3):
    for _ in range(1_000):
        os.read(fd, 2000)
    now = os.statvfs(sys.argv[1]).f_bavail
    if now != free:
        since, free = time.monotonic(), now
"""


@pytest.mark.parametrize(("tmpfs", "snaplen"), [(256, 2_048), (4_096, 80)], indirect=["tmpfs"])
def test_a_full_disk_ends_the_recording_and_what_is_there_opens(tmpfs, snaplen):
    path = tmpfs / "full.exhume"
    command = (sys.executable, "-c", FILL, tmpfs)
    done = exhume_capture("record", "-o", path, "--snaplen", snaplen, "--", *command)
    assert_one_line(done, Exit.WRITE_FAILED, "No space left on device", "can be opened")
    # What could not be written was taken back, which leaves room to say so.
    assert exhume_capture("verify", path).returncode == Exit.FINE
    with CaptureFile.open(path) as capture:
        assert capture.section["host"]["hostname"]
        times = capture.read_columns(["time"])["time"]
        assert capture.ending["reason"] == "No space left on device"
        rows = [row for document in capture.documents["counters"] for row in document["rows"]]
    (gap,) = [row for row in rows if row["kind"] == "unwritten"]
    assert gap["count"] > 0 and gap["since"] < gap["time"]
    told = exhume_capture("info", path).stdout
    assert "No space left on device" in told and "not written: no room on disk" in told
    # With much payload the smaller one may be full before a first second of events lies there.
    assert len(times) or snaplen > 80
