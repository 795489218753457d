"""What was mounted at a moment: on the host, in containers, in other mount namespaces."""

import json
import struct

import pytest

from inspect_app.analysis.state import state_at
from inspect_app.frames import open_capture
from tests.builders.capture import CaptureBuilder

HOME, OTHER, THIRD = 4026531832, 4026532250, 4026532251
BIND, MOVE, RECURSIVE, DETACH = 1 << 12, 1 << 13, 1 << 14, 2


@pytest.fixture
def book():
    book = CaptureBuilder()
    for pid, space in ((1, HOME), (100, HOME), (500, THIRD)):
        book.process(pid, ppid=min(pid - 1, 1), cwd="/", namespaces={"mnt": space})
    book.tables["mounts"] = [
        {"id": at, "dev": at, "root": "/", "target": target, "type": kind, "source": source}
        for at, (target, kind, source) in enumerate(
            (("/", "ext4", "/dev/vda"), ("/data", "xfs", "/dev/vdb"), ("/data/in", "tmpfs", "in")), 1
        )
    ]
    return book


def mount(book, source, target, kind="", flags=0, pid=100):
    told = kind.encode() + b"\0"
    return book.event(
        "mount", pid=pid, text=source.encode(), text2=target.encode(), addr=told, args=(0, 0, 0, flags)
    )


def unmount(book, target, flags=0, pid=100):
    return book.event("umount2", pid=pid, text=target.encode(), args=(0, flags))


def enters(book, pid, before, after):
    told = [struct.pack("<9I", one, *[0] * 7, 1 << 24) for one in (before, after)]
    book.event("ns_change", pid=pid, text=told[0], text2=told[1], args=(0x20000, 272))


def mounted(book, tmp_path, row=-1):
    frames = open_capture(book.write(tmp_path / "mounts.exhume"))
    rows = state_at(frames, book.rows[row]["time"]).mounts
    return sorted(rows[["space", "target", "type", "source"]].itertuples(index=False, name=None))


HOST = [("host", "/", "ext4", "/dev/vda")]
DATA = [("host", "/data", "xfs", "/dev/vdb"), ("host", "/data/in", "tmpfs", "in")]


def test_a_mount_has_the_kind_that_was_asked_for(book, tmp_path):
    mount(book, "new", "/mnt", "tmpfs")
    assert mounted(book, tmp_path) == [*HOST, *DATA, ("host", "/mnt", "tmpfs", "new")]


def test_a_bind_is_of_the_file_system_that_it_shows(book, tmp_path):
    mount(book, "/data/sub", "/one", flags=BIND)
    mount(book, "/data", "/all", flags=BIND | RECURSIVE)
    assert mounted(book, tmp_path) == [
        *HOST,
        ("host", "/all", "xfs", "/dev/vdb"),
        ("host", "/all/in", "tmpfs", "in"),
        *DATA,
        ("host", "/one", "xfs", "/dev/vdb"),
    ]


def test_a_mount_that_is_moved_takes_those_below_along(book, tmp_path):
    mount(book, "/data", "/elsewhere", flags=MOVE)
    assert mounted(book, tmp_path) == [
        *HOST,
        ("host", "/elsewhere", "xfs", "/dev/vdb"),
        ("host", "/elsewhere/in", "tmpfs", "in"),
    ]


def test_a_tree_that_is_detached_is_gone_as_a_whole(book, tmp_path):
    unmount(book, "/data", DETACH)
    assert mounted(book, tmp_path) == HOST


def test_what_is_mounted_in_a_namespace_of_its_own_is_none_of_the_hosts(book, tmp_path):
    book.fork(100, 200)
    enters(book, 200, HOME, OTHER)
    mount(book, "own", "/data", "tmpfs", pid=200)
    book.fork(200, 201)
    inside = mount(book, "more", "/mnt", "tmpfs", pid=201)
    unmount(book, "/", DETACH, pid=201)
    mount(book, "old", "/old", "tmpfs", pid=500)
    end = [book.exit(201), book.exit(200)][-1]
    others = [("mnt:[4026532250]", "/data", "tmpfs", "own"), ("mnt:[4026532250]", "/mnt", "tmpfs", "more")]
    third = [("mnt:[4026532251]", "/old", "tmpfs", "old")]
    assert mounted(book, tmp_path, inside) == [*HOST, *DATA, *others]
    assert mounted(book, tmp_path, end) == [*HOST, *DATA, *third]


def test_a_container_has_what_its_runtime_and_its_programs_mounted(book, tmp_path):
    full_id = "ab" * 32
    book.tables["cgroups"] = [{"id": 7, "path": f"/machine/libpod-{full_id}", "hierarchy": 0}]
    told = [{"source": "/srv", "destination": "/data", "type": "bind", "options": ["rbind"]}]
    book.tables["containers"] = [{"id": full_id, "name": "web", "runtime": "podman", "mounts": told}]
    book.fork(100, 200)
    enters(book, 200, HOME, OTHER)
    mount(book, "/srv", "/proc/self/fd/6", flags=BIND, pid=200)
    book.event("pivot_root", pid=200, text=b".", text2=b".", cgroup=7)
    book.event("mount", pid=200, text=b"x", text2=b"/mnt", addr=b"tmpfs\0", args=(0, 0, 0, 0), cgroup=7)
    frames = open_capture(book.write(tmp_path / "mounts.exhume"))
    assert json.loads(frames.containers["mounts"].iat[1])
    assert mounted(book, tmp_path) == [
        *HOST,
        *DATA,
        ("web", "/data", "bind", "/srv"),
        ("web", "/mnt", "tmpfs", "x"),
    ]
