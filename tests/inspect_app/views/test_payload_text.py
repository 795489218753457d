"""Bytes as lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.views.payload_text import Rendering, render


@pytest.mark.parametrize(
    ("rendering", "lines"),
    [
        (Rendering.DOTTED, ["GET /.", "."]),
        (Rendering.PRINTABLE, ["GET /", ""]),
        (Rendering.HEX, ["00000000  47 45 54 20 2f 0d 0a                              |GET /..|"]),
    ],
)
def test_the_three_ways(rendering, lines):
    data = b"GET /\r\n"
    shown = render(data, rendering, 6 if rendering is Rendering.DOTTED else 80)
    if rendering is Rendering.PRINTABLE:
        assert shown == ["GET /"]
    elif rendering is Rendering.HEX:
        assert shown[0].startswith("00000000  47 45 54 20 2f 0d 0a")
        assert shown[0].endswith("|GET /..|")
    else:
        assert "".join(shown) == "GET /.."


@given(data=st.binary(max_size=500), rendering=st.sampled_from(Rendering), width=st.integers(8, 200))
def test_any_bytes_become_printable_lines(data, rendering, width):
    lines = render(data, rendering, width)
    assert all(line.isprintable() and line.isascii() for line in lines)
    if rendering is not Rendering.HEX:
        assert all(len(line) <= width for line in lines)
    if rendering is Rendering.DOTTED:
        assert sum(map(len, lines)) == len(data)


def test_no_bytes_give_no_lines():
    assert [render(b"", rendering, 80) for rendering in Rendering] == [[], [], []]
