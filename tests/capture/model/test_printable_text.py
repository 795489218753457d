"""Text of a recorded machine that tries to be more than text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.model.text import printable, quoted

ANY_CHARACTER = st.characters(exclude_categories=())
UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def unescaped(text):
    """The bytes that an escaped text stands for."""
    out, at = bytearray(), 0
    lengths = {"x": 2, "u": 4, "U": 8}
    short = {"n": b"\n", "t": b"\t", "r": b"\r", "\\": b"\\"}
    while at < len(text):
        if text[at] != "\\":
            out += text[at].encode()
            at += 1
        elif text[at + 1] in short:
            out += short[text[at + 1]]
            at += 2
        else:
            end = at + 2 + lengths[text[at + 1]]
            number = int(text[at + 2 : end], 16)
            out += bytes([number]) if text[at + 1] == "x" else chr(number).encode()
            at = end
    return bytes(out)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"plain /etc/passwd", "plain /etc/passwd"),
        (b"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        (b"a\nb\tc\rd\0e\x7f", "a\\nb\\tc\\rd\\x00e\\x7f"),
        ("\u0085\u009b31m".encode(), "\\u0085\\u009b31m"),
        (b"\x9b31m", "\\x9b31m"),
        ("invoice\u202efdp.exe".encode(), "invoice\\u202efdp.exe"),
        ("\u2066\u2069\u200e\u200f\u061c".encode(), "\\u2066\\u2069\\u200e\\u200f\\u061c"),
        ("a\u200bb\u200d\ufeff\u00ad".encode(), "a\\u200bb\\u200d\\ufeff\\u00ad"),
        ("\u2028\u2029".encode(), "\\u2028\\u2029"),
        ("a\u00a0b\u3000c".encode(), "a\\u00a0b\\u3000c"),
        ("\u3164\u115f\u2800\ufe0f".encode(), "\\u3164\\u115f\\u2800\\ufe0f"),
        ("\U000e0041".encode(), "\\U000e0041"),
        ("Grüße 日本 עברית".encode(), "Grüße 日本 עברית"),
        (b"\xff\xfe\xc3(", "\\xff\\xfe\\xc3("),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
        (b"\xc0\xaf\xf5\x80\x80\x80", "\\xc0\\xaf\\xf5\\x80\\x80\\x80"),
        (b"fake \\x1b", "fake \\\\x1b"),
        ("kept \udcff, lone \ud800", "kept \\xff, lone \\ud800"),
        (b"", ""),
    ],
)
def test_what_is_no_plain_text_is_escaped(data, shown):
    assert printable(data) == shown


@given(st.binary() | st.text(ANY_CHARACTER))
def test_nothing_unsafe_is_ever_shown(data):
    shown = printable(data)
    assert not [c for c in shown if unicodedata.category(c) in UNSAFE]
    shown.encode()


@given(st.binary())
def test_no_two_byte_strings_look_the_same(data):
    assert unescaped(printable(data)) == data


@given(st.binary(), st.integers(0, 40))
def test_a_limit_cuts_between_characters_and_says_so(data, limit):
    shown = printable(data, limit)
    if len(data) <= limit:
        assert shown == printable(data)
    else:
        head = unescaped(shown.removesuffix("…"))
        assert shown.endswith("…")
        assert data.startswith(head)
        assert limit - 3 <= len(head) <= limit


def test_a_cut_never_tears_a_character():
    assert printable("aé".encode(), 2) == "a…"
    assert printable(b"a\xe9\x80", 2) == "a\\xe9…"[:1] + "…"


def test_quotes_inside_quotes_are_escaped_and_the_mark_of_a_cut_stands_outside():
    assert quoted(b'say "hi"') == '"say \\"hi\\""'
    assert quoted(b"0123456789", 4) == '"0123"…'
    assert quoted("ends in …".encode()) == '"ends in …"'


@given(st.binary())
def test_a_quoted_text_ends_at_its_last_quote(data):
    inside = quoted(data)[1:-1]
    assert '"' not in inside.replace("\\\\", "").replace('\\"', "")
