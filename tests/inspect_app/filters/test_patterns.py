"""Globs and path prefixes are what the shell means by them."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.filters.errors import FilterError
from inspect_app.filters.patterns import FEW, glob, path_prefix, regex

LETTERS = "ab.*+(/\\^$|é\n"


@given(st.text(LETTERS + "?*", max_size=8), st.text(LETTERS, max_size=8))
def test_a_glob_matches_what_the_shell_matches(pattern, text):
    assert glob(pattern)(text) == fnmatch.fnmatchcase(text, pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "held"),
    [
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("[!a-c]x", "dx", True),
        ("[]x", "[]x", True),
        ("[.]", ".", True),
        ("[.]", "a", False),
        ("a\x00b", "a\x00b", True),
        ("*\udcff", "a\udcff", True),
        ("/tmp/*", "/tmp/\udcffx", True),
    ],
)
def test_character_classes_and_odd_bytes(pattern, text, held):
    assert glob(pattern)(text) is held


@given(
    st.lists(st.text("ab/", max_size=5), min_size=1, max_size=5), st.text("ab/", max_size=8), st.booleans()
)
def test_a_path_is_below_its_prefixes_however_many_there_are(prefixes, text, many):
    stuffed = [*prefixes, *(f"/none/{number}" for number in range(FEW + 1))] if many else prefixes
    trimmed = [prefix.rstrip("/") for prefix in prefixes]
    assert path_prefix(stuffed)(text) == any(text == one or text.startswith(one + "/") for one in trimmed)


def test_a_pattern_in_a_prefix_stays_within_its_component():
    below = path_prefix(["/home/*/.ssh", "/var/lo?"])
    assert below("/home/alice/.ssh/id_rsa") and below("/var/log/x") and below("/var/log")
    assert (
        not below("/home/alice/x/.ssh/id_rsa") and not below("/home/alice/.sshd") and not below("/var/logs")
    )


def test_a_pattern_that_is_none_or_too_big_is_refused():
    for pattern in ("(", "a{1000}{1000}{1000}", r"(?=a)", r"(a)\1", "x" * 5_000):
        with pytest.raises(FilterError):
            regex(pattern)
