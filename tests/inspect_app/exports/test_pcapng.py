"""pcapng, read by tshark: no frame malformed, every checksum right, streams put together again."""

import shutil
import subprocess

import numpy as np
import pytest

from inspect_app.analysis.streams import Direction, io_streams
from inspect_app.exports.export import write
from inspect_app.exports.kinds import KINDS
from inspect_app.exports.packets import TCP_MOST, _acknowledged
from inspect_app.exports.request import request_of
from inspect_app.frames import open_capture
from tests.builders.capture import SOCKET, CaptureBuilder, sock, sockaddr

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

V4, V6 = ("10.0.0.1:40000", "10.0.0.2:80"), ("[fd00::1]:40001", "[fd00::2]:9000")
ANSWER = bytes(range(256)) * 300
"""More than two packets."""


def transfer(book, name, data, ends, *, ino, size=None, kind=1, protocol=6, **columns):
    size = len(data) if size is None else size
    args = columns.pop("args", (3, 0, size))
    place = {"fd": 3, "ino": ino, "mode": SOCKET, "sock": sock(*ends, kind=kind, protocol=protocol)}
    return book.event(name, pid=100, ret=size, args=args, data=data, **place, **columns)


def capture(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="curl\x1b[1m", cwd="/")
    for ino, ends in ((9, V4), (10, V6)):
        book.event("connect", pid=100, fd=3, ino=ino, mode=SOCKET, sock=sock(*ends), addr=sockaddr(ends[1]))
        transfer(book, "sendto", b"GET / HTTP/1.0\r\n\r\n", ends, ino=ino)
        transfer(book, "recvfrom", ANSWER[:1], ends, ino=ino)
        transfer(book, "recvfrom", ANSWER[1:], ends, ino=ino)
        transfer(book, "sendto", b"bye", ends, ino=ino)
    for at, ends in enumerate((("10.0.0.1:7001", "10.0.0.9:7002"), ("[fd00::1]:7001", "[fd00::9]:7002"))):
        transfer(book, "sendto", b"odd", ends, ino=20 + at, kind=2, protocol=17)
        transfer(book, "recvfrom", b"even", ends, ino=20 + at, kind=2, protocol=17)
    book.event(
        "sendto", pid=100, ret=5, fd=5, ino=30, mode=SOCKET, sock=sock("10.0.0.1:999", kind=2, protocol=17),
        addr=sockaddr("10.0.0.7:514"), args=(5, 0, 5), data=b"<13>x",
    )  # fmt: skip
    return open_capture(book.write(tmp_path / "net.exhume", block=7))


def written(frames, path, *filters):
    with path.open("wb") as stream:
        notes = write(request_of(frames, filters=filters), KINDS["pcapng"], stream)
    return path, notes


def tshark(path, *words):
    checks = [word for name in ("ip", "tcp", "udp") for word in ("-o", f"{name}.check_checksum:TRUE")]
    done = subprocess.run(["tshark", "-r", path, *checks, *words], capture_output=True, text=True, check=True)
    assert "cut short" not in done.stderr
    return done.stdout


def fields(path, *names, wanted=""):
    chosen = [word for name in names for word in ("-e", name)]
    lines = tshark(path, *(["-Y", wanted] if wanted else []), "-T", "fields", *chosen).splitlines()
    return [tuple(line.split("\t")) for line in lines]


def followed(path, number):
    """What each side sent, as tshark puts the stream together."""
    lines = tshark(path, "-q", "-z", f"follow,tcp,raw,{number}").splitlines()
    sides = {"": b"", "\t": b""}
    for line in lines[6:-1]:
        sides["\t" if line.startswith("\t") else ""] += bytes.fromhex(line.strip())
    return sides[""], sides["\t"]


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    return capture(tmp_path_factory.mktemp("net"))


@pytest.fixture(scope="module")
def pcapng(frames, tmp_path_factory):
    return written(frames, tmp_path_factory.mktemp("pcapng") / "net.pcapng")[0]


def test_no_frame_is_malformed_and_all_checksums_are_right(pcapng):
    assert fields(pcapng, "frame.number", wanted="_ws.malformed || _ws.expert.severity >= 6291456") == []
    rows = fields(pcapng, "ip.checksum.status", "tcp.checksum.status", "udp.checksum.status", "ipv6.src")
    assert len(rows) == 2 * (3 + 2 + 1 + 3) + 4 + 1
    for ip, tcp, udp, ipv6 in rows:
        assert {tcp, udp} == {"1", ""}
        assert ip == ("" if ipv6 else "1")


