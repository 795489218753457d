"""A small capture made by hand, as frames: what one node and three containers did in two seconds.

The story, for tests that count on it:

- `sh` (pid 100, host, user alice) forks pid 201, which becomes `curl` and fetches a page, failing to open
  `/etc/curlrc` first; later pid 201 is used again by `cat`, a different process.
- `nginx` (pids 300 and 301, container `web`, alive) accepts a connection, reads a request, sends a file.
- `python` (pid 400 with a second thread 401, container `batch`) is born and dies within the capture;
  its child `sh` (402) is killed by signal 9 and python leaves with exit code 1.
- `sh` (pid 500) runs in a container of which nothing but the id is known.
- pid 777 was never introduced: neither its start nor its program is known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from inspect_app.frames.capture import CaptureFrames, FileState
from inspect_app.frames.columns import (
    CONTAINER_COLUMNS,
    DESCRIPTOR_COLUMNS,
    DROP_COLUMNS,
    EVENT_COLUMNS,
    GROUP_COLUMNS,
    IMAGE_COLUMNS,
    PROCESS_COLUMNS,
    THREAD_COLUMNS,
    USER_COLUMNS,
)
from inspect_app.frames.recordings import host_frame, recording_frame
from inspect_app.frames.tables import build_table

START_NS = 1_700_000_000_000_000_000
MS = 1_000_000
ENOENT, EACCES, EAGAIN, ECONNREFUSED = -2, -13, -11, -111
AT_FDCWD = (1 << 64) - 100

HOST, WEB, BATCH, NAMELESS = range(4)
SYSTEMD, SH, CURL, NGINX, WORKER, PYTHON, KILLED, STRANGER, CAT, UNSEEN = range(10)

REQUEST = b"GET /index.html HTTP/1.1\r\nHost: example.org\r\nUser-Agent: curl/8.5.0\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 20\r\n\r\n<h1>It works!</h1>\n\n"
PASSWD = b"root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/sh\n"


@dataclass
class MemorySource:
    """What would stay in the file, for `base` events that are repeated over and over."""

    base: int
    total: int
    arguments: list[tuple[int, ...]]
    payloads: dict[int, bytes] = field(default_factory=dict)
    recorded: dict[int, tuple[bytes | None, bytes | None]] = field(default_factory=dict)
    addresses: dict[int, bytes] = field(default_factory=dict)

    def argument(self, index: int) -> np.ndarray:
        one = np.array([args[index] for args in self.arguments], dtype=np.uint64)
        return np.resize(one, self.total)

    def arguments_at(self, wanted):
        return {index: self.argument(index)[rows] for index, rows in wanted.items()}

    def cgroups(self) -> np.ndarray:
        return np.zeros(self.total, np.uint64)

    def raw_arguments(self, row: int) -> list[int]:
        return list(self.arguments[row % self.base][:6])

    def place(self, row: int) -> None:
        return None

    def payload(self, row: int) -> bytes:
        return self.payloads.get(row % self.base, b"")

    def payload_blocks(self, wanted=None):
        rows = [row for row in range(self.total) if self.payload(row)]
        pieces = [self.payload(row) for row in rows]
        if rows:
            yield np.array(rows), np.cumsum([len(piece) for piece in pieces]), b"".join(pieces)

    def texts(self, row: int) -> tuple[bytes | None, bytes | None]:
        return self.recorded.get(row % self.base, (None, None))

    def text_codes(self, rows):
        return rows % self.base + 1, rows % self.base + 1

    def address(self, row: int) -> bytes | None:
        return self.addresses.get(row % self.base)

    def address_codes(self, rows):
        known = sorted(set(self.addresses.values()))
        codes = [
            known.index(self.addresses[at]) + 1 if at in self.addresses else 0 for at in rows % self.base
        ]
        return np.array(codes, np.int32)


def build_frames(events: int | None = None, more=()) -> CaptureFrames:
    """The story, once; or repeated one after the other until there are `events` events.

    `more`: further events, each milliseconds, image, kind, result and what else `_Scene.add` takes.
    """
    scene = _Scene()
    _tell(scene, more)
    return scene.frames(events)


_MOUNTS = [
    {"source": "/srv/data", "destination": "/data", "type": "bind", "options": ["rbind", "ro", "rprivate"]},
    {"source": "/etc", "destination": "/host/etc", "type": "bind", "options": ["rbind", "rw"]},
]
_CONTAINERS = [
    # what is not said was not recorded
    {"id": "host", "metadata": "recorded", "cgroup": "/"},
    {
        "id": "a1b2c3d4e5f6",
        "full_id": "a1b2c3d4e5f6" + "0" * 52,
        "name": "web",
        "kind": "container",
        "image": "docker.io/library/nginx:1.25",
        "image_id": "9" * 64,
        "image_digest": "sha256:" + "d" * 64,
        "runtime": "docker",
        "created": START_NS - 3_600_000 * MS,
        "pod": "web-7d4b9",
        "namespace": "shop",
        "pod_uid": "4c1f2a3b-0000-1111-2222-123456789abc",
        "pod_labels": '{"tier": "front"}',
        "sandbox": "5" * 64,
        "command": "nginx -g 'daemon off;'",
        "user": "www",
        "environment": "PATH, TOKEN",
        "labels": '{"app": "shop", "tier": "front"}',
        "restart_policy": "always",
        "privileged": "no",
        "no_new_privileges": "yes",
        "read_only": "no",
        "capabilities_added": "NET_ADMIN",
        "capabilities_dropped": "CHOWN, KILL",
        "seccomp": "filtered",
        "mounts": json.dumps(_MOUNTS),
        "sensitive_mounts": "/etc:/host/etc:rw",
        "host_namespaces": "network, user",
        "joined_namespaces": '{"ipc": "container:5555"}',
        "memory_limit": 512 << 20,
        "cpu_limit": 1500,
        "pids_limit": 0,
        "addresses": "10.1.2.3, fd00::3",
        "cni": '{"ips": []}',
        "first_process": 3,
        "metadata": "recorded",
        "cgroup": "/system.slice/docker-a1b2c3d4e5f6" + "0" * 52 + ".scope",
    },
    {
        "id": "0f0e0d0c0b0a",
        "full_id": "0f0e0d0c0b0a" + "1" * 52,
        "name": "batch",
        "image": "localhost/batch:latest",
        "runtime": "podman",
        "birth": START_NS + 300 * MS,
        "death": START_NS + 1_500 * MS,
        "starts": 1,
        "exit_code": 1,
        "oom_kills": 1,
        "first_process": 5,
        "created": START_NS + 299 * MS,
        "command": "python3 /app/job.py",
        "privileged": "yes",
        "seccomp": "unconfined",
        "host_namespaces": "pid, ipc",
        "memory_limit": 0,
        "metadata": "recorded",
        "cgroup": "/machine.slice/libpod-0f0e0d0c0b0a" + "1" * 52 + ".scope",
    },
    {
        "id": "ffee00112233",
        "full_id": "ffee00112233" + "2" * 52,
        "runtime": "containerd",
        "metadata": "bundle not found",
        "cgroup": "/kubepods/besteffort/podx/ffee00112233" + "2" * 52,
    },
]
_NONE_OF = {"starts": 0, "oom_kills": 0}

_PROCESSES = [
    # pid, start, end, ppid, parent, container, uid, sid, tty, loginuid, exit_code, exit_signal, existed
    (1, -9_000_000, -1, 0, -1, HOST, 0, 1, 0, -1, -1, -1, True),
    (100, -60_000, -1, 1, SYSTEMD, HOST, 1000, 100, 34816, 1000, -1, -1, True),
    (201, 50, 700, 100, SH, HOST, 1000, 100, 34816, 1000, 0, 0, False),
    (300, -3_600_000, -1, 1, SYSTEMD, WEB, 0, 300, 0, -1, -1, -1, True),
    (301, -3_599_000, -1, 300, NGINX, WEB, 101, 300, 0, -1, -1, -1, True),
    (400, 310, 1_500, 1, SYSTEMD, BATCH, 0, 400, 0, -1, 1, 0, False),
    (402, 500, 900, 400, PYTHON, BATCH, 0, 400, 0, -1, -1, 9, False),
    (500, -1_000, -1, 1, SYSTEMD, NAMELESS, 65534, 500, 0, -1, -1, -1, True),
    (201, 1_200, 1_400, 100, SH, HOST, 1000, 100, 34816, 1000, 0, 0, False),
    (777, None, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, False),
]

_ALL_CAPABILITIES, _NET_BIND_SERVICE = (1 << 41) - 1, 1 << 10
_LISTED = {
    # what the snapshot tells of those that were there: gid, pgid, nspid, permitted, effective capabilities
    SYSTEMD: (0, 1, 1, _ALL_CAPABILITIES, _ALL_CAPABILITIES),
    SH: (1000, 100, 100, 0, 0),
    NGINX: (0, 300, 1, _NET_BIND_SERVICE, _NET_BIND_SERVICE),
    WORKER: (101, 300, 7, 0, 0),
    STRANGER: (65534, 500, 1, 0, 0),
}

_THREADS = [(pid, row, start, end) for row, (pid, start, end, *_) in enumerate(_PROCESSES)] + [
    (401, PYTHON, 330, 1_490)
]

_IMAGES = [
    # name, process, since, by exec, comm, exe, exepath, args, cwd, ino
    ("systemd", SYSTEMD, -9_000_000, False, "systemd", "/sbin/init", "/usr/lib/systemd/systemd", "", "/", 11),
    ("sh", SH, -60_000, False, "sh", "-sh", "/bin/sh", "", "/home/alice", 12),
    ("curl fork", CURL, 50, False, "sh", "-sh", "/bin/sh", "", "/home/alice", 12),
    (
        "curl",
        CURL,
        60,
        True,
        "curl",
        "curl",
        "/usr/bin/curl",
        "-s http://example.org/index.html",
        "/home/alice",
        13,
    ),
    (
        "nginx",
        NGINX,
        -3_600_000,
        False,
        "nginx",
        "nginx: master process",
        "/usr/sbin/nginx",
        "-g daemon off;",
        "/",
        14,
    ),
    ("worker", WORKER, -3_599_000, False, "nginx", "nginx: worker process", "/usr/sbin/nginx", "", "/", 14),
    ("runtime", PYTHON, 310, False, "runc:[2:INIT]", "runc", "/usr/bin/runc", "init", "/", 15),
    ("python", PYTHON, 320, True, "python3", "python3", "/usr/bin/python3", "/app/job.py", "/app", 16),
    ("killed fork", KILLED, 500, False, "python3", "python3", "/usr/bin/python3", "/app/job.py", "/app", 16),
    ("killed", KILLED, 510, True, "sh", "sh", "/bin/sh", "-c sleep 100", "/app", 17),
    ("stranger", STRANGER, -1_000, False, "sh", "sh", "/bin/sh", "-i", "/", 18),
    ("cat fork", CAT, 1_200, False, "sh", "-sh", "/bin/sh", "", "/home/alice", 12),
    ("cat", CAT, 1_210, True, "cat", "cat", "/usr/bin/cat", "/etc/passwd notes.txt", "/home/alice", 19),
    ("unseen", UNSEEN, None, False, "", "", "", "", "", -1),
]

_DESCRIPTORS = [
    # key, type, name, dev, ino, mode, l4proto, laddr, lport, raddr, rport, role
    ("tty", "char", "/dev/pts/0", 24, 3, 0o20620, "", "", -1, "", -1, ""),
    ("null", "char", "/dev/null", 5, 4, 0o20666, "", "", -1, "", -1, ""),
    ("/etc", "directory", "/etc", 2049, 100, 0o40755, "", "", -1, "", -1, ""),
    ("passwd", "file", "/etc/passwd", 2049, 101, 0o100644, "", "", -1, "", -1, ""),
    ("hosts", "file", "/etc/hosts", 2049, 102, 0o100644, "", "", -1, "", -1, ""),
    ("curlrc", "file", "/etc/curlrc", -1, -1, -1, "", "", -1, "", -1, ""),
    ("libc", "file", "/usr/lib/x86_64-linux-gnu/libc.so.6", 2049, 103, 0o100755, "", "", -1, "", -1, ""),
    ("curl", "file", "/usr/bin/curl", 2049, 13, 0o100755, "", "", -1, "", -1, ""),
    ("python", "file", "/usr/bin/python3", 2050, 16, 0o100755, "", "", -1, "", -1, ""),
    ("sh", "file", "/bin/sh", 2050, 17, 0o100755, "", "", -1, "", -1, ""),
    ("cat", "file", "/usr/bin/cat", 2049, 19, 0o100755, "", "", -1, "", -1, ""),
    ("notes", "file", "/home/alice/notes.txt", 2049, 104, 0o100600, "", "", -1, "", -1, ""),
    ("index", "file", "/usr/share/nginx/html/index.html", 2051, 200, 0o100644, "", "", -1, "", -1, ""),
    ("access", "file", "/var/log/nginx/access.log", 2051, 201, 0o100640, "", "", -1, "", -1, ""),
    ("job", "file", "/app/job.py", 2050, 300, 0o100644, "", "", -1, "", -1, ""),
    ("out.tmp", "file", "/app/out.tmp", 2050, 301, 0o100644, "", "", -1, "", -1, ""),
    ("out", "file", "/app/out.csv", 2050, 301, 0o100644, "", "", -1, "", -1, ""),
    ("shadow", "file", "/etc/shadow", -1, -1, -1, "", "", -1, "", -1, ""),
    ("dns", "ipv4", "192.168.1.5:40000->192.168.1.1:53", 8, 900, 0o140777, "udp", "192.168.1.5", 40000,
     "192.168.1.1", 53, "client"),
    ("out conn", "ipv4", "192.168.1.5:51000->172.17.0.2:80", 8, 901, 0o140777, "tcp", "192.168.1.5", 51000,
     "172.17.0.2", 80, "client"),
    ("listener", "ipv4", "0.0.0.0:80", 8, 902, 0o140777, "tcp", "0.0.0.0", 80, "", -1, "listener"),
    ("in conn", "ipv4", "172.17.0.2:80->192.168.1.5:51000", 8, 903, 0o140777, "tcp", "172.17.0.2", 80,
     "192.168.1.5", 51000, "server"),
    ("refused", "ipv6", "[::1]:41000->[::1]:5432", 8, 904, 0o140777, "tcp", "::1", 41000, "::1", 5432,
     "client"),
    ("docker", "unix", "/run/docker.sock", 8, 905, 0o140777, "", "", -1, "", -1, "client"),
    ("pipe", "pipe", "pipe:[906]", 13, 906, 0o10600, "", "", -1, "", -1, ""),
    ("eventfd", "event", "anon_inode:[eventfd]", 14, 907, 0o600, "", "", -1, "", -1, ""),
    ("unnamed", "file", "", 2052, 908, 0o100644, "", "", -1, "", -1, ""),
]  # fmt: skip

_USERS = [
    (0, "root", "/root", "/bin/bash"),
    (101, "nginx", "/nonexistent", "/bin/false"),
    (1000, "alice", "/home/alice", "/bin/sh"),
    (65534, "nobody", "/nonexistent", "/usr/sbin/nologin"),
]

_GROUPS = [(0, "root"), (101, "www"), (1000, "alice")]

_DROPS = [
    (1_000, 900, "lost", "medium", 12),
    (1_000, 900, "dropped", "payload", 40),
    (2_000, 1_900, "undecodable", "large", 1),
]


class _Scene:
    """Collects events in order of time and turns them into frames."""

    def __init__(self) -> None:
        self.rows: list[tuple] = []
        self.arguments: list[tuple[int, ...]] = []
        self.payloads: dict[int, bytes] = {}
        self.texts: dict[int, tuple[bytes | None, bytes | None]] = {}
        self.addresses: dict[int, bytes] = {}
        self.paths: list[str] = []
        self.execs: dict[str, int] = {}
        self.images = {name: row for row, (name, *_) in enumerate(_IMAGES)}
        self.things = {key: row for row, (key, *_) in enumerate(_DESCRIPTORS)}

    def add(
        self, ms, image, kind, ret=0, *, tid=None, fd=-1, thing="", path="", path2="", size=0, data=b"",
        latency=0.02, uid=None, args=(), flags=0, text=None, text2=None, address=None, began=None,
        container=None,
    ):  # fmt: skip
        row = len(self.rows)
        process = _IMAGES[self.images[image]][1]
        thread = process if tid is None else len(_PROCESSES)
        values = _PROCESSES[process]
        self.rows.append(
            (START_NS + int(ms * MS), int(latency * MS) if latency is not None else -1, kind, ret, flags,
             row % 4, process, thread, self.images[image], values[5] if container is None else container,
             max(values[6], 0) if uid is None else uid, fd,
             self.things[thing] if thing else -1, self._path(path), self._path(path2), size, len(data), 0)
        )  # fmt: skip
        self.arguments.append((tuple(args) + (0,) * 6)[:6])
        if data:
            self.payloads[row] = data
        if path or text is not None:
            self.texts[row] = (
                text if text is not None else path.encode(),
                text2 if text2 is not None else (path2.encode() or None),
            )
        if address is not None:
            self.addresses[row] = address
        if began:
            self.execs[began] = row

    def _path(self, path: str) -> int:
        if not path:
            return -1
        if path not in self.paths:
            self.paths.append(path)
        return self.paths.index(path)

    def frames(self, count: int | None) -> CaptureFrames:
        base = len(self.rows)
        total = base if count is None else count
        columns = dict(
            zip([column.name for column in EVENT_COLUMNS], zip(*self.rows, strict=True), strict=True)
        )
        data = {
            name: np.resize(np.array(values), total) for name, values in columns.items() if name != "type"
        }
        data["time"] = data["time"] + np.arange(total, dtype=np.int64) // base * (2_000 * MS)
        kinds = _categories(columns["type"])
        codes = np.array([kinds.index(kind) for kind in columns["type"]], dtype=np.int16)
        data["type"] = pd.Categorical.from_codes(np.resize(codes, total), kinds)
        host = {
            "hostname": "node-1",
            "machine": "x86_64",
            "kernel": "6.18.0",
            "cpus": 4,
            "boot_id": "8d6f3c52-0000-4000-8000-000000000001",
            "started_ns": START_NS,
            "ended_ns": int(data["time"][-1]) + MS if total else START_NS,
            "timezone": "Europe/Berlin",
            "utc_offset_s": 3600,
            "options": {"payload": 80},
            "recorder": "exhume 0.1.0",
        }
        return CaptureFrames(
            path="story.exhume",
            host=host,
            state=FileState("whole", "All blocks are there and as they were written."),
            events=build_table(EVENT_COLUMNS, data),
            processes=_processes(),
            threads=_threads(),
            images=_images(self.execs),
            descriptors=_descriptors(data["descriptor"], data["time"]),
            containers=_containers(),
            users=_table(USER_COLUMNS, _USERS),
            groups=_table(GROUP_COLUMNS, _GROUPS),
            drops=_table(
                DROP_COLUMNS, [(_at(end), _at(since), *rest, "", -1) for end, since, *rest in _DROPS]
            ),
            source=MemorySource(base, total, self.arguments, self.payloads, self.texts, self.addresses),
            environments=_ENVIRONMENTS,
            paths=self.paths,
            hosts=host_frame([host]),
            recordings=recording_frame(host, "story.exhume", "whole", total),
        )


def _tell(scene: _Scene, more) -> None:
    """Every event of the story, in order of time."""
    for ms, image, kind, ret, options in sorted([*_story(), *more], key=lambda line: line[0]):
        scene.add(ms, image, kind, ret, **options)


def _story():
    def line(ms, image, kind, ret=0, **options):
        lines.append((ms, image, kind, ret, options))

    lines: list[tuple] = []
    _tell_of_curl(line)
    _tell_of_nginx(line)
    _tell_of_batch(line)
    _tell_of_the_rest(line)
    return lines


def _tell_of_curl(line) -> None:
    line(10, "sh", "read", 5, fd=0, thing="tty", size=5, data=b"curl\n", latency=3_000, args=(0, 0, 4096))
    line(20, "sh", "write", 2, fd=1, thing="tty", size=2, data=b"$ ", args=(1, 0, 2))
    line(40, "sh", "pipe2", 0, fd=-1)
    line(50, "sh", "procfork", 0, text=b"sh", args=(201, 201, START_NS + 50 * MS, 100, 201))
    line(50.1, "sh", "clone", 201, latency=0.4)
    line(60, "curl", "execve", 0, thing="curl", path="/usr/bin/curl", latency=0.9, began="curl",
         text2=b"curl\0-s\0http://example.org/index.html\0")  # fmt: skip
    line(61, "curl", "openat", ENOENT, thing="curlrc", path="/etc/curlrc", args=(AT_FDCWD, 0, 0o2000000))
    line(
        62,
        "curl",
        "openat",
        3,
        fd=3,
        thing="libc",
        path="/usr/lib/x86_64-linux-gnu/libc.so.6",
        args=(AT_FDCWD, 0, 0o2000000),
    )
    line(
        62.2,
        "curl",
        "read",
        832,
        fd=3,
        thing="libc",
        size=832,
        data=b"\x7fELF\x02\x01\x01" + bytes(73),
        args=(3, 0, 832),
    )
    line(62.4, "curl", "mmap", 0x7F0000000000, fd=3, thing="libc", args=(0, 2_000_000, 5, 2, 3, 0))
    line(62.6, "curl", "close", 0, fd=3, thing="libc", args=(3,))
    line(63, "curl", "openat", 3, fd=3, thing="hosts", path="/etc/hosts", args=(AT_FDCWD, 0, 0o2000000))
    line(
        63.1,
        "curl",
        "read",
        20,
        fd=3,
        thing="hosts",
        size=20,
        data=b"127.0.0.1 localhost\n",
        args=(3, 0, 4096),
    )
    line(63.2, "curl", "read", 0, fd=3, thing="hosts", args=(3, 0, 4096))
    line(63.3, "curl", "close", 0, fd=3, thing="hosts", args=(3,))
    line(70, "curl", "socket", 4, fd=4, thing="dns", args=(2, 2, 0))
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01"
    answer = b"\x12\x34\x81\x80\x00\x01\x00\x01" + query[8:] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xac\x11\0\2"
    to_dns = b"\x02\x00\x00\x35\xc0\xa8\x01\x01" + bytes(8)
    line(
        70.2,
        "curl",
        "sendto",
        len(query),
        fd=4,
        thing="dns",
        size=len(query),
        data=query,
        address=to_dns,
        args=(4, 0, 29),
    )
    line(
        80,
        "curl",
        "recvfrom",
        45,
        fd=4,
        thing="dns",
        size=45,
        data=answer,
        address=to_dns,
        latency=9.6,
        args=(4, 0, 512),
    )
    line(80.1, "curl", "close", 0, fd=4, thing="dns", args=(4,))
    line(81, "curl", "socket", 4, fd=4, thing="out conn", args=(2, 1, 6))
    line(
        85,
        "curl",
        "connect",
        0,
        fd=4,
        thing="out conn",
        latency=3.8,
        address=b"\x02\x00\x00\x50\xac\x11\x00\x02" + bytes(8),
        args=(4,),
    )
    line(
        86,
        "curl",
        "sendto",
        len(REQUEST),
        fd=4,
        thing="out conn",
        size=len(REQUEST),
        data=REQUEST,
        args=(4, 0, len(REQUEST)),
    )
    line(130, "curl", "poll", 1, latency=43)
    line(
        131,
        "curl",
        "recvfrom",
        len(RESPONSE),
        fd=4,
        thing="out conn",
        size=len(RESPONSE),
        data=RESPONSE,
        args=(4, 0, 16384),
    )
    line(132, "curl", "write", 20, fd=1, thing="tty", size=20, data=RESPONSE[-20:], args=(1, 0, 20))
    line(133, "curl", "close", 0, fd=4, thing="out conn", args=(4,))
    line(699, "curl", "exit_group", 0, latency=None, flags=8)
    line(700, "curl", "procexit", 0, args=(0, 1, START_NS + 50 * MS, 4_000_000, 210, 0), latency=None)
    line(701, "sh", "wait4", 201, latency=650)


def _tell_of_nginx(line) -> None:
    line(86.5, "worker", "epoll_wait", 1, latency=80, fd=8, thing="eventfd")
    line(87, "worker", "accept4", 10, fd=10, thing="in conn", latency=0.1, args=(6,))
    line(87.5, "worker", "accept4", EAGAIN, fd=6, thing="listener", args=(6,))
    line(
        88,
        "worker",
        "recvfrom",
        len(REQUEST),
        fd=10,
        thing="in conn",
        size=len(REQUEST),
        data=REQUEST,
        args=(10, 0, 1024),
    )
    line(
        89,
        "worker",
        "openat",
        11,
        fd=11,
        thing="index",
        path="/usr/share/nginx/html/index.html",
        args=(AT_FDCWD, 0, 0o4000),
    )
    line(89.2, "worker", "fstat", 0, fd=11, thing="index", args=(11,))
    line(
        90,
        "worker",
        "writev",
        len(RESPONSE),
        fd=10,
        thing="in conn",
        size=len(RESPONSE),
        data=RESPONSE,
        latency=30,
        args=(10, 0, 2),
    )
    entry = b'192.168.1.5 - - "GET /index.html HTTP/1.1" 200 20\n'
    line(
        91,
        "worker",
        "write",
        len(entry),
        fd=5,
        thing="access",
        size=len(entry),
        data=entry,
        args=(5, 0, len(entry)),
    )
    line(92, "worker", "close", 0, fd=11, thing="index", args=(11,))
    line(134, "worker", "close", 0, fd=10, thing="in conn", args=(10,))
    for tick in range(150, 2_000, 250):
        line(tick, "worker", "epoll_wait", 0, latency=249, fd=8, thing="eventfd")
        line(tick + 0.5, "nginx", "rt_sigsuspend", -4, latency=None)


def _tell_of_batch(line) -> None:
    line(
        300,
        "systemd",
        "cgroup_mkdir",
        0,
        text=_CONTAINERS[BATCH]["cgroup"].encode(),
        args=(4242, 1),
        container=HOST,
    )
    line(310, "systemd", "procfork", 0, text=b"runc:[2:INIT]", args=(400, 400, START_NS + 310 * MS, 1, 1))
    line(
        311,
        "runtime",
        "cgroup_attach_task",
        0,
        text=_CONTAINERS[BATCH]["cgroup"].encode(),
        text2=b"runc:[2:INIT]",
        args=(4242, 1, 400),
    )
    line(315, "runtime", "capset", 0)
    line(
        320,
        "python",
        "execve",
        0,
        thing="python",
        path="/usr/bin/python3",
        latency=1.2,
        began="python",
        text2=b"python3\0/app/job.py\0",
    )
    line(325, "python", "openat", 3, fd=3, thing="job", path="/app/job.py", args=(AT_FDCWD, 0, 0o2000000))
    line(
        326,
        "python",
        "read",
        400,
        fd=3,
        thing="job",
        size=400,
        data=b"import csv, threading\n",
        args=(3, 0, 401),
        flags=32,
    )
    line(327, "python", "close", 0, fd=3, thing="job", args=(3,))
    line(330, "python", "procfork", 0, text=b"python3", args=(400, 401, START_NS + 330 * MS, 1, 2))
    line(
        335,
        "python",
        "openat",
        3,
        tid=401,
        fd=3,
        thing="out.tmp",
        path="/app/out.tmp",
        args=(AT_FDCWD, 0, 0o1101, 0o644),
    )
    for count in range(60):
        row = b"%d,%d,%s\n" % (count, count * count, b"ok" if count % 3 else b"retry")
        line(340 + count * 2, "python", "write", len(row), tid=401, fd=3, thing="out.tmp", size=len(row),
             data=row, latency=0.01 + (count % 7) ** 3 * 0.05, args=(3, 0, len(row)))  # fmt: skip
    line(465, "python", "fsync", 0, tid=401, fd=3, thing="out.tmp", latency=25, args=(3,))
    line(466, "python", "rename", 0, tid=401, thing="out", path="/app/out.tmp", path2="/app/out.csv")
    line(470, "python", "openat", EACCES, thing="shadow", path="/etc/shadow", args=(AT_FDCWD, 0, 0o2000000))
    line(480, "python", "socket", 4, fd=4, thing="refused", args=(10, 1, 0))
    line(481, "python", "connect", ECONNREFUSED, fd=4, thing="refused", latency=0.3, args=(4,))
    line(482, "python", "socket", 5, fd=5, thing="docker", args=(1, 1, 0))
    line(483, "python", "connect", 0, fd=5, thing="docker", address=b"\x01\x00/run/docker.sock\0", args=(5,))
    line(
        484,
        "python",
        "write",
        30,
        fd=5,
        thing="docker",
        size=30,
        data=b"GET /containers/json HTTP/1.0\n",
        args=(5, 0, 30),
    )
    line(500, "python", "procfork", 0, text=b"python3", args=(402, 402, START_NS + 500 * MS, 400, 3))
    line(500.2, "python", "clone", 402, latency=0.5)
    line(
        510,
        "killed",
        "execve",
        0,
        thing="sh",
        path="/bin/sh",
        latency=0.7,
        began="killed",
        text2=b"sh\0-c\0sleep 100\0",
    )
    line(520, "killed", "write", 6, fd=1, thing="pipe", size=6, data=b"hello\n", args=(1, 0, 6))
    line(521, "python", "read", 6, fd=6, thing="pipe", size=6, data=b"hello\n", latency=20, args=(6, 0, 4096))
    line(899, "python", "kill", 0, args=(402, 9))
    line(899.5, "killed", "clock_nanosleep", 0, latency=None, flags=8)
    line(900, "killed", "procexit", 0, args=(9, 1, START_NS + 500 * MS, 1_000_000, 80, 0), latency=None)
    line(901, "python", "wait4", 402, latency=380)
    line(1_489, "python", "futex", 0, tid=401, latency=800)
    line(
        1_490,
        "python",
        "procexit",
        0,
        tid=401,
        args=(0, 0, START_NS + 330 * MS, 2_000_000, 30, 0),
        latency=None,
    )
    line(1_499, "python", "exit_group", 0, latency=None, flags=8, args=(1,))
    line(
        1_500, "python", "procexit", 0, args=(256, 1, START_NS + 310 * MS, 90_000_000, 1_900, 2), latency=None
    )
    line(
        1_510,
        "systemd",
        "cgroup_rmdir",
        0,
        text=_CONTAINERS[BATCH]["cgroup"].encode(),
        args=(4242, 1),
        container=HOST,
    )


def _tell_of_the_rest(line) -> None:
    line(1_200, "sh", "procfork", 0, text=b"sh", args=(201, 201, START_NS + 1_200 * MS, 100, 201))
    line(1_210, "cat", "execve", 0, thing="cat", path="/usr/bin/cat", latency=0.8, began="cat",
         text2=b"cat\0/etc/passwd\0notes.txt\0")  # fmt: skip
    line(1_211, "cat", "newfstatat", 0, thing="/etc", path="/etc", args=(AT_FDCWD,))
    line(1_212, "cat", "openat", 3, fd=3, thing="passwd", path="/etc/passwd", args=(AT_FDCWD, 0, 0))
    line(
        1_213,
        "cat",
        "read",
        len(PASSWD),
        fd=3,
        thing="passwd",
        size=len(PASSWD),
        data=PASSWD,
        args=(3, 0, 131072),
    )
    line(
        1_214,
        "cat",
        "write",
        len(PASSWD),
        fd=1,
        thing="tty",
        size=len(PASSWD),
        data=PASSWD,
        args=(1, 0, len(PASSWD)),
    )
    line(
        1_215,
        "cat",
        "openat",
        3,
        fd=3,
        thing="notes",
        path="/home/alice/notes.txt",
        text=b"notes.txt",
        args=(AT_FDCWD, 0, 0),
    )
    line(1_216, "cat", "read", 5, fd=3, thing="notes", size=5, data=b"\x1b[31m", args=(3, 0, 131072))
    line(1_400, "cat", "procexit", 0, args=(0, 1, START_NS + 1_200 * MS, 2_000_000, 90, 0), latency=None)
    for tick in range(100, 2_000, 90):
        line(tick + 0.7, "stranger", "write", 1, fd=1, thing="null", size=1, data=b".", args=(1, 0, 1))
        line(tick + 0.8, "stranger", "stat", ENOENT, thing="shadow", path="/etc/shadow")
        line(tick + 0.9, "unseen", "read", 64, fd=7, thing="unnamed", size=64, args=(7, 0, 64), container=-1)
    line(1_999, "sh", "read", 0, fd=0, thing="tty", latency=None, flags=4, args=(0, 0, 4096))


_NO_FILE = ("", "", "", -1, -1, -1, -1, -1, -1, -1, "", "", "", -1)
_FILES = {
    "sh": (
        *("", "", ""),
        0o100755,
        0,
        0,
        0,
        125_640,
        START_NS - 1_000_000 * MS,
        START_NS - 900_000 * MS,
        "a1" * 32,
        "",
        "",
        0,
    ),
    "curl": (
        *("", "", ""),
        0o104755,
        2,
        0,
        0,
        260_000,
        START_NS - 1_000_000 * MS,
        START_NS - MS,
        "",
        "not hashed: gone",
        "",
        1,
    ),
}
"""What is known of programs' files: columns `script` and later."""
_ENVIRONMENTS = [b"HOME=/home/alice\0TERM=xterm\0", b"HOME=/root\0EMPTY=\0"]


