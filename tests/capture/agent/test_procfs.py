"""/proc as it is on this machine, and lines of it that are made to mislead."""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from capture.agent import procfs
from capture.agent.clock import boot_now_ns, boot_to_utc_ns
from capture.agent.host import section
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


def test_the_recorder_is_listed_without_its_descriptors():
    pid = os.getpid()
    row = next(row for row in procfs.processes(0) if row["pid"] == pid)
    assert row["comm"]
    assert pid not in {row["pid"] for row in procfs.descriptors(without=pid)}


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
    while (
        procfs._read(procfs.PROC / str(child.pid) / "stat").split()[2] != b"Z" and time.monotonic() < deadline
    ):
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


@pytest.mark.parametrize(
    ("family", "local", "name"),
    [(socket.AF_INET, "127.0.0.1", "ipv4"), (socket.AF_INET6, "::1", "ipv6")],
)
def test_sockets_are_listed_with_both_ends(family, local, name):
    try:
        listener = socket.create_server((local, 0), family=family)
    except OSError:
        pytest.skip(f"no {name} here")
    with listener, socket.create_connection(listener.getsockname()[:2]) as client:
        accepted, _ = listener.accept()
        with accepted:
            rows = {row["ino"]: row for row in procfs.sockets()}
            inodes = [os.fstat(end.fileno()).st_ino for end in (listener, client, accepted)]
            here, there = listener.getsockname()[1], client.getsockname()[1]
    told = [(rows[ino]["state"], rows[ino]["lport"], rows[ino]["rport"]) for ino in inodes]
    assert told == [(10, here, 0), (1, there, here), (1, here, there)]
    assert {(rows[ino]["family"], rows[ino]["type"], rows[ino]["laddr"]) for ino in inodes} == {
        (name, "tcp", local)
    }


def test_unix_sockets_are_listed_with_their_path(tmp_path):
    path = str(tmp_path / "a b.sock")
    with socket.socket(socket.AF_UNIX) as named, socket.socket(socket.AF_UNIX) as abstract:
        named.bind(path)
        abstract.bind(f"\0exhume-test-{os.getpid()}")
        rows = {row["ino"]: row for row in procfs.sockets()}
        told = [rows[os.fstat(end.fileno()).st_ino] for end in (named, abstract)]
    assert [row["path"] for row in told] == [path, f"@exhume-test-{os.getpid()}"]
    assert {(row["family"], row["type"]) for row in told} == {("unix", "stream")}


@pytest.mark.parametrize(
    ("field", "end"),
    [
        (b"0100007F:1F90", ("127.0.0.1", 8080)),
        (b"00000000:0000", ("0.0.0.0", 0)),
        (b"00000000000000000000000001000000:0016", ("::1", 22)),
        (b"0000000000000000FFFF00000100007F:0050", ("::ffff:127.0.0.1", 80)),
    ],
)
@pytest.mark.skipif(sys.byteorder != "little", reason="words of /proc/net are in the machine's order")
def test_addresses_of_proc_net_are_read(field, end):
    assert procfs._endpoint(field) == end


def test_users_and_groups_are_read_past_broken_lines(tmp_path, monkeypatch):
    passwd = tmp_path / "passwd"
    passwd.write_bytes(
        b"root:x:0:0:root:/root:/bin/sh\n\n# comment\nbroken:x\nevil:x:-1:0::/:/\n"
        b"text:x:a:b::/:/\n+::::::\nodd:x:\xc2\xb2:2::/:/\nlong:x:99999999999:1::/:/\nb\xff:x:7:8:::/bin/sh\n"
    )
    rows = list(procfs._colon_rows(passwd, (0, 2, 3, 5, 6)))
    assert rows == [["root", "0", "0", "/root", "/bin/sh"], ["b\\xff", "7", "8", "", "/bin/sh"]]
    assert list(procfs._colon_rows(tmp_path / "none", (0, 2))) == []
    assert {"name": "root", "uid": 0}.items() <= procfs.users()[0].items()
    assert any(row["gid"] == 0 for row in procfs.groups())


def test_the_mount_of_proc_is_listed():
    row = next(row for row in procfs.mounts() if row["target"] == "/proc")
    status = Path("/proc").stat()
    assert (row["type"], row["dev"]) == ("proc", os.major(status.st_dev) << 20 | os.minor(status.st_dev))


def test_loopback_is_listed():
    assert any(row["name"] == "lo" for row in procfs.interfaces())


def test_all_tables_and_the_section_can_be_written_and_read_again():
    tables = [
        procfs.processes(boot_to_utc_ns()),
        procfs.descriptors(without=-1),
        *(read() for read in (procfs.sockets, procfs.mounts, procfs.users, procfs.groups, procfs.cgroups)),
        [section(Settings(), boot_to_utc_ns(), ["make", "all"], {"signals": "recorded"})],
    ]
    for table in tables:
        assert unpack_document(pack_document({"rows": table})) == {"rows": table}


def test_the_clocks_are_told_apart_by_a_fixed_offset():
    # A busy machine may do anything else between two looks at its clocks, but not every time.
    offset = boot_to_utc_ns()
    assert min(abs(boot_now_ns() + offset - time.time_ns()) for _ in range(100)) < 50_000_000
    assert min(abs(boot_to_utc_ns() - offset) for _ in range(100)) < 10_000_000


def test_a_unix_socket_whose_name_imitates_lines_hides_no_other(tmp_path):
    forged = b"\0x\nffff888000000000: 00000002 00000000 00010000 0001 01 zz /gone\nabc: 1 2 3 zz q r s\n"
    with socket.socket(socket.AF_UNIX) as hostile, socket.socket(socket.AF_UNIX) as later:
        hostile.bind(forged)
        later.bind(str(tmp_path / "later.sock"))
        rows = {row["ino"]: row for row in procfs.sockets()}
        assert rows[os.fstat(later.fileno()).st_ino]["path"] == str(tmp_path / "later.sock")
        assert os.fstat(hostile.fileno()).st_ino in rows


def test_long_tables_are_read_to_their_end(tmp_path, monkeypatch):
    """A busy server has more connections than a megabyte of /proc/net/tcp tells."""
    line = b"%5d: 0100007F:1F90 0100007F:%04X 01 00000000:00000000 00:00000000 00000000  0        0 %d 1 0\n"
    table = b"  sl  local_address rem_address   st\n" + b"".join(
        line % (at, at, 1000 + at) for at in range(15_000)
    )
    (tmp_path / "tcp").write_bytes(table + b"15000: 0100007F:1F90 010000")
    assert len(table) > 1 << 20
    rows = list(procfs._inet_rows(tmp_path / "tcp", "tcp", "ipv4", 1))
    assert [row["ino"] for row in rows] == list(range(1000, 16_000))


def test_blanks_in_names_of_mounts_are_read(tmp_path, monkeypatch):
    (tmp_path / "self").mkdir()
    (tmp_path / "self/mountinfo").write_bytes(
        b"36 35 98:0 /a\\040b /mnt/c\\134d\\011e rw,noatime master:1 - ext3 /dev/root rw\n"
        b"37 35 0:5 / /\xff rw - tmpfs\n"
    )
    monkeypatch.setattr(procfs, "PROC", tmp_path)
    first, second = procfs.mounts()
    assert (first["dev"], first["root"], first["target"]) == (98 << 20, "/a b", "/mnt/c\\d\te")
    assert (second["target"], second["type"], second["source"]) == ("/\\xff", "tmpfs", "")
