"""Sockets and interfaces of this machine, and lines that are made to mislead."""

import os
import socket
import sys

import pytest

from capture.agent import network

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.mark.parametrize(
    ("family", "local", "name"),
    [(socket.AF_INET, "127.0.0.1", "ipv4"), (socket.AF_INET6, "::1", "ipv6")],
)
def test_sockets_are_listed_with_both_ends(family, local, name):
    try:
        listener = socket.create_server((local, 0), family=family)
    except OSError:
        pytest.skip(f"no {name} here")
    with listener, socket.create_connection(listener.getsockname()[:2]) as client:
        accepted, _ = listener.accept()
        with accepted:
            rows = {row["ino"]: row for row in network.sockets()}
            inodes = [os.fstat(end.fileno()).st_ino for end in (listener, client, accepted)]
            here, there = listener.getsockname()[1], client.getsockname()[1]
    told = [(rows[ino]["state"], rows[ino]["lport"], rows[ino]["rport"]) for ino in inodes]
    assert told == [(10, here, 0), (1, there, here), (1, here, there)]
    assert {(rows[ino]["family"], rows[ino]["type"], rows[ino]["laddr"]) for ino in inodes} == {
        (name, "tcp", local)
    }


def test_unix_sockets_are_listed_with_their_path(tmp_path):
    path = str(tmp_path / "a b.sock")
    with socket.socket(socket.AF_UNIX) as named, socket.socket(socket.AF_UNIX) as abstract:
        named.bind(path)
        abstract.bind(f"\0exhume-test-{os.getpid()}")
        rows = {row["ino"]: row for row in network.sockets()}
        told = [rows[os.fstat(end.fileno()).st_ino] for end in (named, abstract)]
    assert [row["path"] for row in told] == [path, f"@exhume-test-{os.getpid()}"]
    assert {(row["family"], row["type"]) for row in told} == {("unix", "stream")}


@pytest.mark.parametrize(
    ("field", "end"),
    [
        (b"0100007F:1F90", ("127.0.0.1", 8080)),
        (b"00000000:0000", ("0.0.0.0", 0)),
        (b"00000000000000000000000001000000:0016", ("::1", 22)),
        (b"0000000000000000FFFF00000100007F:0050", ("::ffff:127.0.0.1", 80)),
    ],
)
@pytest.mark.skipif(sys.byteorder != "little", reason="words of /proc/net are in the machine's order")
def test_addresses_of_proc_net_are_read(field, end):
    assert network._endpoint(field) == end


def test_loopback_is_listed():
    assert any(row["name"] == "lo" for row in network.interfaces())


def test_a_unix_socket_whose_name_imitates_lines_hides_no_other(tmp_path):
    forged = b"\0x\nffff888000000000: 00000002 00000000 00010000 0001 01 zz /gone\nabc: 1 2 3 zz q r s\n"
    with socket.socket(socket.AF_UNIX) as hostile, socket.socket(socket.AF_UNIX) as later:
        hostile.bind(forged)
        later.bind(str(tmp_path / "later.sock"))
        rows = {row["ino"]: row for row in network.sockets()}
        assert rows[os.fstat(later.fileno()).st_ino]["path"] == str(tmp_path / "later.sock")
        assert os.fstat(hostile.fileno()).st_ino in rows


def test_long_tables_are_read_to_their_end(tmp_path, monkeypatch):
    """A busy server has more connections than a megabyte of /proc/net/tcp tells."""
    line = b"%5d: 0100007F:1F90 0100007F:%04X 01 00000000:00000000 00:00000000 00000000  0        0 %d 1 0\n"
    table = b"  sl  local_address rem_address   st\n" + b"".join(
        line % (at, at, 1000 + at) for at in range(15_000)
    )
    (tmp_path / "tcp").write_bytes(table + b"15000: 0100007F:1F90 010000")
    assert len(table) > 1 << 20
    rows = list(network._inet_rows(tmp_path / "tcp", "tcp", "ipv4", 1))
    assert [row["ino"] for row in rows] == list(range(1000, 16_000))
