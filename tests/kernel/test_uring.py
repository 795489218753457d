"""Files and connections through io_uring, of which no system call tells."""

import errno
import struct

import pytest

pytestmark = pytest.mark.kernel


@pytest.fixture
def facts(told):
    return told("uring")


def completion(capture, facts, name, data):
    """The completion with a user_data, which each request has its own of."""
    (call,) = [call for call in capture.calls(f"uring_{name}", pid=facts.pid) if call.a1 == data]
    return call


def request(capture, done):
    (call,) = [
        call
        for call in capture.calls("io_uring_submit", pid=done.pid)
        if (call.a1, call.a3, call.a4) == (done.a1, done.a3, done.a4)
    ]
    return call


def test_a_ring_is_made_once(capture, facts):
    (made,) = capture.calls("io_uring_create", pid=facts.pid)
    (setup,) = capture.calls("io_uring_setup", pid=facts.pid)
    assert (made.a1, made.a2) == (8, 16)
    assert made.time < setup.time


@pytest.mark.parametrize(
    ("name", "data", "result"),
    [
        ("openat", 0x101, "file"),
        ("write", 0x102, "written"),
        ("read", 0x103, "read"),
        ("close", 0x104, "closed"),
        ("openat", 0x105, "missing"),
        ("unlinkat", 0x106, "unlinked"),
        ("connect", 0x107, "connected"),
        ("send", 0x108, "sent"),
        ("timeout", 0x109, "paused"),
    ],
)
def test_every_request_is_finished_once_with_its_result_and_the_time_it_took(
    capture, facts, name, data, result
):
    done = completion(capture, facts, name, data)
    asked = request(capture, done)
    assert (done.ret, done.a0) == (getattr(facts, result), asked.a0)
    assert asked.time < done.time
    assert capture.frames.events["latency"].to_numpy()[done.row] == done.time - asked.time


def test_a_timeout_takes_as_long_as_it_was_asked_to(capture, facts):
    done = completion(capture, facts, "timeout", 0x109)
    assert done.ret == -errno.ETIME
    assert capture.frames.events["latency"].to_numpy()[done.row] >= 30_000_000


def test_a_file_is_opened_written_and_read_through_the_ring_alone(capture, facts):
    opened = completion(capture, facts, "openat", 0x101)
    path = f"{facts.folder}/by-uring"
    assert (opened.fd, opened.path, opened.descriptor["name"]) == (facts.file, path, path)
    for name, data in (("write", 0x102), ("read", 0x103)):
        done = completion(capture, facts, name, data)
        assert done.identity == opened.identity
        assert done.descriptor["name"] == path
        assert capture.frames.events["size"].to_numpy()[done.row] == 16
    closed = request(capture, completion(capture, facts, "close", 0x104))
    assert (closed.fd, closed.identity) == (facts.file, opened.identity)
    assert completion(capture, facts, "unlinkat", 0x106).path == path


@pytest.mark.parametrize(
    ("name", "data", "moved"),
    [("write", 0x102, b"through the ring"), ("read", 0x103, b"through the ring"), ("send", 0x108, b"hello")],
)
def test_the_bytes_that_a_request_moved_are_kept(capture, facts, name, data, moved):
    done = completion(capture, facts, name, data)
    assert (done.captured, done.payload) == (len(moved), moved)


def test_what_could_not_be_opened_has_its_name(capture, facts):
    assert completion(capture, facts, "openat", 0x105).path == "/nowhere/at-all"


def test_a_connection_made_through_the_ring_is_a_connection(capture, facts):
    done = completion(capture, facts, "connect", 0x107)
    assert struct.unpack_from(">H", done.addr, 2) == (facts.port,)
    thing = done.descriptor
    assert (thing["type"], thing["raddr"], thing["rport"]) == ("ipv4", "127.0.0.1", facts.port)
    assert thing["role"] == "client"
    sent = completion(capture, facts, "send", 0x108)
    assert sent.descriptor["name"] == thing["name"]
    assert request(capture, done).fd == facts.client
