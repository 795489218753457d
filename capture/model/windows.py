"""`--window FROM..TO`: the two ends of a span of time as people write them.

window    ::=  [moment] ".." [moment]
moment    ::=  distance | date-time | clock | nanoseconds since 1970
distance  ::=  "+" number unit          from the first event: +1.5s +250ms +2min
date-time ::=  2026-01-02T03:04:05.678Z  (UTC without a zone; a blank may stand for the T)
clock     ::=  03:04:05.678              UTC, on the day of the first event
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

SECOND = 1_000_000_000
_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "": SECOND,
    "min": 60 * SECOND,
    "m": 60 * SECOND,
    "h": 3_600 * SECOND,
}
_DISTANCE = re.compile(r"\+([0-9]+(?:\.[0-9]+)?)([a-zµ]*)", re.ASCII)
_CLOCK = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?", re.ASCII)
_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s*(Z|UTC|[+-]\d\d:\d\d)?", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_window(text: str, start_ns: int, end_ns: int) -> tuple[int, int]:
    """The first moment of a window and the first behind it; events lie from `start_ns` to `end_ns`.

    Raises:
        ValueError: It is none; the sentence says what was found and what is wanted.
    """
    begin, dots, end = text.partition("..")
    if not dots:
        raise ValueError(f"{text!r} is no window: write FROM..TO, such as +1s..+2.5s")
    start = parse_moment(begin.strip(), start_ns) if begin.strip() else start_ns
    stop = parse_moment(end.strip(), start_ns) if end.strip() else end_ns
    if stop < start:
        raise ValueError(f"the window {text!r} ends before it starts")
    return start, stop


def parse_moment(text: str, start_ns: int) -> int:
    """Nanoseconds since 1970 UTC. Raises ValueError as `parse_window`."""
    try:
        if found := _DISTANCE.fullmatch(text):
            return start_ns + int(Decimal(found[1]) * _UNITS[found[2]])
        if found := _DATE.fullmatch(text):
            return _date(found)
        if found := _CLOCK.fullmatch(text):
            midnight = start_ns - start_ns % (86_400 * SECOND)
            return midnight + _clock(found[1], found[2], found[3], found[4])
        if text.isascii() and text.isdecimal():
            return int(text)
    except (KeyError, ValueError, OverflowError, InvalidOperation):
        pass
    raise ValueError(f"{text!r} is no moment: write +1.5s, 03:04:05.678 or 2026-01-02T03:04:05Z")


def _date(found: re.Match[str]) -> int:
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    days = (datetime(year, month, day, tzinfo=UTC) - _EPOCH) // timedelta(days=1)
    zone = found[8] or "Z"
    ahead = 0
    if zone not in ("Z", "UTC"):
        ahead = (int(zone[1:3]) * 3_600 + int(zone[4:6]) * 60) * (1 if zone[0] == "+" else -1)
    return (days * 86_400 - ahead) * SECOND + _clock(found[4], found[5], found[6], found[7])


def _clock(hours: str, minutes: str, seconds: str | None, fraction: str | None) -> int:
    hour, minute, second = int(hours), int(minutes), int(seconds or "0")
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError("no such clock time")
    return (hour * 3_600 + minute * 60 + second) * SECOND + int((fraction or "").ljust(9, "0"))
