"""Views of what deserves a second look: dropped programs, secrets, mounts, logs, queues, sessions."""

import dataclasses
import json
import struct

import numpy as np
import pandas as pd
import pytest

from inspect_app.analysis.selection import select
from inspect_app.filters.fields_program import secrets_in
from inspect_app.frames import open_capture
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.sorting import default_order
from inspect_app.views.table import apply_view
from inspect_app.views.tiles import measure
from tests.builders.capture import MS, SOCKET, START_NS, CaptureBuilder, sock
from tests.builders.frames import build_frames

LISTENER = {"fd": 5, "ino": 70, "dev": 8, "mode": 0o140777, "sock": sock("0.0.0.0:80", state=10)}
ACCEPTED = {"ino": 71, "dev": 8, "mode": 0o140777, "sock": sock("10.0.0.1:80", "10.0.0.9:5555")}
LOG = {"fd": 7, "ino": 90, "mode": 0o100640}


def rows_of(frames, name, *columns, condition=""):
    table = apply_view(VIEWS[name], frames, select(frames, None, [condition]))
    places = [table.position(column) for column in columns]
    return [tuple(table.value(row, place) for place in places) for row in default_order(table).tolist()]


@pytest.fixture(scope="module")
def intrusion(tmp_path_factory):
    """A shell drops a program, runs it, shows a password, mounts a disk; a server takes connections."""
    book = CaptureBuilder()
    book.tables["users"] = [{"uid": 1000, "name": "alice"}]
    book.process(100, comm="bash", argv=[b"bash"], cwd="/root", sid=100, tty=34816, loginuid=1000)
    book.process(300, comm="nginx", argv=[b"nginx"], sid=300, tty=0, loginuid=-1)
    book.fork(100, 201, comm=b"bash")
    book.exec(201, "/usr/bin/wget", "wget", "http://x/y", ino=51)
    book.open(201, "/tmp/y", ino=60, fd=3, flags=0o101)
    book.event("write", pid=201, fd=3, ino=60, ret=10, data=b"\x7fELF", args=(3, 0, 10))
    book.event("close", pid=201, fd=3, ino=60, args=(3,))
    book.exit(201)
    book.event("rename", pid=100, text=b"/tmp/y", text2=b"/tmp/z", ino=60)
    book.fork(100, 202, comm=b"bash")
    book.exec(202, "/tmp/z", "/tmp/z", "--password", "hunter2", ino=60)
    book.event("mount", pid=202, text=b"/dev/sda1", text2=b"/mnt", args=(0, 0, 0, 4096))
    book.event("listen", pid=300, args=(5, 128), **LISTENER)
    book.event("accept4", pid=300, ret=6, args=(5,), latency=3 * MS, **ACCEPTED | {"fd": 6})
    book.event("accept4", pid=300, ret=-11, args=(5,), **LISTENER)
    book.open(300, "/var/log/nginx/error.log", **LOG, flags=0o2001)
    book.event("write", pid=300, ret=11, data=b"[error] no\n", args=(7, 0, 11), **LOG)
    frames = open_capture(book.write(tmp_path_factory.mktemp("intrusion") / "x.exhume"))
    return frames


def test_a_program_that_was_written_and_run_tells_who_wrote_it(intrusion):
    columns = ("proc.exepath", "proc.exe_writer.name", "proc.exe_writer.pid", "proc.pid")
    assert rows_of(intrusion, "dropped_executed", *columns) == [("/tmp/z", "wget", 201, 202)]
    ((written, ran),) = rows_of(intrusion, "dropped_executed", "proc.exe_written", "evt.rawtime")
    assert START_NS < written < ran


def test_a_script_that_was_written_and_run_is_followed_by_its_path(tmp_path):
    script = struct.pack("<IIQqqII", 16, 1, 100, 0, 0, 0, 0).ljust(64, b"\0")
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/root")
    book.open(100, "/tmp/x.sh", ino=60, fd=3, flags=0o101)
    book.event("write", pid=100, fd=3, ino=60, ret=10, data=b"#!/bin/sh", args=(3, 0, 10))
    for child, name in ((201, "/tmp/x.sh"), (202, "/tmp/other.sh")):
        book.fork(100, child, comm=b"sh")
        book.exec(child, name, "/bin/sh", name, ino=50, exe=script)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    columns = ("proc.script", "proc.exepath", "proc.exe_writer.pid", "proc.pid")
    assert rows_of(frames, "dropped_executed", *columns) == [("/tmp/x.sh", "/bin/sh", 100, 201)]


