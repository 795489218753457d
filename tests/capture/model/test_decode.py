"""One event as text, as strace would print it."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.model.abi import ABIS
from capture.model.catalogue import CATALOGUE, spec_named
from capture.model.decode import errno_name, format_args, format_call, format_result, signal_name

M1 = (1 << 64) - 1
CWD = M1 - 99
HTTPS = bytes([2, 0, 1, 187, 10, 0, 0, 1]) + bytes(8)


def shown(name, args=(), *, texts=(None, None), address=None, data=b"", ret=0, flags=0, abi="x86_64"):
    spec = spec_named(name)
    padded = [*args, *[0] * (6 - len(args))]
    parts = format_args(spec, padded, texts, address, data, ret, flags, abi=abi)
    return format_call(name, parts, format_result(spec, ret, flags, args=padded, abi=abi))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            {"name": "openat", "args": (CWD, 1, 0x80000, 0xBAD), "texts": (b"/etc/passwd", None), "ret": 3},
            'openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3',
        ),
        (
            {"name": "openat", "args": (CWD, 1, 0x80242, 0o644), "texts": (b"/tmp/x", None), "ret": 3},
            'openat(AT_FDCWD, "/tmp/x", O_RDWR|O_CREAT|O_TRUNC|O_CLOEXEC, 0644) = 3',
        ),
        (
            {"name": "openat", "args": (CWD, 1, 0x410002, 0o600), "texts": (b"/tmp", None), "ret": 5},
            'openat(AT_FDCWD, "/tmp", O_RDWR|O_TMPFILE, 0600) = 5',
        ),
        (
            {"name": "openat", "args": (7, 0x7F00, 0, 0), "ret": -2},
            "openat(7, 0x7f00, O_RDONLY) = -1 ENOENT (No such file or directory)",
        ),
        (
            {"name": "open", "args": (1, 0), "texts": (b"/tmp/\x1b[2J\n", None), "ret": 4},
            'open("/tmp/\\x1b[2J\\n", O_RDONLY) = 4',
        ),
        (
            {"name": "renameat2", "args": (CWD, 1, 5, 2, 1), "texts": (b"a", b"b")},
            'renameat2(AT_FDCWD, "a", 5, "b", RENAME_NOREPLACE) = 0',
        ),
        (
            {"name": "setxattr", "args": (1, 2, 3, 3, 1), "texts": (b"/f", b"user.x"), "data": b"abc"},
            'setxattr("/f", "user.x", "abc", 3, XATTR_CREATE) = 0',
        ),
        (
            {"name": "execve", "args": (1, 2, 3), "texts": (b"/bin/sh", b"sh\0-c\0id\0")},
            'execve("/bin/sh", ["sh", "-c", "id"], 0x3) = 0',
        ),
        (
            {"name": "execve", "args": (1, 2, 3), "texts": (b"/bin/sh", b"sh\0-c"), "flags": 16},
            'execve("/bin/sh"…, ["sh", "-c", …], 0x3) = 0',
        ),
        (
            {"name": "execve", "args": (1, 2, 3), "texts": (b"/nope", None), "ret": -13},
            'execve("/nope", 0x2, 0x3) = -1 EACCES (Permission denied)',
        ),
        (
            {"name": "write", "args": (1, 2, 12), "data": b"GET / HTTP\r\n", "ret": 12},
            'write(1, "GET / HTTP\\r\\n", 12) = 12',
        ),
        (
            {"name": "read", "args": (0, 2, 4096), "data": b"x" * 80, "ret": 4096, "flags": 32},
            f'read(0, "{"x" * 32}"…, 4096) = 4096',
        ),
        (
            {"name": "read", "args": (0, 2, 4096), "data": b"abc", "ret": 4096, "flags": 32},
            'read(0, "abc"…, 4096) = 4096',
        ),
        (
            {"name": "connect", "args": (3, 2, 16), "address": HTTPS, "ret": -115},
            "connect(3, 10.0.0.1:443, 16) = -1 EINPROGRESS (Operation now in progress)",
        ),
        (
            {"name": "sendto", "args": (3, 1, 2, 0x4000, 2, 16), "address": HTTPS, "data": b"hi", "ret": 2},
            'sendto(3, "hi", 2, MSG_NOSIGNAL, 10.0.0.1:443, 16) = 2',
        ),
        (
            {"name": "sendmsg", "args": (3, 1, 0), "address": HTTPS, "data": b"hi", "ret": 2},
            'sendmsg(3, {addr=10.0.0.1:443, data="hi"}, 0) = 2',
        ),
        ({"name": "sendmsg", "args": (3, 0x7F00, 0), "ret": 2}, "sendmsg(3, 0x7f00, 0) = 2"),
        (
            {"name": "accept4", "args": (3, 0, 0, 0x80000), "ret": 9},
            "accept4(3, NULL, NULL, SOCK_CLOEXEC) = 9",
        ),
        (
            {"name": "pipe2", "args": (0x7F00, 0x80000), "data": struct.pack("<ii", 3, 4)},
            "pipe2([3, 4], O_CLOEXEC) = 0",
        ),
        ({"name": "pipe", "args": (0x7F00,), "ret": -24}, "pipe(0x7f00) = -1 EMFILE (Too many open files)"),
        (
            {"name": "socket", "args": (2, 0x80001, 6), "ret": 3},
            "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3",
        ),
        ({"name": "socket", "args": (16, 3, 0), "ret": 3}, "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3"),
        (
            {"name": "socket", "args": (17, 3, 0x300), "ret": 3},
            "socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = 3",
        ),
        ({"name": "socket", "args": (1, 1, 0), "ret": 3}, "socket(AF_UNIX, SOCK_STREAM, 0) = 3"),
        (
            {"name": "setsockopt", "args": (6, 6, 1, 0x7F00, 4), "data": struct.pack("<i", 1)},
            'setsockopt(6, SOL_TCP, TCP_NODELAY, "\\x01\\x00\\x00\\x00", 4) = 0',
        ),
        ({"name": "setsockopt", "args": (6, 999, 1, 0, 0)}, "setsockopt(6, 0x3e7, 1, NULL, 0) = 0"),
        (
            {"name": "fcntl", "args": (3, 3, 0xBAD), "ret": 0x8002},
            "fcntl(3, F_GETFL) = 32770 (O_RDWR|O_LARGEFILE)",
        ),
        ({"name": "ioctl", "args": (3, 0x540B, 2)}, "ioctl(3, TCFLSH, TCIOFLUSH) = 0"),
        ({"name": "ioctl", "args": (3, 0x5401, 0x7F00)}, "ioctl(3, TCGETS, 0x7f00) = 0"),
        ({"name": "umask", "args": (0o27,), "ret": 0o22}, "umask(0027) = 0022"),
        ({"name": "sched_getscheduler", "args": (7,), "ret": 1}, "sched_getscheduler(7) = 1 (SCHED_FIFO)"),
        (
            {"name": "keyctl", "args": (5, 77, 0x3F010000)},
            "keyctl(KEYCTL_SETPERM, 77, KEY_POS_ALL|KEY_USR_VIEW) = 0",
        ),
        (
            {"name": "prctl", "args": (47, 2, 13)},
            "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0x0, 0x0) = 0",
        ),
        (
            {"name": "getsockopt", "args": (3, 0, 80)},
            "getsockopt(3, SOL_IP, SO_ORIGINAL_DST, NULL, NULL) = 0",
        ),
        (
            {"name": "setsockopt", "args": (3, 0, 64)},
            "setsockopt(3, SOL_IP, IPT_SO_SET_REPLACE, NULL, 0) = 0",
        ),
        ({"name": "fcntl", "args": (3, 4, 0xC00)}, "fcntl(3, F_SETFL, O_RDONLY|O_APPEND|O_NONBLOCK) = 0"),
        ({"name": "fcntl", "args": (3, 0x406, 10), "ret": 11}, "fcntl(3, F_DUPFD_CLOEXEC, 10) = 11"),
        ({"name": "fcntl", "args": (3, 6, 0x7F00)}, "fcntl(3, F_SETLK, 0x7f00) = 0"),
        ({"name": "prctl", "args": (1, 9)}, "prctl(PR_SET_PDEATHSIG, SIGKILL, 0x0, 0x0, 0x0) = 0"),
        (
            {"name": "prctl", "args": (23, 21), "ret": 1},
            "prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0x0, 0x0, 0x0) = 1",
        ),
        (
            {"name": "ptrace", "args": (0x4206, 7, 0, 0x100000)},
            "ptrace(PTRACE_SEIZE, 7, NULL, PTRACE_O_EXITKILL) = 0",
        ),
        (
            {"name": "mmap", "args": (0, 4096, 3, 0x22, 0xFFFFFFFF, 0), "ret": 0x7F9631000000},
            "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f9631000000",
        ),
        ({"name": "exit_group", "args": (3,), "flags": 8}, "exit_group(3) = ?"),
        ({"name": "nanosleep", "args": (1, 0), "flags": 4, "ret": -512}, "nanosleep(0x1, NULL) = ?"),
        (
            {"name": "nanosleep", "args": (1, 0), "ret": -516},
            "nanosleep(0x1, NULL) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)",
        ),
        ({"name": "getpid", "ret": 13119}, "getpid() = 13119"),
        ({"name": "getpid", "ret": -999}, "getpid() = -1 errno_999"),
        (
            {"name": "procfork", "args": (7, 7, 1_700_000_000_000_000_001, 1, 2), "texts": (b"sh", None)},
            'procfork(7, 7, 2023-11-14T22:13:20.000000001Z, 1, 2, "sh")',
        ),
        ({"name": "procexec", "texts": (b"/bin/id", b"id\0")}, 'procexec("/bin/id", ["id"])'),
        ({"name": "procexec"}, "procexec(?, ?)"),
        (
            {"name": "procexit", "args": (0x300, 1, 0, 1_500_000_000, 12, 0)},
            "procexit(exit 3, 1, 1970-01-01T00:00:00.000000000Z, 1.500000000s, 12, 0)",
        ),
        (
            {"name": "cgroup_attach_task", "args": (77, 0, 9), "texts": (b"/kubepods/x", b"runc")},
            'cgroup_attach_task(77, 0, 9, "/kubepods/x", "runc")',
        ),
        (
            {
                "name": "openat",
                "args": (CWD, 1, 2, 3),
                "texts": (b"/x", None),
                "ret": 1,
                "abi": "i386",
            },
            'openat(AT_FDCWD, "/x", O_RDWR) = 1',
        ),
        (
            {"name": "openat", "args": (0xDEAD_FFFF_FF9C, 1), "texts": (b"/x", None), "abi": "i386"},
            'openat(AT_FDCWD, "/x", O_RDONLY) = 0',
        ),
        (
            {"name": "pread64", "args": (3, 0x7F00, 9, 5, 1), "abi": "i386"},
            "pread64(3, 0x7f00, 9, 4294967301) = 0",
        ),
        (
            {"name": "_llseek", "args": (3, 1, 0, 0, 2), "abi": "i386"},
            "_llseek(3, 4294967296, NULL, SEEK_END) = 0",
        ),
        ({"name": "lseek", "args": (3, 0xFFFFFFFF, 1), "abi": "i386"}, "lseek(3, -1, SEEK_CUR) = 0"),
        (
            {"name": "fallocate", "args": (3, 1, 0, 2, 7, 0), "abi": "i386"},
            "fallocate(3, FALLOC_FL_KEEP_SIZE, 8589934592, 7) = 0",
        ),
        (
            {"name": "mmap", "args": (0xFFFFD000,), "ret": 0xFFFFFFFF_F7D00000, "abi": "i386"},
            "mmap(0xffffd000) = 0xf7d00000",
        ),
        (
            {"name": "connect", "args": (3, 0xFFFFD000), "abi": "socketcall"},
            "connect(SYS_CONNECT, 0xffffd000) = 0",
        ),
        (
            {"name": "socket", "args": (1 << 32 | 2, 3, 1), "abi": "unpacked", "ret": 5},
            "socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) = 5",
        ),
        (
            {"name": "semop", "args": (0x10001, 7, 1, 0, 0xFFFFD000, 0), "abi": "ipc"},
            "semop(SEMOP|1<<16, 0x7, 0x1, 0x0, 0xffffd000, 0x0) = 0",
        ),
        (
            {"name": "pwritev", "args": (3, 0x10, 1, 1 << 33), "abi": "x32"},
            "pwritev(3, 0x10, 1, 8589934592) = 0",
        ),
        (
            {"name": "openat", "args": (CWD, 1, 0x4000), "texts": (b"/x", None), "ret": 3, "abi": "aarch64"},
            'openat(AT_FDCWD, "/x", O_RDONLY|O_DIRECTORY) = 3',
        ),
    ],
)
def test_an_event_reads_as_strace_prints_it(event, line):
    assert shown(**event) == line


def test_a_failed_read_shows_an_address_and_no_bytes():
    assert (
        shown("read", (0, 0x7F, 10), ret=-11)
        == "read(0, 0x7f, 10) = -1 EAGAIN (Resource temporarily unavailable)"
    )


def test_the_death_of_a_thread_is_told_as_wait_tells_it():
    assert shown("procexit", (0x8B, 0)).startswith("procexit(SIGSEGV (core dumped), 0, ")


def test_a_hostile_argument_cannot_break_out_of_its_quotes():
    line = shown("execve", (1, 2, 3), texts=(b'/x", O_RDONLY) = 3\n', b'a", "b\0'))
    assert line == 'execve("/x\\", O_RDONLY) = 3\\n", ["a\\", \\"b"], 0x3) = 0'


def test_a_long_argument_list_ends_in_an_ellipsis():
    line = shown("execve", (1, 2, 3), texts=(b"x", b"a\0" * 100))
    assert line.count('"a"') == 32
    assert line.endswith("…], 0x3) = 0")


@given(
    st.sampled_from(CATALOGUE),
    st.lists(st.integers(0, M1) | st.integers(0, 300), min_size=6, max_size=6),
    st.tuples(st.none() | st.binary(), st.none() | st.binary()),
    st.none() | st.binary(),
    st.binary(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.integers(0, 255),
    st.sampled_from(ABIS),
)
def test_any_event_gives_safe_text(spec, args, texts, address, data, ret, flags, abi):
    parts = format_args(spec, args, texts, address, data, ret, flags, abi=abi)
    line = format_call(spec.name, parts, format_result(spec, ret, flags, args=args, abi=abi))
    assert line.isprintable()


@pytest.mark.parametrize(
    ("ret", "name"),
    [(-2, "ENOENT"), (2, "ENOENT"), (-11, "EAGAIN"), (-95, "EOPNOTSUPP"), (-999, "errno_999")],
)
def test_an_errno_has_its_name(ret, name):
    assert errno_name(ret) == name


@pytest.mark.parametrize(
    ("number", "name"), [(1, "SIGHUP"), (31, "SIGSYS"), (64, "SIGRT_32"), (65, "65"), (-1, "-1")]
)
def test_a_signal_has_its_name(number, name):
    assert signal_name(number) == name
