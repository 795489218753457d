"""Connections as both ends see them, and addresses that nobody answered at."""

import socket
import struct

import pytest

from capture.model.decode import errno_name, format_sockaddr

pytestmark = pytest.mark.kernel


@pytest.fixture
def sockets(told):
    return told("sockets")


@pytest.mark.parametrize(("family", "host"), [("ipv4", "127.0.0.1"), ("ipv6", "::1")])
def test_both_ends_of_a_tcp_connection_have_mirrored_addresses(capture, sockets, family, host):
    facts = getattr(sockets, family)
    if facts is None:
        pytest.skip(f"this machine has no loopback of this family: {sockets.no_ipv6}")
    client, server = facts["client"], facts["server"]
    port, own = facts["address"][1], client["name"][1]
    (connect,) = capture.calls("connect", pid=client["pid"], fd=client["fd"])
    (accept,) = capture.calls("accept4", pid=sockets.pid, fd=server["fd"])
    assert connect.addr == _sockaddr(family, host, port)
    assert accept.addr == _sockaddr(family, host, own)
    assert (connect.ino, accept.ino) == (client["ino"], server["ino"])
    one, other = connect.descriptor, accept.descriptor
    assert (one["type"], one["l4proto"], one["role"]) == (family, "tcp", "client")
    assert (other["type"], other["l4proto"], other["role"]) == (family, "tcp", "server")
    assert (one["laddr"], one["lport"], one["raddr"], one["rport"]) == (host, own, host, port)
    assert (other["laddr"], other["lport"], other["raddr"], other["rport"]) == (host, port, host, own)


@pytest.mark.parametrize("family", ["ipv4", "ipv6", "unix", "abstract"])
def test_what_one_end_sends_is_what_the_other_receives(capture, sockets, family):
    facts = getattr(sockets, family)
    if facts is None:
        pytest.skip("no such family here")
    client = {"pid": facts["client"]["pid"], "fd": facts["client"]["fd"]}
    server = {"pid": sockets.pid, "fd": facts["server"]["fd"]}
    for sender, receiver, data in (
        (client, server, b"from the client"),
        (server, client, b"from the server"),
    ):
        ino = facts["client"]["ino"] if sender is client else facts["server"]["ino"]
        (sent,) = capture.calls("sendto", **sender, ino=ino)
        (got,) = capture.calls("recvfrom", **receiver, a2=100, ret=len(data))
        assert sent.payload == got.payload == data
        assert sent.ret == got.ret == len(data)


def test_a_listener_is_told_from_its_connections(capture, sockets):
    facts = sockets.ipv4
    calls = capture.calls("listen", pid=sockets.pid, fd=facts["server"]["listener"])
    listener = next(call for call in calls if call.descriptor["lport"] == facts["address"][1])
    assert listener.descriptor["role"] == "listener"
    assert listener.descriptor["type"] == "ipv4"


def test_a_connection_over_a_unix_socket_has_its_path(capture, sockets):
    facts = sockets.unix
    (connect,) = capture.calls("connect", pid=facts["client"]["pid"], fd=facts["client"]["fd"])
    path = facts["address"]
    assert connect.addr.rstrip(b"\0") == struct.pack("=H", socket.AF_UNIX) + path.encode()
    assert connect.ret == 0
    assert connect.descriptor["type"] == "unix"
    assert path in connect.descriptor["name"]


def test_an_abstract_unix_address_keeps_its_leading_zero(capture, sockets):
    facts = sockets.abstract
    (connect,) = capture.calls("connect", pid=facts["client"]["pid"], fd=facts["client"]["fd"])
    assert connect.addr == struct.pack("=H", socket.AF_UNIX) + facts["address"].encode("latin-1")
    assert "exhume-test" in format_sockaddr(connect.addr)


def test_a_refused_connect_has_the_address_nobody_answered_at(capture, sockets):
    facts = sockets.refused
    calls = capture.calls("connect", pid=sockets.pid, fd=facts["fd"])
    (connect,) = [call for call in calls if call.ret]
    assert errno_name(connect.ret) == facts["error"] == "ECONNREFUSED"
    assert connect.addr == _sockaddr("ipv4", "127.0.0.1", facts["port"])
    assert (connect.descriptor["raddr"], connect.descriptor["rport"]) == ("127.0.0.1", facts["port"])


def test_a_datagram_has_its_address_at_both_ends(capture, sockets):
    facts = sockets.udp
    (sent,) = capture.calls("sendto", pid=sockets.pid, fd=facts["sender"], ret=len(b"one datagram"))
    (got,) = capture.calls("recvfrom", pid=sockets.pid, fd=facts["receiver"], ret=len(b"one datagram"))
    assert sent.addr == _sockaddr("ipv4", *facts["to"])
    assert got.addr[:8] == _sockaddr("ipv4", "127.0.0.1", facts["from"][1])[:8]
    assert sent.payload == got.payload == b"one datagram"
    assert (sent.descriptor["type"], sent.descriptor["l4proto"]) == ("ipv4", "udp")


def _sockaddr(family, host, port):
    """The address as programs on this machine give it."""
    if family == "ipv4":
        head = struct.pack("=H", socket.AF_INET) + struct.pack(">H", port)
        return head + socket.inet_pton(socket.AF_INET, host) + bytes(8)
    head = struct.pack("=H", socket.AF_INET6) + struct.pack(">HI", port, 0)
    return head + socket.inet_pton(socket.AF_INET6, host) + bytes(4)
