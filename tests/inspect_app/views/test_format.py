"""Figures as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.views.format import (
    UNKNOWN,
    Clock,
    Unit,
    format_bytes,
    format_compact,
    format_count,
    format_duration,
    format_rate,
    format_share,
    format_time,
    format_value,
)

T = 1_700_000_000_123_456_789


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 events"), (1, "1 event"), (2, "2 events"), (12_345, "12,345 events")],
)
def test_a_count_names_what_it_counts_in_the_right_number(number, text):
    assert format_count(number, "event") == text


def test_an_irregular_plural_is_given():
    assert [format_count(n, "process", "processes") for n in (1, 3)] == ["1 process", "3 processes"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.50 KiB"),
        (12_900_000, "12.3 MiB"),
        (1024**2 - 1, "1.00 MiB"),
        (5 * 1024**4, "5 TiB"),
    ],
)
def test_bytes_come_in_binary_multiples(number, text):
    assert format_bytes(number) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1000, "1 k"), (12_345, "12.3 k"), (4_560_000, "4.56 M")]
)
def test_a_tile_shows_three_digits(number, text):
    assert format_compact(number) == text


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (-1, UNKNOWN),
        (0, "0 ns"),
        (850, "850 ns"),
        (1_250, "1.25 µs"),
        (3_400_000, "3.40 ms"),
        (999_999_999, "1.00 s"),
        (12_300_000_000, "12.3 s"),
        (59_990_000_000, "1 min"),
        (125_000_000_000, "2 min 5 s"),
        (10_920_000_000_000, "3 h 2 min"),
        (100_000_000_000_000, "1 d 3 h"),
    ],
)
def test_a_duration_takes_the_unit_that_fits(nanoseconds, text):
    assert format_duration(nanoseconds) == text


@given(st.integers(min_value=0, max_value=1 << 62))
def test_every_duration_has_a_unit_and_no_overflowing_figure(nanoseconds):
    figure, unit, *_ = format_duration(nanoseconds).split(" ")
    assert unit in {"ns", "µs", "ms", "s", "min", "h", "d"}
    assert float(figure) < {"s": 60, "min": 60, "h": 24, "d": 1e9}.get(unit, 1_000)


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.99999, "99.9 %"),
        (0.00001, "< 0.01 %"),
        (0.5, "50.0 %"),
        (0.0012, "0.12 %"),
    ],
)
def test_a_part_is_never_rounded_to_all_or_nothing(fraction, text):
    assert format_share(fraction) == text


def test_a_rate_over_no_time_is_not_known():
    assert format_rate(5, 0) == UNKNOWN
    assert format_rate(5, 10_000_000_000) == "0.50 events/s"
    assert format_rate(12_340, 10_000_000_000) == "1,234 events/s"


def test_a_moment_names_its_clock():
    assert format_time(T) == "2023-11-14 22:13:20.123456 UTC"
    assert format_time(T, digits=0, date=False) == "22:13:20"
    assert format_time(T, Clock.RELATIVE, zero=T - 1_500_000_000) == "+1.500000 s"
    assert format_time(T, Clock.RELATIVE, zero=T + 500) == "-0.000000 s"
    assert format_time(-1) == UNKNOWN


def test_a_year_that_no_calendar_has_is_still_told():
    assert format_time(1 << 62) == "2116-02-20 23:53:38.427387 UTC"
    assert "ns since 1970" in format_time(10**21)


def test_missing_is_not_empty_and_an_identifier_is_not_a_count():
    assert format_value(None, Unit.TEXT) == UNKNOWN
    assert format_value("", Unit.TEXT) == ""
    assert format_value(12_345, Unit.ID) == "12345"
    assert format_value(12_345, Unit.COUNT) == "12,345"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "none"),
        (34_816, "pts/0"),
        (136 << 8 | 7, "pts/7"),
        (137 << 8 | 44, "pts/300"),
        (4 << 8 | 1, "tty1"),
        (4 << 8 | 64, "4:64"),
        (5 << 8 | 1, "5:1"),
        (188 << 8 | 0x5 | 0x3 << 20, "188:773"),
    ],
)
def test_a_terminal_is_told_by_its_name(number, text):
    assert format_value(number, Unit.TERMINAL) == text
