"""Captures that no recorder writes, by name: each has to be read or refused, quickly and in one way."""

from tests.builders.capture import AT_FDCWD, MS, START_NS, CaptureBuilder, sock

YEAR = 365 * 86_400 * 10**9
EVIL = "\x00\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u2066\r\n\u009b31m<b>&=1+1"
LONG = "/" + "/".join(["d" * 254] * 16)
"""4,096 characters, as long as Linux takes."""


def names_with_everything_in_them():
    book = CaptureBuilder(host={"hostname": EVIL, "machine": "x86_64"}, evidence={"case": EVIL, "note": EVIL})
    book.section["derived"] = [
        {"operation": EVIL, "options": {EVIL: EVIL}, "tool": EVIL, "parents": [{"file": EVIL}]}
    ]
    book.tables["users"] = [{"uid": 0, "name": EVIL}]
    book.process(100, comm=EVIL, exe=EVIL, argv=[EVIL.encode(), b"\xff\xfe"], cwd=EVIL)
    book.event("openat", text=EVIL.encode(), ret=-2, args=(AT_FDCWD,), data=EVIL.encode())
    book.exec(100, EVIL, EVIL, EVIL)
    return book


def names_that_are_no_text():
    book = CaptureBuilder()
    book.process(100, comm="sh", argv=[b"\xff\xfe\x00", b"\xed\xa0\x80"])
    for text in (b"\xff" * 300, b"\xc0\x80", b"\xed\xa0\x80", b"a\0b", b"\xf4\x90\x80\x80"):
        book.event("openat", text=text, ret=-2, args=(AT_FDCWD,))
    return book


def paths_as_long_as_linux_takes():
    book = CaptureBuilder()
    book.process(100, cwd=LONG, exe=LONG, argv=[LONG.encode()] * 20)
    for at in range(40):
        book.event("chdir", text=LONG.encode()[at:])
        book.event("rename", text=LONG.encode(), text2=("../" * 1365).encode())
        book.open(100, "x/" * 2047, ino=at)
    return book


def parents_in_a_circle():
    book = CaptureBuilder()
    for pid, ppid in ((1, 3), (2, 1), (3, 2), (4, 4)):
        book.process(pid, ppid=ppid, comm=f"p{pid}")
        book.event("getpid", pid=pid)
    book.fork(2, 3)
    book.fork(3, 2)
    book.fork(5, 5)
    return book


def containers_in_a_circle():
    book = CaptureBuilder()
    ids = ["a" * 64, "b" * 64]
    for number, (own, other) in enumerate(zip(ids, reversed(ids), strict=True)):
        path = f"/docker/{own}/docker/{other}"
        book.tables["cgroups"].append({"id": number + 1, "path": path, "hierarchy": 0})
        book.tables["containers"].append({"full_id": own, "id": own[:12], "cgroup": path, "parent": other})
        book.event("getpid", cgroup=number + 1)
    return book


def times_before_1970_and_after_2262():
    book = CaptureBuilder(clock={"started": -(1 << 63), "boot_to_utc": (1 << 63) - 1})
    book.process(100, start_ns=-(1 << 63))
    book.process(200, start_ns=(1 << 63) - 1)
    for time in (-(1 << 63), -YEAR, -1, 0, START_NS, (1 << 62), (1 << 63) - 1):
        book.event("getpid", pid=100, time=time, latency=(1 << 63) - 1)
    book.drops = [
        {"kind": "lost", "where": "x", "since": -(1 << 63), "time": (1 << 63) - 1, "count": 1 << 62}
    ]
    return book


def one_pid_many_times():
    book = CaptureBuilder()
    for at in range(300):
        book.process(100, start_ns=START_NS - at, comm=f"p{at}")
        book.descriptor(100, 3, f"/f{at}", ino=at)
    for at in range(100):
        book.fork(100, 100, start=START_NS + at)
        book.exit(100, start=START_NS + at * MS)
    return book


def numbers_at_their_ends():
    book = CaptureBuilder()
    most = {"pid": (1 << 32) - 1, "uid": (1 << 32) - 1, "dev": (1 << 32) - 1, "ino": (1 << 64) - 1}
    for name in (
        "read",
        "openat",
        "execve",
        "mmap",
        "ioctl",
        "procfork",
        "procexit",
        "cgroup_mkdir",
        "clone",
    ):
        args = [(1 << 64) - 1] * 6
        book.event(name, args=args, ret=-(1 << 63), fd=(1 << 31) - 1, cgroup=(1 << 64) - 1, **most)
        book.event(name, args=args, ret=(1 << 63) - 1, fd=-(1 << 31), flags=0xFFFF, mode=0xFFFF, **most)
    return book


def sockets_of_nothing():
    book = CaptureBuilder()
    for ends in (b"", b"\x02", bytes(48), b"\xff" * 48, b"\xff" * 4000, sock("1.2.3.4:5", "1.2.3.4:5")):
        book.event("connect", sock=ends, addr=ends, fd=3, ino=1, mode=0o140777)
    return book


def tables_of_nonsense():
    book = CaptureBuilder()
    odd = [None, True, -1, 1 << 63, 1.5, float("nan"), "x", b"\xff", [[[]]], {"a": {b"b": 1}}]
    keys = ("pid", "ppid", "comm", "start_ns", "id", "path", "uid", "name", "full_id", "cgroup", "ino", "fd")
    for name in book.tables:
        book.tables[name] = [dict.fromkeys(keys, value) for value in odd]
    book.event("getpid")
    return book


def rows_of_100_000_columns():
    book = CaptureBuilder()
    many = {f"column {number}": number for number in range(100_000)}
    book.tables["processes"] = [{**many, "pid": 100, "comm": "sh", "start_ns": 5}]
    book.tables["containers"] = [{**many, "full_id": "ab" * 32, "id": "ab" * 6, "cgroup": "/x"}]
    book.event("getpid", pid=100)
    return book


def provenance_without_end():
    step = {"operation": "merge", "parents": [], "options": {}}
    for _ in range(6):
        step = {"operation": "merge", "parents": [{"file": "x", "digest": 7, "derived": [step] * 2}] * 2}
    return CaptureBuilder(derived=[step] * 3, evidence=[1], set={"id": [], "number": "x", "previous": 7})


CASES = {
    build.__name__.replace("_", " "): build
    for build in (
        names_with_everything_in_them,
        names_that_are_no_text,
        paths_as_long_as_linux_takes,
        parents_in_a_circle,
        containers_in_a_circle,
        times_before_1970_and_after_2262,
        one_pid_many_times,
        numbers_at_their_ends,
        sockets_of_nothing,
        tables_of_nonsense,
        rows_of_100_000_columns,
        provenance_without_end,
    )
}
