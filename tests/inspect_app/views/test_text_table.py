"""Tables for people: nothing is cut off, however narrow the terminal."""

import re

import pytest

from inspect_app.views.text_table import laid_out

HEADINGS = ("PID", "Process", "Events", "Command")
RIGHT = (True, False, True, False)
COLUMNS = (
    ["10856", "7"],
    ["python3", "日本語"],
    ["6,151", "12"],
    ["/usr/bin/python3 -m http.server --bind 127.0.0.1 8000", ""],
)
TOTALS = ("total", "", "6,163", "")


def told(width, columns=COLUMNS, totals=TOTALS):
    return laid_out(HEADINGS, columns, RIGHT, totals, width=width)


def test_in_a_pipe_each_row_is_a_line():
    lines = told(None).splitlines()
    assert len(lines) == 4
    assert lines[1] == "10856  python3   6,151  /usr/bin/python3 -m http.server --bind 127.0.0.1 8000"
    assert lines[3] == "total            6,163"


def test_a_terminal_with_room_folds_texts_and_breaks_no_figure():
    text = told(50)
    assert "10856  python3   6,151  /usr/bin/python3 -m" in text
    assert all(len(line) <= 50 for line in text.splitlines())


@pytest.mark.parametrize("width", [1, 12, 20, 30, 33])
def test_a_narrow_terminal_gets_a_block_a_row_with_all_that_the_row_tells(width):
    blocks = told(width).split("\n\n")
    assert [block.split("\n")[0].split() for block in blocks] == [
        ["PID", "10856"],
        ["PID", "7"],
        ["PID", "total"],
    ]
    assert re.sub(r"\s", "", blocks[0]) == (
        "PID10856Processpython3Events6,151Command/usr/bin/python3-mhttp.server--bind127.0.0.18000"
    )
    assert "Command" not in blocks[2]


def test_no_rows_are_headings_alone():
    for width in (None, 80, 10):
        assert told(width, ([], [], [], []), ()).split() == list(HEADINGS)
