"""The golden capture: a little of everything, the same bytes of content each time.

    python -m tests.builders.golden tests/capture/format/golden/v2.exhume

A file written by a released version is never written again: a new format version gets a golden file
of its own beside the old ones.
"""

import sys
from pathlib import Path

from capture.format import CaptureWriter, EventBatch
from capture.model.events import EventFlag
from tests.builders.capture import (
    AT_FDCWD,
    CHAR,
    DIRECTORY,
    MS,
    SOCKET,
    START_NS,
    CaptureBuilder,
    sock,
    sockaddr,
)

CONTAINER = "c0ffee" * 10 + "beef"
CGROUP = f"/machine.slice/libpod-{CONTAINER}.scope"
SECTION = {
    "capture_id": "00112233445566778899aabbccddeeff",
    "recorder": {"name": "exhume-capture", "version": "0.1.0", "command_line": ["exhume-capture", "record"]},
    "host": {"hostname": "node-7", "machine": "x86_64", "kernel": "6.1.0", "os": "Debian 12", "cpus": 2},
    "clock": {"started": START_NS - MS, "boot_to_utc": START_NS - 5_000 * MS, "time_zone": "UTC+0000"},
}


def write_golden(path: Path) -> None:
    """Write it."""
    first, second = _host(), _container()
    with path.open("wb") as stream:
        writer = CaptureWriter(stream)
        writer.section(SECTION)
        for name, rows in first.tables.items():
            writer.table(name, rows)
        writer.events(_batch(first))
        writer.document("containers", {"rows": [_CONTAINER_ROW]}, count=1)
        writer.document("note", {"text": "the snapshot lacks mounts: Permission denied"})
        writer.events(_batch(second))
        drops = {"since": START_NS, "time": START_NS + 1_000 * MS}
        writer.document(
            "counters", {"rows": [{**drops, "kind": "lost", "where": "small", "count": 3}]}, count=1
        )
        writer.end({"events": writer.events_written, "lost": {"small": 3}, "ended": START_NS + 1_000 * MS})


_CONTAINER_ROW = {
    **{"id": CONTAINER[:12], "full_id": CONTAINER, "name": "web", "image": "docker.io/library/busybox:1.36"},
    **{"runtime": "podman", "metadata": "recorded", "cgroup": CGROUP, "labels": {"tier": "front"}},
    **{"command": "sh -c 'cat /etc/motd'", "privileged": False, "created": START_NS - 10 * MS},
}


def _batch(book: CaptureBuilder) -> EventBatch:
    return EventBatch(book.columns(), list(book.texts), b"".join(book.payload))


def _host() -> CaptureBuilder:
    book = CaptureBuilder()
    book.tables["cgroups"] = [{"id": 1, "path": "/", "hierarchy": 0}]
    book.tables["users"] = [{"uid": 0, "name": "root", "gid": 0, "home": "/root", "shell": "/bin/sh"}]
    book.process(100, comm="sh", exe="/bin/sh", argv=[b"-sh"], cwd="/root", uid=0, sid=100, cgroup="/")
    book.descriptor(100, 0, "/dev/pts/0", dev=2, ino=3, mode=CHAR)
    book.event("read", ret=3, fd=0, ino=3, dev=2, mode=CHAR, args=(0, 1 << 40, 3), data=b"ls\n")
    book.fork(100, 200, comm=b"sh")
    book.exec(200, "/bin/ls", "ls", "-l", "=1+1")
    book.event("openat", pid=200, ret=-2, text=b"no\x1b[31msuch\xff", args=(AT_FDCWD, 0, 0))
    book.open(200, ".", ino=9, flags=0o200000, mode=DIRECTORY)
    book.event("close", pid=200, ret=0, fd=3, ino=9, mode=DIRECTORY, args=(3,), latency=-1)
    book.event("rename", pid=200, text=b"a", text2=b"/tmp/b")
    book.event(999, pid=200, ret=-38, args=(1, 2, 3, 4, 5, (1 << 64) - 1))
    book.exit(200, status=2 << 8, start=START_NS + 2 * MS)
    book.event("wait4", ret=200, args=((1 << 64) - 1, 0, 0, 0))
    return book


def _container() -> CaptureBuilder:
    book = CaptureBuilder()
    book.event("cgroup_mkdir", pid=50, time=START_NS + 20 * MS, text=CGROUP.encode(), args=(77, 0))
    book.fork(50, 300, comm=b"conmon", cgroup=77)
    book.exec(300, "/bin/sh", "sh", "-c", "cat /etc/motd", cgroup=77)
    inet = {"fd": 5, "ino": 42, "mode": SOCKET, "cgroup": 77, "pid": 300}
    book.event("socket", ret=5, args=(2, 1, 0), **inet)
    peer, ends = sockaddr("127.0.0.1:8080"), sock("127.0.0.1:40000", "127.0.0.1:8080")
    book.event("connect", args=(5, 0, 16), addr=peer, sock=ends, **inet)
    book.event(
        "sendto",
        ret=600,
        args=(5, 0, 600),
        sock=ends,
        data=b"GET / HTTP/1.1\r\n\r\n" + bytes(range(62)),
        flags=int(EventFlag.DATA_TRUNCATED),
        **inet,
    )
    book.event(
        "read",
        pid=300,
        tid=301,
        fd=0,
        ino=3,
        dev=2,
        mode=CHAR,
        cgroup=77,
        args=(0, 0, 10),
        latency=5 * MS,
        flags=int(EventFlag.IN_PROGRESS),
    )
    book.event(
        "openat",
        pid=300,
        ret=4,
        fd=4,
        ino=8,
        time=START_NS + 22 * MS + 5,
        text=b"/etc/motd",
        cgroup=77,
        args=(AT_FDCWD,),
        flags=int(EventFlag.LATE),
    )
    book.exit(300, status=9, cgroup=77, time=START_NS + 30 * MS, start=START_NS + 21 * MS)
    book.event("cgroup_rmdir", pid=50, text=CGROUP.encode(), args=(77, 0))
    return book


if __name__ == "__main__":
    write_golden(Path(sys.argv[1]))
