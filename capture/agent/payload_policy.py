"""How much payload is kept of what: rules beside the common snaplen.

    rule    ::=  subject "=" bytes
    subject ::=  "port:" port ("," port)*  |  "path:" prefix  |  "container:" name or id ("," …)*
    port    ::=  0-65535  |  first "-" last

The first rule that holds decides, in the order given; where none holds, the snaplen does. A port is the
socket's own, its peer's, or that of the address a message is sent to. A path is compared byte by byte with
the beginning of what a program gives; besides, what it names on this machine is known by its identity,
whatever way leads into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

MAX_BYTES = 64 << 10
MAX_RULES = 64
MAX_PREFIX = 128
"""Bytes of a path that are compared."""
_SHIFT = 17


class PayloadSubject(StrEnum):
    """What a rule is about."""

    PORT = "port"
    PATH = "path"
    CONTAINER = "container"


@dataclass(frozen=True, slots=True)
class PayloadRule:
    """One rule."""

    text: str
    """As it was given."""
    subject: PayloadSubject
    values: tuple[str, ...]
    bytes: int

    def ports(self) -> Iterator[int]:
        """The ports of a rule about ports."""
        for value in self.values:
            first, _, last = value.partition("-")
            yield from range(int(first), int(last or first) + 1)


def payload_rule(text: str) -> PayloadRule:
    """A rule as it is written on the command line.

    Raises:
        ValueError: It is none; the message says what was wanted.
    """
    subject, _, rest = text.partition(":")
    value, equals, size = rest.rpartition("=")
    if subject not in list(PayloadSubject) or not equals or not value:
        raise ValueError(
            f"{text!r} is no rule: port:53,80=512, path:/etc/=4096 or container:web=0 was expected"
        )
    if not re.fullmatch("[0-9]{1,5}", size) or int(size) > MAX_BYTES:
        raise ValueError(f"{text!r} keeps {size!r} bytes: a number up to {MAX_BYTES} was expected")
    kind = PayloadSubject(subject)
    values = (value,) if kind is PayloadSubject.PATH else tuple(value.split(","))
    _check(text, kind, values)
    return PayloadRule(text, kind, values, int(size))


def _check(text: str, kind: PayloadSubject, values: tuple[str, ...]) -> None:
    if kind is PayloadSubject.PORT:
        for value in values:
            match = re.fullmatch("([0-9]{1,5})(?:-([0-9]{1,5}))?", value)
            if not match or not int(match[1]) <= int(match[2] or match[1]) <= 65535:
                raise ValueError(f"{text!r}: {value!r} is no port and no range of ports such as 8000-8080")
    elif kind is PayloadSubject.PATH:
        size = len(values[0].encode())
        if not values[0].startswith("/") or size >= MAX_PREFIX:
            raise ValueError(f"{text!r}: a path from / on, shorter than {MAX_PREFIX} bytes, was expected")
    elif not all(values):
        raise ValueError(f"{text!r}: a name or an id is missing between the commas")


def word_of(place: int, rule: PayloadRule) -> int:
    """What the probe knows of a rule: the smallest of several decides; never 0."""
    return (place + 1) << _SHIFT | rule.bytes


def numbered(rules: Iterable[PayloadRule], subject: PayloadSubject) -> list[tuple[int, PayloadRule]]:
    """The rules about a subject with their words, in order."""
    return [(word_of(place, rule), rule) for place, rule in enumerate(rules) if rule.subject is subject]
