"""Rule files as items: texts and their lines, whatever a file holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.rules.entries import MAX_FILE, RuleFileError, parse_entries, read_entries
from inspect_app.views.yaml_values import MAX_LEVELS


def test_values_are_what_was_written_and_know_their_lines():
    listed = b"- list: ports\n  items: [22, 0x10, 1.10, yes, '\"(x)\"']\n"
    entry, other = parse_entries(listed + b"\n- macro: m\n  condition: >\n    a\n    b\n", "f")
    assert entry.content == {"list": "ports", "items": ["22", "0x10", "1.10", "yes", '"(x)"']}
    assert (entry.line, entry.lines["items"]) == (1, 2)
    assert (other.line, other.content["condition"]) == (4, "a b\n")


def test_an_empty_value_is_none_and_a_quoted_one_a_text():
    (entry,) = parse_entries(b"- rule: r\n  tags:\n  desc: ''\n  output: ~\n", "f")
    assert entry.content == {"rule": "r", "tags": None, "desc": "", "output": None}


def test_an_alias_is_the_value_of_its_anchor():
    first, second = parse_entries(b"- list: a\n  items: &some [1, 2]\n- list: b\n  items: *some\n", "f")
    assert first.content["items"] is second.content["items"]


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"rule: x\n", 1, "a rule file is a list"),
        (b"- just a text\n", 1, "an item is a mapping"),
        (b"- rule: 'x\n", 2, "no YAML"),
        (b"- a: 1\n- \xff\n", 2, "no text in UTF-8"),
        (b"- rule: *nothing\n", 1, "no anchor is called nothing"),
        (b"- " * (MAX_LEVELS + 1), 1, "levels"),
    ],
)
def test_what_is_no_rule_file_is_told_with_its_line(content, line, reason):
    with pytest.raises(RuleFileError, match=reason) as caught:
        parse_entries(content, "f.yaml")
    assert caught.value.line == line
    assert str(caught.value).startswith(f"f.yaml:{line}: ")


def test_no_tag_makes_an_object():
    (entry,) = parse_entries(b"- rule: !!python/object/apply:os.system [id]\n", "f")
    assert entry.content == {"rule": ["id"]}


def test_a_file_of_aliases_upon_aliases_stays_small():
    """Each list holds the one before ten times: written out it would have a million million values."""
    lines = ["- list: l0\n  items: &a0 [x]\n"]
    lines += [f"- list: l{n}\n  items: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 13)]
    assert len(parse_entries("".join(lines).encode(), "f")) == 13


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "large.yaml"
    with path.open("wb") as stream:
        stream.truncate(MAX_FILE + 1)
    with pytest.raises(RuleFileError, match="too much for a rule file"):
        read_entries(path)


@given(st.one_of(st.binary(max_size=200), st.text("-: []{}&*!|>'\"\n ab#%@,?", max_size=200).map(str.encode)))
def test_any_bytes_are_items_or_one_kind_of_error(content):
    try:
        entries = parse_entries(content, "f")
    except RuleFileError:
        return
    assert all(isinstance(entry.content, dict) for entry in entries)
