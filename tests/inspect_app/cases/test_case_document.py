"""Case files as text: what is written is read again, what strangers wrote is read or refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.cases import Anchor, AnchorKind, Case, CaseError
from inspect_app.cases.case import SHELVES
from inspect_app.cases.document import KEY, MAX_FILE, Writing, from_bytes, to_text
from inspect_app.cases.note import MAX_TEXT
from tests.builders.cases import REYES, case_of, cases, note


@settings(max_examples=40, deadline=None)
@given(cases)
def test_what_is_written_is_read_again(case):
    text = to_text(case)
    assert from_bytes(text.encode()) == case
    assert to_text(from_bytes(text.encode())) == text


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    with pytest.raises(CaseError):
        from_bytes(data)


def test_a_change_of_one_field_is_a_change_of_few_lines():
    before, after = case_of("a", "b", "c"), case_of("a", "B", "c")
    lines, others = to_text(before).splitlines(), to_text(after).splitlines()
    assert [one for one, other in zip(lines, others, strict=True) if one != other] == ['   "text": "b"}}']


def test_a_record_that_did_not_change_is_not_written_anew():
    writing, case = Writing(), case_of("a", "b")
    first = writing.text(case)
    assert writing.text(case) == first
    assert "c" * 9 in writing.text(case.with_note(note("c" * 9), REYES))


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "a\u202eb", "\ud800", "\x7f\x85", "\u200b", "line\nline", "<b>&"]
)
def test_no_text_can_tell_a_terminal_what_to_do(text):
    case = case_of(text)
    written = to_text(case)
    assert all(char == "\n" or char.isprintable() for char in written)
    assert from_bytes(written.encode()) == case


def test_words_of_any_language_stay_readable():
    assert "Schöne Grüße, 世界" in to_text(case_of("Schöne Grüße, 世界"))


def document(**changes):
    return json.loads(to_text(case_of("a"))) | changes


def changed(path, value):
    """A proper document with one value replaced; a path of keys and places."""
    root = here = document()
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    return root


VERSION = ("notes", 0, "versions", 0)
VALUE = (*VERSION, "value")
DEEP = json.loads("[" * 500 + "]" * 500)
HOSTILE = [
    ([], "no case file"),
    ({}, "no case file"),
    (document(**{KEY: 2}), "version 2"),
    (document(**{KEY: True}), "please update"),
    (document(surprise=1), "'surprise'"),
    (document(notes={}), "'notes' of a case file is not a list"),
    (document(captures=[{}]), "lacks id"),
    (document(captures=[1]), "not a JSON object"),
    (changed(("notes", 0, "id"), "A" * 32), "32 hex digits"),
    (changed(("notes", 0, "id"), ["a"]), "32 hex digits"),
    (changed(("notes", 0, "versions"), []), "with versions"),
    (changed(("notes", 0, "versions"), [{}]), "not an author"),
    (changed((*VERSION, "written_ns"), 2**63), "not an author"),
    (changed((*VERSION, "written_ns"), True), "not an author"),
    (changed((*VERSION, "replaces"), [1]), "not a digest"),
    (changed((*VERSION, "more"), 1), "unknown field 'more'"),
    (changed(VALUE, []), "a note is not a JSON object"),
    (changed(VALUE, {}), "a note lacks on"),
    (changed((*VALUE, "text"), None), "'text' of a note is not a text"),
    (changed((*VALUE, "text"), "x" * (MAX_TEXT + 1)), "at most 65,536 characters"),
    (changed((*VALUE, "tags"), ["x"] * 51), "at most 50"),
    (changed((*VALUE, "tags"), [["x"]]), "'tags' of a note"),
    (changed((*VALUE, "severity"), "dire"), "'severity' of a note"),
    (changed((*VALUE, "severity"), {}), "'severity' of a note"),
    (changed((*VALUE, "report"), 1.5), "'report' of a note"),
    (changed((*VALUE, "colour"), "red"), "'colour', which this Exhume does not know"),
    (changed((*VALUE, "on"), {"kind": "event"}), "without 'time_ns'"),
    (changed((*VALUE, "on"), {"kind": "dream"}), "'kind' of a place of a note"),
    (changed((*VALUE, "on"), {"kind": "moment", "time_ns": 10**30}), "'time_ns'"),
    (changed((*VALUE, "on"), DEEP), "not a JSON object"),
]


@pytest.mark.parametrize(("found", "told"), HOSTILE, ids=[told for _, told in HOSTILE])
def test_what_is_not_as_declared_is_refused_by_name(found, told):
    with pytest.raises(CaseError, match=told.replace("(", r"\(")):
        from_bytes(json.dumps(found).encode())


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b'{"exhume case": NaN}', b'{"exhume case": 1' + b"0" * 5_000 + b"}", b"\xff\xfe", b""],
)
def test_json_beyond_reason_is_refused(data):
    with pytest.raises(CaseError):
        from_bytes(data)


def test_a_file_that_is_too_long_is_not_looked_at():
    with pytest.raises(CaseError, match="more than"):
        from_bytes(bytes(MAX_FILE + 1))


def test_one_key_twice_in_a_file_is_one_record_with_all_its_versions():
    found = document()
    twin = json.loads(json.dumps(found["notes"][0]))
    twin["versions"][0]["value"]["text"] = "b"
    found["notes"].append(twin)
    case = from_bytes(json.dumps(found).encode())
    assert case.disputes() == [("notes", f"{0:032x}")]


def test_every_shelf_is_in_the_file():
    assert document().keys() == {KEY, "captures", *SHELVES}


def test_an_anchor_keeps_everything():
    on = Anchor(
        AnchorKind.EVENT, "l", "c", 1, None, "h", "t", 2, 3, 4, 5, "cc", "p", "/p", 6, 7, 8, "tcp",
        "a->b", "r", "pg", "x = 1", "f", 9, 10, 11, "dd",
    )  # fmt: skip
    case = Case().with_note(note(on=on), REYES)
    assert from_bytes(to_text(case).encode()) == case
