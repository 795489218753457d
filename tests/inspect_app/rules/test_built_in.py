"""Our own rules: each finds its example, and nothing that is ordinary."""

from pathlib import Path

import pytest

from capture.model.program_file import ProgramFile, ProgramFlag, packed_program_file
from inspect_app.frames import open_capture
from inspect_app.rules.built_in import built_in_rules
from inspect_app.rules.run import State, run_rules
from tests.builders.capture import CHAR, PIPE, SOCKET, CaptureBuilder, sock, sockaddr
from tests.builders.messages import dns_query
from tests.builders.privileges import credentials

O_WRONLY, O_CREAT, O_TRUNC = 1, 0o100, 0o1000
CONTAINER = "c" * 64
CGROUP = 77
OUTSIDE = "203.0.113.9"
SETUID, SETRESUID, MS_BIND, BPF_PROG_LOAD, PTRACE_ATTACH = 105, 117, 4096, 5, 16


def in_container(book, pid, comm):
    book.tables["cgroups"] = [{"id": CGROUP, "path": f"/docker/{CONTAINER}"}]
    book.process(pid, comm=comm, argv=[comm.encode()], exe=f"/bin/{comm}", cgroup=CGROUP)


def connect(book, pid, peer, **columns):
    local = f"10.0.0.5:{40000 + len(book.rows)}"
    return book.event("connect", pid=pid, fd=9, ino=900 + len(book.rows), mode=SOCKET, addr=sockaddr(peer),
                      sock=sock(local, peer, state=1), **columns)  # fmt: skip


def dropped(book):
    book.open(100, "/opt/x", ino=60, flags=O_WRONLY | O_CREAT)
    book.event("write", fd=3, ino=60, ret=5, data=b"\x7fELF")
    book.fork(100, 200, comm=b"sh")
    return book.exec(200, "/opt/x", ino=60)


def from_memory(book):
    book.fork(100, 200, comm=b"sh")
    file = ProgramFile(ProgramFlag.MEMFD | ProgramFlag.UNLINKED, 0, 5, 0, 0, 0, 0, 0, b"x")
    return book.exec(200, "/proc/self/fd/3", exe=packed_program_file(file))


def in_a_shared_folder(book):
    book.fork(100, 200, comm=b"sh")
    return book.exec(200, "/dev/shm/.x/run")


def shell_on_a_connection(book):
    peer = f"{OUTSIDE}:443"
    book.event("connect", fd=5, ino=500, mode=SOCKET, addr=sockaddr(peer), sock=sock("10.0.0.5:4000", peer))
    for fd in (0, 1, 2):
        book.event(
            "dup2", ret=fd, fd=fd, ino=500, mode=SOCKET, args=(5, fd), sock=sock("10.0.0.5:4000", peer)
        )
    return book.exec(100, "/bin/bash", "bash", "-i")


def connection_as_input(book):
    peer = f"{OUTSIDE}:443"
    book.event("connect", fd=5, ino=500, mode=SOCKET, addr=sockaddr(peer), sock=sock("10.0.0.5:4000", peer))
    return book.event(
        "dup2", ret=0, fd=0, ino=500, mode=SOCKET, args=(5, 0), sock=sock("10.0.0.5:4000", peer)
    )


def secret_argument(book):
    book.fork(100, 200, comm=b"sh")
    return book.exec(200, "/usr/bin/mysql", "mysql", "--password", "hunter2")


def history(book):
    return book.event("unlink", text=b"/root/.bash_history")


def secrets_read(book):
    return book.open(100, "/etc/shadow", ino=70)


def log_wiped(book):
    return book.open(100, "/var/log/auth.log", ino=71, flags=O_WRONLY | O_TRUNC)


def persistence(book):
    return book.open(100, "/etc/cron.d/x", ino=72, flags=O_WRONLY | O_CREAT)


def escape(book):
    in_container(book, 300, "sh")
    return book.event(
        "mount", pid=300, cgroup=CGROUP, text=b"/dev/sda1", text2=b"/mnt", args=(0, 0, 0, MS_BIND)
    )


def kernel_program(book):
    return book.event("bpf", ret=5, args=(BPF_PROG_LOAD,))


def attached(book):
    return book.event("ptrace", args=(PTRACE_ATTACH, 300))


def became_root(book):
    return book.event("cred_change", uid=0, args=(1, SETUID), text=credentials(1000), text2=credentials(0))


def uring(book):
    return book.event("uring_openat", ret=4, fd=4, ino=80, text=b"/etc/passwd")


def out_of_a_container(book):
    in_container(book, 300, "wget")
    return connect(book, 300, f"{OUTSIDE}:443", cgroup=CGROUP)


def pool_port(book):
    return connect(book, 100, f"{OUTSIDE}:14444")


def miner(book):
    book.fork(100, 200, comm=b"sh")
    return book.exec(200, "/opt/m", "m", "-o", "stratum+tcp://pool.example:1")


def pool_name(book):
    return book.event("sendto", fd=6, ino=600, mode=SOCKET, ret=40, data=dns_query("xmr.nanopool.org"),
                      sock=sock("10.0.0.5:5000", "10.0.0.1:53", kind=2, protocol=17))  # fmt: skip


def metadata(book):
    in_container(book, 300, "curl")
    return connect(book, 300, "169.254.169.254:80", cgroup=CGROUP)


