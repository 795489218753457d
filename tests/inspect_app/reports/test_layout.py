"""How texts of one width are laid into the columns of paper."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.reports.options import PDF_ROWS
from inspect_app.reports.writers.layout import letters, lines
from inspect_app.reports.writing import rows_of


@given(st.text(max_size=300), st.integers(4, 60))
def test_lines_fit_and_nothing_of_the_text_is_lost(text, room):
    found = lines(text, room)
    assert "".join(found) == text
    assert all(len(line) <= room for line in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat /tmp/one", ["cat /tmp/one"]),
        ("cat x /tmp/1/2/3", ["cat x /tmp/", "1/2/3"]),
        ("python -c one", ["python -c ", "one"]),
        ("/usr/lib/python3/os.py", ["/usr/lib/", "python3/os.", "py"]),
        ("5c3b2c22f927b40b", ["5c3b2c22f927", "b40b"]),
        ("short", ["short"]),
    ],
)
def test_lines_break_behind_blanks_then_signs_then_anywhere(text, expected):
    assert lines(text, 12) == expected


def test_a_column_of_no_width_still_has_letters():
    assert letters(0.0) == 4
    assert letters(1.0) > 100


def test_a_pdf_shows_a_stated_number_of_rows_at_most():
    assert rows_of("pdf", 20_000) == PDF_ROWS
    assert rows_of("pdf", 7) == 7
    assert rows_of("html", 20_000) == 20_000