def _categories(kinds) -> list[str]:
    return sorted(set(kinds))


def _at(ms: float | None) -> int:
    """Milliseconds of the story as a time; None and -1 stay "not known"."""
    return -1 if ms is None or ms == -1 else START_NS + int(ms * MS)


def _table(columns, rows) -> pd.DataFrame:
    names = [column.name for column in columns if column.default is None]
    return build_table(columns, dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def _containers() -> pd.DataFrame:
    missing = {
        column.name: "" if column.dtype == "str" else _NONE_OF.get(column.name, -1)
        for column in CONTAINER_COLUMNS
    }
    rows = [missing | row for row in _CONTAINERS]
    return _table(
        CONTAINER_COLUMNS,
        [tuple(row[column.name] for column in CONTAINER_COLUMNS if column.default is None) for row in rows],
    )


def _processes() -> pd.DataFrame:
    last = {process: row for row, (_, process, *_) in enumerate(_IMAGES)}
    return _table(
        PROCESS_COLUMNS,
        [
            (pid, _at(start), _at(end), ppid, parent, last[row], *rest, *_LISTED.get(row, (-1,) * 5))
            for row, (pid, start, end, ppid, parent, *rest) in enumerate(_PROCESSES)
        ],
    )


def _threads() -> pd.DataFrame:
    return _table(THREAD_COLUMNS, [(tid, row, _at(start), _at(end)) for tid, row, start, end in _THREADS])


def _images(execs: dict[str, int]) -> pd.DataFrame:
    rows = [
        (process, _at(since), execs.get(name, -1) if by_exec else -1, comm, exe, exepath, args,
         "".join(f"{word}\0" for word in args.split()),
         f"{comm} {args}".strip(), cwd, 2049 if ino > 0 else -1, ino, *_FILES.get(name, _NO_FILE))
        for name, process, since, by_exec, comm, exe, exepath, args, cwd, ino in _IMAGES
    ]  # fmt: skip
    return _table(IMAGE_COLUMNS, rows)


def _descriptors(used: np.ndarray, times: np.ndarray) -> pd.DataFrame:
    first = {int(row): int(times[np.argmax(used == row)]) for row in np.unique(used[used >= 0])}
    last = {row: int(times[len(used) - 1 - np.argmax(used[::-1] == row)]) for row in first}
    return _table(
        DESCRIPTOR_COLUMNS,
        [(*values, first.get(row, -1), last.get(row, -1)) for row, (_, *values) in enumerate(_DESCRIPTORS)],
    )
