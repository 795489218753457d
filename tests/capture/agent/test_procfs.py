"""/proc as it is on this machine, and lines of it that are made to mislead."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from capture.agent import procfs
from capture.agent.accounts import groups, users
from capture.agent.cgroups import cgroups
from capture.agent.clock import boot_now_ns, boot_to_utc_ns
from capture.agent.host import section
from capture.agent.mounts import mounts
from capture.agent.network import sockets
from capture.agent.proc_files import PROC, content
from capture.agent.settings import Settings
from capture.format.blocks import pack_document, unpack_document

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

SLEEP = shutil.which("sleep")


@contextmanager
def running(*command, **options):
    """A program, up to the moment at which it is executed and runs."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, **options)
    try:
        deadline = time.monotonic() + 60
        while row_of(child.pid)["argv"][:1] != [os.fsencode(command[0])] and time.monotonic() < deadline:
            time.sleep(0.005)
        yield child.pid
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def row_of(pid):
    return next(row for row in procfs.processes(boot_to_utc_ns()) if row["pid"] == pid)


def test_this_process_is_read_as_it_is():
    row = row_of(os.getpid())
    status = Path("/proc/self/exe").stat()
    assert row["ppid"] == os.getppid()
    assert (row["sid"], row["pgid"]) == (os.getsid(0), os.getpgid(0))
    assert (row["uid"], row["gid"]) == (os.getuid(), os.getgid())
    assert row["argv"][0].decode() == sys.orig_argv[0]
    assert (row["cwd"], row["exe"]) == (str(Path.cwd()), os.path.realpath(sys.executable))
    assert (row["ino"], row["dev"]) == (
        status.st_ino,
        os.major(status.st_dev) << 20 | os.minor(status.st_dev),
    )
    assert os.getpid() in row["threads"]
    assert row["kernel"] is False
    assert row["vmrss"] > 1 << 20
    assert time.time_ns() - 24 * 3600 * 10**9 < row["start_ns"] < time.time_ns()
    assert row["unreadable"] == []


def test_the_recorder_is_listed_with_no_descriptors_but_those_that_it_hands_to_a_command():
    pid = os.getpid()
    row = next(row for row in procfs.processes(0) if row["pid"] == pid)
    assert row["comm"]
    first, second = os.pipe()
    try:
        listed = {row["fd"] for row in procfs.descriptors(without=pid) if row["pid"] == pid}
    finally:
        os.close(first)
        os.close(second)
    assert listed <= {0, 1, 2}


@pytest.mark.parametrize("name", ["sleep (x) y", "sleep) S 1 2 3", "(sleep", "sleep\nS 1"])
def test_names_with_spaces_and_parentheses_are_read(name, tmp_path):
    program = tmp_path / name
    shutil.copy(SLEEP, program)
    with running(str(program), "60") as pid:
        row = row_of(pid)
    assert row["comm"] == name[:15]
    assert (row["ppid"], row["exe"]) == (os.getpid(), str(program))


def test_a_program_whose_file_is_gone_is_told(tmp_path):
    program = tmp_path / "sleep-gone"
    shutil.copy(SLEEP, program)
    identity = program.stat().st_ino
    with running(str(program), "60") as pid:
        program.unlink()
        row = row_of(pid)
    assert (row["exe"], row["ino"]) == (f"{program} (deleted)", identity)


def test_arguments_keep_their_bytes_and_their_places():
    words = [b"", b"a b", b"\xff\n", b""]
    with running(sys.executable, "-c", "import time; time.sleep(60)", *words) as pid:
        deadline = time.monotonic() + 60
        while row_of(pid)["argv"][3:] != words and time.monotonic() < deadline:
            time.sleep(0.005)
        assert row_of(pid)["argv"][3:] == words


def test_a_process_that_goes_away_does_not_end_the_scan():
    child = subprocess.Popen([SLEEP, "0"])
    deadline = time.monotonic() + 60
    while content(PROC / str(child.pid) / "stat").split()[2] != b"Z" and time.monotonic() < deadline:
        time.sleep(0.01)
    zombie = row_of(child.pid)
    child.wait()
    assert (zombie["argv"], zombie["exe"]) == ([], None)
    assert procfs._process(child.pid, 0, ()) is None


def test_what_may_not_be_read_is_told_not_guessed(monkeypatch):
    def refused(folder):
        raise PermissionError

    monkeypatch.setattr(procfs, "_PARTS", (("exe", refused), *procfs._PARTS[1:]))
    row = row_of(os.getpid())
    assert row["unreadable"] == ["exe"]
    assert "exe" not in row
    assert row["uid"] == os.getuid()


def test_descriptors_are_listed_with_name_and_identity(tmp_path):
    path = tmp_path / "open\n \xff file"
    with path.open("wb") as stream:
        rows = [row for row in procfs.descriptors(without=-1) if row["pid"] == os.getpid()]
        row = next(row for row in rows if row["fd"] == stream.fileno())
    status = path.stat()
    assert row["name"] == str(path)
    assert (row["ino"], row["mode"]) == (status.st_ino, status.st_mode)
    assert row["dev"] == os.major(status.st_dev) << 20 | os.minor(status.st_dev)


def test_it_is_told_which_descriptors_close_at_exec():
    first, second = os.pipe()
    try:
        os.set_inheritable(second, True)
        rows = [row for row in procfs.descriptors(without=-1) if row["pid"] == os.getpid()]
    finally:
        os.close(first)
        os.close(second)
    closes = {row["fd"]: row["cloexec"] for row in rows}
    assert (closes[first], closes[second]) == (True, False)


def test_all_tables_and_the_section_can_be_written_and_read_again():
    tables = [
        procfs.processes(boot_to_utc_ns()),
        procfs.descriptors(without=-1),
        *(read() for read in (sockets, mounts, users, groups, cgroups)),
        [section(Settings(), boot_to_utc_ns(), ["make", "all"], {"signals": "recorded"})],
    ]
    for table in tables:
        assert unpack_document(pack_document({"rows": table})) == {"rows": table}


def test_the_clocks_are_told_apart_by_a_fixed_offset():
    # A busy machine may do anything else between two looks at its clocks, but not every time.
    offset = boot_to_utc_ns()
    assert min(abs(boot_now_ns() + offset - time.time_ns()) for _ in range(100)) < 50_000_000
    assert min(abs(boot_to_utc_ns() - offset) for _ in range(100)) < 10_000_000
