"""`--window FROM..TO`: the two ends of a span of time as people write them.

window    ::=  [moment] ".." [moment]
moment    ::=  distance | date-time | clock | nanoseconds since 1970
distance  ::=  ("+" | "-") number unit   from the first event, before the end: +1.5s +250ms -2min
date-time ::=  2026-01-02T03:04:05.678 [zone]   a blank may stand for the T
clock     ::=  03:04:05.678 [zone]              on the day of the first event, as that zone has it
zone      ::=  "Z" | "UTC" | +02:00 | "local"   UTC without one; local: where this is read
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
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
_DISTANCE = re.compile(r"([+-])([0-9]+(?:\.[0-9]+)?)([a-zµ]*)", re.ASCII)
_ZONED = r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s*(Z|UTC|local|[+-]\d\d:\d\d)?"
_CLOCK = re.compile(_ZONED, re.ASCII)
_DATE = re.compile(rf"(\d{{4}})-(\d\d)-(\d\d)[T ]{_ZONED}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_window(text: str, start_ns: int, end_ns: int) -> tuple[int, int]:
    """The first moment of a window and the first behind it; events lie from `start_ns` to `end_ns`.

    Raises:
        ValueError: It is none; the sentence says what was found and what is wanted.
    """
    begin, dots, end = text.partition("..")
    if not dots:
        raise ValueError(f"{text!r} is no window: write FROM..TO, such as +1s..+2.5s")
    start = parse_moment(begin.strip(), start_ns, end_ns) if begin.strip() else start_ns
    stop = parse_moment(end.strip(), start_ns, end_ns) if end.strip() else end_ns
    if stop < start:
        raise ValueError(f"the window {text!r} ends before it starts")
    return start, stop


def parse_moment(text: str, start_ns: int, end_ns: int) -> int:
    """Nanoseconds since 1970 UTC. Raises ValueError as `parse_window`."""
    try:
        if found := _DISTANCE.fullmatch(text):
            distance = int(Decimal(found[2]) * _UNITS[found[3]])
            return start_ns + distance if found[1] == "+" else end_ns - distance
        if found := _DATE.fullmatch(text):
            return _moment(datetime(int(found[1]), int(found[2]), int(found[3])), found.groups()[3:])
        if found := _CLOCK.fullmatch(text):
            return _moment(_day_of(start_ns, found[5]), found.groups())
        if text.isascii() and text.isdecimal():
            return int(text)
    except (KeyError, ValueError, OverflowError, OSError, InvalidOperation):
        pass
    raise ValueError(
        f"{text!r} is no moment: write +1.5s, -2s (before the end), 03:04:05.678, 03:04 local "
        "or 2026-01-02T03:04:05Z"
    )


def _day_of(moment_ns: int, zone: str | None) -> datetime:
    """The day that it is in a zone, without its zone."""
    moment = datetime.fromtimestamp(moment_ns // SECOND, _zone(zone)).replace(tzinfo=None)
    return moment.replace(hour=0, minute=0, second=0)


def _zone(text: str | None) -> tzinfo | None:
    """None: the reader's own."""
    if text == "local":
        return None
    if text in (None, "Z", "UTC"):
        return UTC
    ahead = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(ahead if text[0] == "+" else -ahead)


def _moment(day: datetime, clock: Sequence[str | None]) -> int:
    """`clock`: hours, minutes, seconds, fraction, zone, as they were written."""
    hours, minutes, seconds, fraction, zone = clock
    second = int(seconds or "0")
    if second > 60:
        raise ValueError("no such clock time")
    # A leap second is the first one of the next minute.
    at = day.replace(hour=int(hours or 0), minute=int(minutes or 0)) + timedelta(seconds=second)
    known = _zone(zone)
    since = (at.astimezone() if known is None else at.replace(tzinfo=known)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + int((fraction or "").ljust(9, "0"))
