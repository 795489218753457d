"""Moments as text, exact to the nanosecond that a float would lose."""

from __future__ import annotations

from datetime import UTC, datetime

SECOND = 1_000_000_000
_SHORT = ((1_000, 1, "ns"), (1_000_000, 1_000, "µs"), (SECOND, 1_000_000, "ms"), (60 * SECOND, SECOND, "s"))
_LONG = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


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


def duration_text(nanoseconds: int) -> str:
    """`850 ns`, `1.25 µs`, `3.40 ms`, `12.3 s`, `2 min 5 s`, `3 h 2 min`; not negative."""
    if nanoseconds < 1_000:
        return f"{nanoseconds} ns"
    for limit, divisor, unit in _SHORT:
        digits = three_digits(nanoseconds / divisor)
        # 999.9996 µs would be 1000 µs: the next unit says it better.
        if float(digits) * divisor < limit:
            return f"{digits} {unit}"
    seconds = (nanoseconds + SECOND // 2) // SECOND
    for position, (size, unit) in enumerate(_LONG[:-1]):
        if seconds >= size:
            rest, small = seconds % size, _LONG[position + 1]
            tail = f" {rest // small[0]} {small[1]}" if rest >= small[0] else ""
            return f"{seconds // size} {unit}{tail}"
    return f"{seconds} s"


def three_digits(number: float) -> str:
    """Three significant digits without a tail of zeros for whole numbers."""
    if number == int(number):
        return str(int(number))
    if number >= 99.95:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"
