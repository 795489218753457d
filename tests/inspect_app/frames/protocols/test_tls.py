"""TLS hellos, held against those that OpenSSL writes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.frames.protocols.tls import parse_hello, wanted
from tests.builders.messages import tls_client_hello, tls_hellos


def test_a_clients_hello_tells_whom_it_wants_and_what_it_offers():
    hello = parse_hello(tls_client_hello("www.example.org"))
    assert (hello.is_client, hello.name, hello.version) == (True, "www.example.org", "1.3")
    assert (hello.protocols, hello.cut) == ("h2,http/1.1", False)


def test_a_servers_hello_tells_what_was_chosen():
    client, server = map(parse_hello, tls_hellos(protocols=("http/1.1",)))
    assert (client.version, client.protocols, client.name) == ("1.2", "http/1.1", "example.org")
    assert (server.is_client, server.version, server.protocols, server.cut) == (
        False,
        "1.2",
        "http/1.1",
        False,
    )


def test_a_server_that_chooses_the_newest_version_says_so_in_an_extension():
    body = b"\3\3" + bytes(32) + b"\0" + b"\x13\x01" + b"\0" + struct.pack(">H", 6) + b"\0\x2b\0\2\3\4"
    record = b"\x16\3\3" + struct.pack(">H", len(body) + 4) + b"\2\0" + struct.pack(">H", len(body)) + body
    hello = parse_hello(record)
    assert (hello.is_client, hello.version, hello.cut) == (False, "1.3", False)


@pytest.mark.parametrize("kept", range(11, 400, 13))
def test_of_a_hello_that_was_cut_off_what_is_there_is_told(kept):
    hello = parse_hello(tls_client_hello()[:kept])
    assert hello.is_client
    assert hello.cut
    assert hello.name in ("", "example.org") or "example.org".startswith(hello.name)
    assert hello.version in ("", "1.3")


def test_a_record_tells_how_much_of_it_there_is():
    data = tls_client_hello()
    assert wanted(data[:5]) == wanted(data) == len(data)
    assert wanted(b"\x16\3") == 5


@pytest.mark.parametrize(
    "data", [b"", b"\x16\3\1\2\0", b"\x17\3\3\0\x20" + bytes(32), b"\x16\3\1\0\x20\x0b" + bytes(31)]
)
def test_what_is_no_hello_is_none(data):
    assert parse_hello(data) is None


@given(st.data())
def test_any_bytes_are_read_or_are_no_hello(data):
    good = data.draw(st.sampled_from([*tls_hellos(), tls_client_hello()]))
    start = data.draw(st.integers(0, len(good)))
    hello = parse_hello(good[:start] + data.draw(st.binary(max_size=300)))
    assert hello is None or (hello.name + hello.protocols).isascii()