@pytest.mark.parametrize(("number", "peer"), [(0, "10.0.0.2"), (1, "fd00::2")])
def test_a_stream_is_put_together_to_the_recorded_bytes(pcapng, frames, number, peer):
    sent, received = followed(pcapng, number)
    mine = request_of(frames, filters=[f"fd.rip = {peer}"]).selection
    found = io_streams(frames, mine.rows)
    assert sent == b"".join(found.joined(Direction.WRITE))
    assert received == b"".join(found.joined(Direction.READ)) == ANSWER


def test_what_was_sent_is_acknowledged_and_nothing_looks_lost(pcapng):
    assert fields(pcapng, "frame.number", wanted="tcp.analysis.flags") == []
    acks = fields(pcapng, "tcp.ack", wanted="tcp.stream == 0 && tcp.len == 3")
    assert acks == [(str(len(ANSWER) + 1),)]


def test_datagrams_go_where_the_socket_or_the_call_says(pcapng):
    rows = fields(pcapng, "ip.src", "ipv6.src", "udp.dstport", "udp.payload", wanted="udp")
    assert ("10.0.0.1", "", "7002", b"odd".hex()) in rows
    assert ("", "fd00::9", "7001", b"even".hex()) in rows
    assert ("10.0.0.1", "", "514", b"<13>x".hex()) in rows


def test_each_packet_tells_its_event_and_the_file_that_it_is_synthesised(pcapng, frames):
    comments = [row[0] for row in fields(pcapng, "frame.comment")]
    assert comments[0].startswith("made up: no handshake was recorded")
    assert comments[3] == "event 2: curl\\x1b[1m[100] sendto"
    told = pcapng.read_bytes()[:2_000]
    assert b"synthesised from recorded system calls" in told
    assert frames.host["digests"][0].encode() in told


def test_times_are_those_of_the_calls_to_the_nanosecond(pcapng, frames):
    times = {row[0] for row in fields(pcapng, "frame.time_epoch")}
    sent = frames.events["time"].iloc[1]
    assert f"{sent // 10**9}.{sent % 10**9:09}" in {time.partition("Z")[0] for time in times}


def test_what_was_not_kept_is_a_gap_in_the_numbers_and_told(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="app", cwd="/")
    transfer(book, "sendto", b"abcd", V4, ino=9, size=1_000)
    transfer(book, "sendto", b"efgh", V4, ino=9)
    ends = ("10.0.0.1:1", "10.0.0.2:2")
    transfer(book, "sendto", b"none of a datagram's rest", ends, ino=8, size=900, kind=2, protocol=17)
    path, _ = written(open_capture(book.write(tmp_path / "cut.exhume")), tmp_path / "cut.pcapng")
    rows = fields(path, "tcp.seq", "tcp.analysis.lost_segment", "frame.comment", wanted="tcp.len > 0")
    assert rows[0][0] == "1" and rows[0][2].endswith("kept 4 of 1000 bytes")
    assert rows[1][:2] == ("1001", "1") and rows[1][2].endswith(
        "bytes before these were not kept or not seen"
    )
    (datagram,) = fields(path, "udp.length", "frame.cap_len", "frame.len", wanted="udp")
    assert datagram[0] == "908" and int(datagram[2]) - int(datagram[1]) == 900 - 25


def test_both_ends_of_a_connection_make_its_packets_once(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="app", cwd="/")
    transfer(book, "sendto", b"ping", ("127.0.0.1:4000", "127.0.0.1:80"), ino=9)
    transfer(book, "recvfrom", b"ping", ("127.0.0.1:80", "127.0.0.1:4000"), ino=10)
    transfer(book, "sendto", b"pong", ("127.0.0.1:80", "127.0.0.1:4000"), ino=10)
    transfer(book, "recvfrom", b"pong", ("127.0.0.1:4000", "127.0.0.1:80"), ino=9)
    path, notes = written(open_capture(book.write(tmp_path / "two.exhume")), tmp_path / "two.pcapng")
    assert followed(path, 0) == (b"ping", b"pong")
    assert len(fields(path, "frame.number", wanted="tcp.len > 0")) == 2
    assert notes == ("2 transfers are the other end of ones that are there",)


def test_a_capture_without_sockets_makes_a_file_without_packets(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/")
    path, _ = written(open_capture(book.write(tmp_path / "none.exhume")), tmp_path / "none.pcapng")
    assert fields(path, "frame.number") == []


def test_acknowledgements_are_what_the_other_direction_had_moved():
    thing, writes = np.array([1, 2, 1, 1, 2, 1]), np.array([True, True, False, True, False, False])
    offset, size = np.array([0, 5, 7, 3, 0, 9]), np.array([3, 1, 2, 1, 4, 1])
    assert _acknowledged(thing, writes, offset, size).tolist() == [7, 0, 3, 9, 6, 4]
    assert TCP_MOST % 4 == 0
