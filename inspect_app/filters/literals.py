"""What a literal means to a field: numbers, durations, times, truth values, addresses and networks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network

from inspect_app.filters.errors import FilterError, excerpt
from inspect_app.filters.field import FieldType

Network = IPv4Network | IPv6Network
Constant = str | int | bool | Network

_NUMBER = re.compile(
    r"([+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,2})?)\s*([A-Za-zµ]*)", re.ASCII
)
_HEX = re.compile(r"([+-]?)0[xX]([0-9a-fA-F]{1,16})")
_LONG = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]{17,}|[0-9]{41,})", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_SECOND = 1_000_000_000
_MULTIPLES = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_UNITS = {
    "": 1,
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": _SECOND,
    "min": 60 * _SECOND,
    "h": 3_600 * _SECOND,
}
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

EXAMPLES = {
    FieldType.TEXT: "text",
    FieldType.INTEGER: "a whole number such as 42, 0x2a or 4k",
    FieldType.SIZE: "a number of bytes such as 4096, 4k or 1Mi",
    FieldType.DURATION: "a duration such as 10ms, 2s or a number of nanoseconds",
    FieldType.TIME: "a time such as 2024-05-01T12:00:00Z or nanoseconds since 1970",
    FieldType.CLOCK: "a time of day such as 12:30:00.5 (UTC)",
    FieldType.TRUTH: "true or false",
    FieldType.ADDRESS: "an address or a network such as 10.0.0.0/8",
    FieldType.BYTES: "text; bcontains and bstartswith take hex",
}
"""What a literal for each type looks like, for messages and the reference."""


class _NotALiteralError(Exception):
    """The text is no literal of the type."""


class _TooLargeError(Exception):
    """It is a number, but one that no field can have."""


def read_literal(text: str, type_: FieldType) -> Constant:
    """What the text means to a field of that type.

    Raises:
        FilterError: it means nothing there; the caller knows the column.
    """
    try:
        return _READERS[type_](text)
    except _TooLargeError:
        raise FilterError(f"{excerpt(text)!r} is more than 64 bits") from None
    except (ValueError, ArithmeticError, _NotALiteralError):
        raise FilterError(f"{excerpt(text)!r} is no value", expected=(EXAMPLES[type_],)) from None


def read_network(text: str) -> Network:
    """An address or a network; an IPv4 address inside IPv6 is that IPv4 address. Raises ValueError."""
    network = ip_network(text, strict=False)
    if isinstance(network, IPv6Network) and network.prefixlen >= 96:
        inner = IPv6Address(network.network_address).ipv4_mapped
        if inner is not None:
            return IPv4Network((inner, network.prefixlen - 96))
    return network


def _number(text: str, units: dict[str, int]) -> int:
    hexadecimal = _HEX.fullmatch(text)
    if hexadecimal:
        return int(hexadecimal[1] + hexadecimal[2], 16)
    if _LONG.fullmatch(text):
        raise _TooLargeError
    found = _NUMBER.fullmatch(text)
    if found is None or found[2] not in units:
        raise _NotALiteralError
    value = Decimal(found[1]) * units[found[2]]
    # Far beyond 64 bits a comparison is settled; the limit keeps the arithmetic small.
    if abs(value) >= 2**64:
        raise _TooLargeError
    if value != value.to_integral_value():
        raise _NotALiteralError
    return int(value)


def _instant(text: str) -> int:
    found = _INSTANT.fullmatch(text)
    if found is None:
        return _number(text, _MULTIPLES)
    day, clock, fraction, zone = found.groups()
    moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}{zone or ''}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * _SECOND + int((fraction or "").ljust(9, "0"))


def _clock(text: str) -> int:
    found = _CLOCK.fullmatch(text)
    if found is None:
        return _number(text, _UNITS)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    return (hours * 3_600 + minutes * 60 + seconds) * _SECOND + int((found[4] or "").ljust(9, "0"))


def _truth(text: str) -> bool:
    if text.lower() not in _TRUTHS:
        raise _NotALiteralError
    return _TRUTHS[text.lower()]


_READERS: dict[FieldType, Callable[[str], Constant]] = {
    FieldType.TEXT: str,
    FieldType.INTEGER: lambda text: _number(text, _MULTIPLES),
    FieldType.SIZE: lambda text: _number(text, _MULTIPLES),
    FieldType.DURATION: lambda text: _number(text, _UNITS),
    FieldType.TIME: _instant,
    FieldType.CLOCK: _clock,
    FieldType.TRUTH: _truth,
    FieldType.ADDRESS: read_network,
    FieldType.BYTES: str,
}
