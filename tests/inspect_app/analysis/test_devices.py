"""Device numbers as people read them."""

import pytest

from inspect_app.analysis.devices import device_text, terminal_text


@pytest.mark.parametrize(("number", "text"), [(-1, "not recorded"), (39, "0:39"), (8 << 20 | 1, "8:1")])
def test_a_device_is_told_as_major_and_minor(number, text):
    assert device_text(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (-1, "not recorded"),
        (0, "none"),
        (34816, "pts/0"),
        (136 << 8 | 44 | 1 << 20, "pts/300"),
        (4 << 8 | 1, "tty1"),
        (4 << 8 | 64, "ttyS0"),
        (5 << 8 | 1, "5:1"),
    ],
)
def test_a_terminal_is_told_by_its_name(number, text):
    assert terminal_text(number) == text