@pytest.mark.parametrize(
    "copy",
    [
        {"name": "copy_file_range", "ret": 10, "args": (3, 0, 4, 0, 10, 0), "fd": 3, "ino": 60},
        {"name": "ioctl", "args": (4, 0x40049409, 3), "fd": 4, "ino": 61},
    ],
    ids=["copied", "cloned"],
)
def test_a_program_that_was_copied_within_the_kernel_and_run_was_written_by_who_copied_it(tmp_path, copy):
    book = CaptureBuilder()
    book.process(100, comm="cp")
    book.open(100, "/tmp/y", ino=60, fd=3, flags=0)
    book.open(100, "/tmp/z", ino=61, fd=4, flags=0o101)
    book.event(pid=100, **copy)
    for child, name, ino in ((201, "/tmp/y", 60), (202, "/tmp/z", 61)):
        book.fork(100, child, comm=b"cp")
        book.exec(child, name, name, ino=ino)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    columns = ("proc.exepath", "proc.exe_writer.pid", "proc.pid")
    assert rows_of(frames, "dropped_executed", *columns) == [("/tmp/z", 100, 202)]


def test_a_program_that_was_there_before_is_not_dropped(intrusion):
    assert len(select(intrusion, None, ["proc.is_exe_dropped = true"])) == len(
        select(intrusion, None, ["proc.pid = 202 and not evt.type = procfork and proc.name = z"])
    )


def test_a_secret_among_arguments_is_told_by_its_kind(intrusion):
    assert rows_of(intrusion, "secrets", "proc.args.secrets", "proc.pid") == [("option", 202)]


@pytest.mark.parametrize(
    ("argv", "kinds"),
    [
        ("-u\0root\0--password\0hunter2\0", "option"),
        ("password=hunter2\0", "named value"),
        ("--token\0********\0", "option"),
        ("AKIAIOSFODNN7EXAMPLE\0", "AWS key"),
        ("https://me:s3cret@host/x\0", "password in a URL"),
        ("-la\0/etc/passwd\0", None),
        ("/run/secrets/db-password\0/etc/shadow\0", None),
        ("", None),
    ],
)
def test_what_looks_like_a_secret(argv, kinds):
    assert secrets_in(argv) == kinds


def test_secrets_in_very_long_arguments_are_looked_for_in_bounded_time():
    assert secrets_in("password" * 100_000 + "\0") is None
    assert secrets_in("eyJ" * 100_000) is None


def test_a_mount_tells_what_where_and_who(intrusion):
    columns = ("evt.type", "fs.path.target", "evt.arg.flags", "proc.pid")
    assert rows_of(intrusion, "mounts", *columns) == [("mount", "/mnt", "MS_BIND", 202)]


def test_a_queue_tells_backlog_accepts_and_waits(intrusion):
    columns = (
        "fd.sport",
        "listen_backlog_max",
        "accepts",
        "accepts_failed",
        "accepts_latency_max",
        "proc.name",
    )
    assert rows_of(intrusion, "socket_queues", *columns) == [(80, 128, 1, 1, 3 * MS, "nginx")]


def test_lines_of_log_files_are_told_with_their_text(intrusion):
    columns = ("fd.name", "evt.buffer", "proc.name")
    assert rows_of(intrusion, "application_logs", *columns) == [
        ("/var/log/nginx/error.log", "[error] no\n", "nginx")
    ]
    totals = {one.tile.id: one.total for one in measure(intrusion, select(intrusion))}
    assert (totals["log.files"], totals["log.errors"], totals["log.warnings"]) == (1, 1, 0)


def test_a_session_is_told_by_id_terminal_and_login_user(intrusion):
    columns = ("proc.sid", "proc.sname", "proc.tty", "user.loginuid", "user.loginname", "execs")
    assert rows_of(intrusion, "sessions", *columns) == [(100, "bash", 34816, 1000, "alice", 2)]


