"""Figures as people read them: a number never stands without its unit.

Every function takes the exact integer of a frame (bytes, nanoseconds, nanoseconds since 1970 UTC)
and gives text for a screen or a report. Exports keep the exact figures; see `views.export`.
What is not known is `UNKNOWN`, so that it never looks like nothing or like zero.
"""

from __future__ import annotations

from enum import StrEnum

from inspect_app.analysis.beside import Beside
from inspect_app.analysis.moments import SECOND, distance_text, duration_text, moment_text, three_digits

UNKNOWN = "—"
"""Stands where nothing was recorded; an empty text stays empty."""

_THOUSANDS = ("", " k", " M", " G", " T", " P", " E")
_TTY, _FIRST_PTS = 4, 136
"""Major numbers of consoles and pseudoterminals (Documentation/admin-guide/devices.txt)."""
_BYTES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


class Unit(StrEnum):
    """What a figure counts, and so how it is written."""

    TEXT = "text"
    ID = "id"
    """An identifier in digits (pid, port, inode): never grouped, never summed."""
    TERMINAL = "terminal"
    """Device number of a terminal, told by its name."""
    COUNT = "count"
    BYTES = "bytes"
    DURATION = "duration"
    """Nanoseconds; negative means not known."""
    TIME = "time"
    """Nanoseconds since 1970 UTC; negative means not known."""
    RATE = "rate"
    """Events a second."""
    SHARE = "share"
    """A fraction of one."""

    @property
    def numeric(self) -> bool:
        """Whether cells line up on the right and compare as numbers."""
        return self is not Unit.TEXT


class Clock(StrEnum):
    """Against what a moment is told."""

    UTC = "utc"
    LOCAL = "local"
    RELATIVE = "relative"


def format_count(number: int, noun: str = "", plural: str = "") -> str:
    """`1 event`, `12,345 events`; the plural is the noun with an s unless it is given."""
    digits = f"{number:,}"
    if not noun:
        return digits
    return f"{digits} {noun if number == 1 else plural or noun + 's'}"


def format_compact(number: float, noun: str = "", plural: str = "") -> str:
    """`999`, `12.3 k`, `4.56 M`: three digits that fit in a tile."""
    text = _scaled(float(number), 1_000.0, _THOUSANDS, joiner="")
    if not noun:
        return text
    return f"{text} {noun if text == '1' else plural or noun + 's'}"


def format_bytes(number: int) -> str:
    """`0 B`, `1.50 KiB`, `12.3 MiB`: binary multiples, three digits."""
    return _scaled(float(number), 1_024.0, _BYTES, joiner=" ")


def format_duration(nanoseconds: int) -> str:
    """`850 ns`, `1.25 µs`, `3.40 ms`, `12.3 s`, `2 min 5 s`, `3 h 2 min`; negative is not known."""
    if nanoseconds < 0:
        return UNKNOWN
    return duration_text(nanoseconds)


def format_rate(number: float, nanoseconds: int, noun: str = "event", plural: str = "") -> str:
    """`1,234 events/s` for a number of things within a time; unknown for no time at all."""
    if nanoseconds <= 0:
        return UNKNOWN
    return format_per_second(number * SECOND / nanoseconds, noun, plural)


def format_per_second(rate: float, noun: str = "event", plural: str = "") -> str:
    """`0.25 events/s`, `1,234 events/s`; the noun may be empty."""
    digits = f"{rate:,.0f}" if rate >= 100 else three_digits(rate)
    name = noun and (noun if digits == "1" else plural or noun + "s")
    return f"{digits} {name}/s" if name else f"{digits}/s"


def format_share(fraction: float) -> str:
    """`0 %`, `0.12 %`, `34.5 %`, `100 %`; a part that is not all never rounds to 100, nor some to 0."""
    percent = fraction * 100
    if fraction in (0, 1):
        return f"{percent:.0f} %"
    if percent < 0.01:
        return "< 0.01 %"
    return f"{percent:.2f} %" if percent < 1 else f"{min(percent, 99.9):.1f} %"


def format_time(
    nanoseconds: int, clock: Clock = Clock.UTC, *, zero: int = 0, digits: int = 6, date: bool = True
) -> str:
    """A moment with its clock named: `2026-01-02 03:04:05.678901 UTC`, local time, or `+1.250000 s`.

    Args:
        nanoseconds: Since 1970 UTC; negative is not known.
        clock: UTC, the reader's local time, or relative to `zero`.
        zero: The moment that relative times count from, nanoseconds since 1970 UTC.
        digits: Decimals of the second, 0 to 9.
        date: Whether the day is told too; without it the zone is left out as well.
    """
    if nanoseconds < 0:
        return UNKNOWN
    if clock is Clock.RELATIVE:
        return format_relative(nanoseconds - zero, digits=digits)
    return moment_text(nanoseconds, digits=digits, local=clock is Clock.LOCAL, date=date)


def format_relative(nanoseconds: int, *, digits: int = 6) -> str:
    """`+1.250000 s`, `-0.500000 s`: a distance in time, always in seconds."""
    return distance_text(nanoseconds, digits=digits)


def beside_text(beside: Beside) -> str:
    """`besides, 1,234 calls (5.6 MiB moved, 3 failed) were only counted, not recorded one by one`."""
    what = format_count(beside.calls, "call")
    moved = f"{format_bytes(beside.bytes)} moved, {format_count(beside.errors)} failed"
    if beside.exact:
        return f"besides, {what} ({moved}) were only counted, not recorded one by one"
    return f"besides, up to {what} ({moved}) may belong here that were only counted: which, cannot be told"


def format_value(value: object, unit: Unit, *, clock: Clock = Clock.UTC, zero: int = 0) -> str:
    """A cell of a table; None is not known."""
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return str(value)
    match unit:
        case Unit.COUNT:
            return format_count(int(value))
        case Unit.BYTES:
            return format_bytes(int(value))
        case Unit.DURATION:
            return format_duration(int(value))
        case Unit.TIME:
            return format_time(int(value), clock, zero=zero)
        case Unit.TERMINAL:
            return format_terminal(int(value))
        case Unit.RATE:
            return format_per_second(float(value), "")
        case Unit.SHARE:
            return format_share(float(value))
        case _:
            return str(value)


def format_terminal(number: int) -> str:
    """`pts/3`, `tty1`, `none` for 0; another device by its numbers, as in `5:1` (proc(5), tty_nr)."""
    if number == 0:
        return "none"
    major, minor = number >> 8 & 0xFFF, number & 0xFF | number >> 12 & 0xFFF00
    if _FIRST_PTS <= major < _FIRST_PTS + 8:
        return f"pts/{(major - _FIRST_PTS) * 256 + minor}"
    return f"tty{minor}" if major == _TTY and 0 < minor < 64 else f"{major}:{minor}"


def _scaled(number: float, step: float, names: tuple[str, ...], joiner: str) -> str:
    """`number` in the largest unit that leaves at most three digits before the point."""
    sign, size, position = ("-" if number < 0 else ""), abs(number), 0
    while position < len(names) - 1 and round(size) >= step:
        size /= step
        position += 1
    digits = three_digits(size) if position else f"{size:g}"
    return f"{sign}{digits}{joiner}{names[position]}"
