"""Moments as text, exact to the nanosecond that a float would lose."""

from __future__ import annotations

from datetime import UTC, datetime

SECOND = 1_000_000_000


def moment_text(nanoseconds: int, *, digits: int = 9, local: bool = False, date: bool = True) -> str:
    """`2026-01-02 03:04:05.678901234 UTC`, or the reader's local time.

    Args:
        nanoseconds: Since 1970 UTC.
        digits: Decimals of the second, 0 to 9.
        local: In the zone of the machine that reads, not in UTC.
        date: Whether the day is told too; without it the zone is left out as well.
    """
    seconds, rest = divmod(nanoseconds, SECOND)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
        moment = moment.astimezone() if local else moment
    except (ValueError, OverflowError, OSError):
        # A damaged capture may claim a year that no calendar has.
        return f"{nanoseconds} ns since 1970"
    fraction = f".{rest:09d}"[: digits + 1] if digits else ""
    if not date:
        return f"{moment:%H:%M:%S}{fraction}"
    zone = (moment.tzname() or "") if local else "UTC"
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction} {zone}".rstrip()


def distance_text(nanoseconds: int, *, digits: int = 9) -> str:
    """`+1.250000000 s`, `-0.500000000 s`: a distance in time, always in seconds."""
    sign = "-" if nanoseconds < 0 else "+"
    seconds, rest = divmod(abs(nanoseconds), SECOND)
    fraction = f".{rest:09d}"[: digits + 1] if digits else ""
    return f"{sign}{seconds:,}{fraction} s"