def test_descriptors_are_counted_as_they_are_made_and_closed(intrusion):
    columns = ("proc.pid", "fd_number_max", "distinct_fd_num", "fd_new", "fd_closed")
    found = rows_of(intrusion, "fd_usage", *columns)
    assert found[0] == (300, 7, 3, 2, 0)
    assert (201, 3, 1, 1, 1) in found


def test_numbers_that_stood_for_nothing_are_no_use_of_descriptors(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="lsof")
    book.open(100, "/tmp/y", ino=60, fd=3, flags=0)
    for number in (3, 4, 19_999):
        book.event("close", pid=100, fd=number, ino=60 if number == 3 else 0, ret=0 if number == 3 else -9)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    columns = ("proc.pid", "fd_open_max", "fd_number_max", "distinct_fd_num", "fd_closed", "errors")
    assert rows_of(frames, "fd_usage", *columns) == [(100, 1, 3, 1, 1, 0)]


def test_latencies_fall_into_five_classes_a_factor_of_ten():
    frames = build_frames()
    for first, largest, events in rows_of(
        frames, "latencies", "evt.latency.quantized", "latency_max", "events"
    ):
        assert 10 ** (first / 5) <= max(largest, 1) * 1.000001 < 10 ** ((first + 1) / 5) * 1.000002
        assert events == len(select(frames, None, [f"evt.latency.quantized = {first}"]))


def test_controllers_are_told_by_the_labels_of_pods():
    frames = build_frames()
    containers = frames.containers.copy()
    labels = json.dumps({"pod-template-hash": "7d4b9", "app": "shop"})
    containers["pod"] = pd.Series(["", "web-7d4b9-x2x4z", "", ""], dtype=object)
    containers["pod_labels"] = pd.Series(["", labels, "", ""], dtype=object)
    frames = dataclasses.replace(frames, containers=containers)
    events = int(np.count_nonzero(frames.events["container"] == 1))
    found = rows_of(
        frames, "controllers", "k8s.controller.kind", "k8s.controller.name", "k8s.ns.name", "events"
    )
    assert found == [("Deployment", "web", "shop", events)]
    assert rows_of(frames, "deployments", "k8s.deployment.name", "distinct_k8s_rs_name") == [("web", 1)]
    assert rows_of(frames, "services", "k8s.app.name", "events") == [("shop", events)]
    assert rows_of(frames, "replicasets", "k8s.rs.name", "k8s.deployment.name") == [("web-7d4b9", "web")]


def test_calls_that_moved_nothing_talk_to_nobody(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="nc")
    ends = {"fd": 3, "ino": 9, "mode": SOCKET, "sock": sock("10.0.0.1:4000", "10.0.0.9:443")}
    book.event("recvfrom", ret=-11, args=(3, 0, 80), **ends)
    book.event("sendto", ret=5, args=(3, 0, 5), data=b"hello", **ends)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert rows_of(frames, "talks", "proc.name", "fd.rip", "io") == [("nc", "10.0.0.9", 1)]


def test_a_label_makes_no_service_of_a_container_that_is_of_no_pod(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh", cgroup="/libpod-" + "a" * 64)
    book.tables["cgroups"] = [{"id": 7, "path": "/libpod-" + "a" * 64, "hierarchy": 0}]
    book.tables["containers"] = [
        {"id": "a" * 12, "full_id": "a" * 64, "name": "web", "labels": {"app": "shop"}}
    ]
    book.event("getpid", cgroup=7)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert rows_of(frames, "containers", "container.name", "events") == [("web", 1), ("host", 0)]
    assert rows_of(frames, "services", "k8s.app.name") == []


def test_an_exit_tells_how_it_ended_and_what_it_had_used(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh")
    for pid, status in ((200, 7 << 8), (201, 11)):
        book.fork(100, pid)
        book.event("procexit", pid=pid, args=(status, 1, START_NS, 5 * MS, 40, 2))
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    columns = ("proc.pid", "evt.arg.status", "evt.rawarg.cpu", "evt.rawarg.minflt", "evt.rawarg.majflt")
    assert rows_of(frames, "exits", *columns) == [
        (200, "exit 7", 5 * MS, 40, 2),
        (201, "SIGSEGV", 5 * MS, 40, 2),
    ]
