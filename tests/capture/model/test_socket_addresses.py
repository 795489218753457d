"""Socket addresses of every family we know, cut at every place."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.model.sockaddr import format_sockaddr

V6 = struct.pack("<H", 10) + struct.pack(">HI", 443, 0) + socket.inet_pton(socket.AF_INET6, "fe80::1")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (bytes([2, 0, 1, 187, 10, 0, 0, 1]) + bytes(8), "10.0.0.1:443"),
        (bytes([2, 0, 0, 0, 0, 0, 0, 0]), "0.0.0.0:0"),
        (V6 + struct.pack("<I", 2), "[fe80::1%2]:443"),
        (V6, "[fe80::1]:443"),
        (b"\x01\0/run/x.sock\0rest", "unix:/run/x.sock"),
        (b"\x01\0\0abstract\0\0", "unix:@abstract"),
        (b"\x01\0\0a\0b", "unix:@a\\x00b"),
        (b"\x01\0", "unix:(unnamed)"),
        (b"\x01\0/tmp/\x1b]0;x\x07", "unix:/tmp/\\x1b]0;x\\x07"),
        (struct.pack("<HHII", 16, 0, 77, 1), "netlink:pid=77,groups=0x1"),
        (struct.pack("<H", 17) + b"\x08\x00" + struct.pack("<i", 2) + bytes(12), "packet:if=2,proto=0x0800"),
        (struct.pack("<HHII", 40, 0, 1024, 2), "vsock:2:1024"),
        (struct.pack("<HHII", 40, 0, 1024, 0xFFFFFFFF), "vsock:any:1024"),
        (struct.pack("<H14sII64s", 38, b"skcipher", 0, 0, b"cbc(aes)"), "alg:skcipher:cbc(aes)"),
        (bytes(16), "AF_UNSPEC"),
        (struct.pack("<H", 31) + b"\x01\x02", "family 31 0102"),
        (b"\x02\0\x01\xbb\x0a", "AF_INET (cut short) 01bb0a"),
        (b"\x02", "(cut short) 02"),
        (b"", "(none)"),
    ],
)
def test_an_address_is_shown_as_people_write_it(raw, shown):
    assert format_sockaddr(raw) == shown


@given(
    st.binary(max_size=128)
    | st.sampled_from([1, 2, 10, 16, 17, 38, 40]).flatmap(
        lambda family: st.binary(max_size=128).map(lambda rest: struct.pack("<H", family) + rest)
    )
)
def test_any_bytes_give_one_safe_line(raw):
    shown = format_sockaddr(raw)
    assert shown
    assert shown.isprintable()
