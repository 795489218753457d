"""Socket addresses as programs hand them over (`struct sockaddr`, little endian machines)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address

from capture.model.text import printable


def format_sockaddr(raw: bytes) -> str:
    """A raw socket address for people.

    `10.0.0.1:443`, `[fe80::1%2]:53`, `unix:/run/x.sock`, `unix:@abstract`, `unix:(unnamed)`,
    `netlink:pid=0,groups=0x1`, `packet:if=2,proto=0x0800`, `vsock:2:1024`, `AF_UNSPEC`; any other family,
    and an address that was cut short, as the family's number and its bytes in hex.
    """
    if not raw:
        return "(none)"
    if len(raw) < 2:
        return f"(cut short) {raw.hex()}"
    family = int.from_bytes(raw[:2], "little")
    form = _FORMS.get(family)
    if form is not None:
        try:
            return form(raw)
        except struct.error:
            return f"{_NAMES[family]} (cut short) {raw[2:].hex()}".rstrip()
    return f"family {family} {raw[2:].hex()}".rstrip()


def _ipv4(raw: bytes) -> str:
    port, address = struct.unpack_from(">H4s", raw, 2)
    return f"{IPv4Address(address)}:{port}"


def _ipv6(raw: bytes) -> str:
    port, address = struct.unpack_from(">H4x16s", raw, 2)
    # Programs may leave out the scope, as the kernel accepts the older 24-byte form.
    scope = int.from_bytes(raw[24:28], "little")
    return f"[{IPv6Address(address)}{f'%{scope}' if scope else ''}]:{port}"


def _unix(raw: bytes) -> str:
    name = raw[2:]
    if not name:
        return "unix:(unnamed)"
    if name[0] == 0:
        # An abstract name is all bytes of the given length, zeros included; padding ends are cut for reading.
        return f"unix:@{printable(name[1:].rstrip(bytes(1)))}"
    return f"unix:{printable(name.partition(bytes(1))[0])}"


def _netlink(raw: bytes) -> str:
    port, groups = struct.unpack_from("<2xII", raw, 2)
    return f"netlink:pid={port},groups={groups:#x}"


def _packet(raw: bytes) -> str:
    (protocol,) = struct.unpack_from(">H", raw, 2)
    (interface,) = struct.unpack_from("<i", raw, 4)
    return f"packet:if={interface},proto={protocol:#06x}"


def _vsock(raw: bytes) -> str:
    port, cid = struct.unpack_from("<2xII", raw, 2)
    return f"vsock:{'any' if cid == 0xFFFFFFFF else cid}:{port}"


def _alg(raw: bytes) -> str:
    kind, name = struct.unpack_from("<14s8x64s", raw, 2)
    return f"alg:{printable(kind.rstrip(bytes(1)))}:{printable(name.rstrip(bytes(1)))}"


def _unspec(raw: bytes) -> str:
    del raw  # what follows the family means nothing
    return "AF_UNSPEC"


_FORMS: Mapping[int, Callable[[bytes], str]] = {
    0: _unspec,
    1: _unix,
    2: _ipv4,
    10: _ipv6,
    16: _netlink,
    17: _packet,
    38: _alg,
    40: _vsock,
}
_NAMES = {2: "AF_INET", 10: "AF_INET6", 16: "AF_NETLINK", 17: "AF_PACKET", 38: "AF_ALG", 40: "AF_VSOCK"}
