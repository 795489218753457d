"""Fields that are masked as a whole: nothing of them is left in the copy, and the rest is as it was."""

import json

import pytest

from capture.evidence.redacting import FIELDS
from capture.format import CaptureFile, State
from capture.model.events import EventFlag
from inspect_app.frames import open_capture
from tests.builders.capture import AT_FDCWD, SOCKET, CaptureBuilder, sock, sockaddr

NAMES = (b"topsecret", b"hidden-unix")
ADDRESS4, ADDRESS6 = bytes([203, 0, 113, 77]), b"\x20\x01\x0d\xb8" + b"\x00" * 11 + b"\x4d"


@pytest.fixture
def node(tmp_path):
    book = CaptureBuilder()
    book.tables["mounts"] = [{"id": 1, "parent": 0, "dev": 1, "root": "/", "target": "/mnt/topsecret"}]
    book.tables["interfaces"] = [{"index": 2, "name": "eth0", "address": "203.0.113.77"}]
    listed = {"ino": 5, "family": "ipv4", "type": "tcp", "laddr": "203.0.113.77", "lport": 22}
    book.tables["sockets"] = [{**listed, "raddr": "", "rport": 0}]
    book.process(100, comm="sh", exe="/opt/topsecret/sh", cwd="/home/topsecret")
    book.descriptor(100, 0, "/var/topsecret/in", ino=3)
    book.open(100, "/etc/topsecret.conf", ino=7)
    book.event("rename", pid=100, text=b"/a/topsecret", text2=b"/b/topsecret")
    book.event("newfstatat", pid=100, text=b"topsecret", ret=-2, args=(AT_FDCWD,))
    unix = b"\x01\x00/run/hidden-unix"
    book.event("connect", pid=100, fd=4, ino=8, mode=SOCKET, addr=unix)
    for at, end in enumerate(("203.0.113.77:80", "[2001:db8::4d]:80")):
        facts = {"sock": sock(end.replace(":80", ":5000"), end), "addr": sockaddr(end), "mode": SOCKET}
        book.event("connect", pid=100, fd=5, ino=20 + at, args=(5,), **facts)
    return book.write(tmp_path / "node.exhume")


def contents(path):
    with CaptureFile.open(path) as capture:
        assert capture.verdict.state is State.WHOLE
        capture.read_columns(("text", "text2", "addr", "sock", "exe"))
        tables = json.dumps([capture.table(name) for name in capture.table_names])
        return b"\n".join(capture.texts) + tables.encode()


def test_paths_are_masked_everywhere_but_for_their_slashes(node, run, tmp_path):
    out = tmp_path / "out.exhume"
    assert all(name in contents(node) for name in NAMES)
    done = run("redact", node, "-o", out, "--field", "paths")
    assert done.exit_code == 0, done.stderr
    assert not [name for name in NAMES if name in contents(out)]
    with CaptureFile.open(out) as capture:
        assert capture.table("processes")[0]["cwd"] == "/****/*********"
        assert capture.table("mounts")[0]["target"] == "/***/*********"
        listed = [row for one in capture.documents["derivation"] for row in one["rows"]]
        assert {"events", "processes", "mounts"} <= {row["kind"] for row in listed}
    frames = open_capture(out)
    assert "/***/**************" in frames.paths
    assert (frames.events["flags"].to_numpy()[:3] & int(EventFlag.MASKED)).all()
    assert frames.connections["raddr"].tolist() == ["203.0.113.77", "2001:db8::4d"]


def test_addresses_are_masked_and_ports_and_names_stay(node, run, tmp_path):
    out = tmp_path / "out.exhume"
    assert ADDRESS4 in contents(node) and ADDRESS6 in contents(node)
    assert run("redact", node, "-o", out, "--field", "addresses").exit_code == 0
    left = contents(out)
    assert not [one for one in (ADDRESS4, ADDRESS6, b"203.0.113.77") if one in left]
    frames = open_capture(out)
    assert set(frames.connections["rport"]) >= {80}
    assert "/etc/topsecret.conf" in frames.paths


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_arguments_are_masked_whatever_the_machine(machine, run, tmp_path):
    book = CaptureBuilder(host={"hostname": "n", "machine": machine})
    book.process(100, comm="sh", cwd="/")
    book.exec(100, "/bin/login", "login", "--password", "topsecret")
    out = tmp_path / "out.exhume"
    done = run("redact", book.write(tmp_path / "one.exhume"), "-o", out, "--field", "arguments")
    assert done.exit_code == 0, done.stderr
    assert b"topsecret" not in contents(out)
    assert "/bin/login" in open_capture(out).paths


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_a_copy_without_a_field_opens_and_keeps_its_events(node, run, tmp_path, field):
    out = tmp_path / "out.exhume"
    assert run("redact", node, "-o", out, "--field", field).exit_code == 0
    assert len(open_capture(out).events) == len(open_capture(node).events)