EXAMPLES = [
    ("Program run from a file that was written in the recording", dropped),
    ("Program run from memory or from a deleted file", from_memory),
    ("Program run from a folder for passing files", in_a_shared_folder),
    ("Shell with a connection in place of a terminal", shell_on_a_connection),
    ("Connection put in place of standard input or output", connection_as_input),
    ("Secret in the arguments of a program", secret_argument),
    ("Shell history is not kept or is removed", history),
    ("Secrets read by a program that is not known to need them", secrets_read),
    ("Log removed or emptied", log_wiped),
    ("Written where programs are started from", persistence),
    ("Step out of a container", escape),
    ("Kernel module or BPF program loaded", kernel_program),
    ("Another process read or changed", attached),
    ("Root without a set-id program", became_root),
    ("Files or network through io_uring", uring),
    ("Connection out of a container", out_of_a_container),
    ("Connection to a port of mining pools", pool_port),
    ("Program that mines", miner),
    ("Program that mines", pool_name),
    ("Metadata of a cloud asked for", metadata),
]


def builds(book):
    """An archive is unpacked, its script run, and an account made; each is somebody's work day."""
    book.process(120, comm="tar", argv=[b"tar"], exe="/usr/bin/tar")
    book.open(120, "/root/src/configure", ino=61, flags=O_WRONLY | O_CREAT)
    book.event("write", pid=120, fd=3, ino=61, ret=5, data=b"#!/bin")
    book.process(130, comm="useradd", argv=[b"useradd"], exe="/usr/sbin/useradd")
    book.open(130, "/home/new/.bashrc", ino=62, flags=O_WRONLY | O_CREAT)
    book.fork(100, 160, comm=b"sh")
    return book.exec(160, "/root/src/configure", ino=61)


def installs(book):
    """Packages are set up: apt gives up root and takes it back, debconf reads accounts, pip is installed."""
    book.process(170, comm="apt-get", argv=[b"apt-get"], exe="/usr/bin/apt-get", uid=0)
    for before, after in ((0, 42), (42, 0)):
        book.event("cred_change", pid=170, uid=0, args=(1, SETRESUID), text=credentials(euid=before),
                   text2=credentials(euid=after))  # fmt: skip
    book.process(171, comm="frontend", argv=[b"frontend"], exe="/usr/bin/perl")
    book.open(171, "/etc/shadow", ino=70)
    book.process(172, comm="python3", argv=[b"python3", b"-c", b"import pip"], exe="/usr/bin/python3")
    book.open(172, "/root/venv/bin/pip", ino=64, flags=O_WRONLY | O_CREAT)
    book.event("write", pid=172, fd=3, ino=64, ret=5, data=b"#!/bin")
    book.fork(100, 173, comm=b"sh")
    book.exec(173, "/root/venv/bin/pip", ino=64)


def runs_a_container(book):
    """podman begins its runtime, which goes on as a copy of itself."""
    book.process(180, comm="podman", argv=[b"podman"], exe="/usr/bin/podman")
    book.fork(180, 181, comm=b"podman")
    book.exec(181, "/tmp/crun.Ab12Cd", "crun", "create")


@pytest.mark.parametrize("work", [installs, runs_a_container])
def test_the_work_of_package_managers_and_runtimes_is_ordinary(tmp_path, work):
    book = ordinary()
    work(book)
    assert run(book, tmp_path / "x.exhume") == {}


def test_what_a_host_unpacks_and_builds_is_ordinary_and_in_a_container_is_not(tmp_path):
    book = ordinary()
    builds(book)
    assert run(book, tmp_path / "x.exhume") == {}
    in_container(book, 300, "tar")
    book.open(300, "/srv/x", ino=63, flags=O_WRONLY | O_CREAT, cgroup=CGROUP)
    book.event("write", pid=300, fd=3, ino=63, ret=5, data=b"\x7fELF", cgroup=CGROUP)
    book.fork(300, 310, comm=b"tar", cgroup=CGROUP)
    row = book.exec(310, "/srv/x", ino=63, cgroup=CGROUP)
    found = run(book, tmp_path / "y.exhume")
    assert found["Program run from a file that was written in the recording"] == [row]


def run(book, path: Path):
    rules = built_in_rules()
    found = run_rules(rules, open_capture(book.write(path)))
    assert rules.problems == []
    assert {one.state for one in found.outcomes} == {State.EVALUATED}, [one.reason for one in found.outcomes]
    return {one.rule.name: one.rows.tolist() for one in found.outcomes if len(one.rows)}


def ordinary():
    """What happens on any machine all day."""
    book = CaptureBuilder()
    book.process(100, comm="sh", argv=[b"sh"], exe="/bin/sh", cwd="/root")
    book.process(110, comm="sshd", argv=[b"sshd"], exe="/usr/sbin/sshd")
    book.descriptor(100, 0, "/dev/pts/0", ino=5, mode=CHAR)
    book.open(110, "/etc/shadow", ino=70)
    book.open(100, "/etc/passwd", ino=69)
    book.fork(100, 150, comm=b"sh")
    book.exec(150, "/usr/bin/ls", "ls", "/var/log")
    book.event("dup2", pid=150, ret=1, fd=1, ino=90, mode=PIPE, args=(5, 1))
    connect(book, 100, f"{OUTSIDE}:443")
    book.open(100, "/var/log/auth.log", ino=71, flags=O_WRONLY | 0o2000)
    return book


def test_nothing_is_found_in_what_is_ordinary(tmp_path):
    assert run(ordinary(), tmp_path / "x.exhume") == {}


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=[example.__name__ for _, example in EXAMPLES])
def test_a_rule_finds_its_example(tmp_path, rule, example):
    book = ordinary()
    row = example(book)
    found = run(book, tmp_path / "x.exhume")
    assert row in found.get(rule, []), found


def test_every_rule_has_an_example_and_says_what_it_is_of():
    rules = built_in_rules().rules()
    assert {rule.name for rule in rules} == {name for name, _ in EXAMPLES}
    assert all(rule.tactics and rule.techniques and rule.description for rule in rules)
