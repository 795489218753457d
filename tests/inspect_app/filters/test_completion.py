"""What is offered at the cursor can be written there."""

# ruff: noqa: E501 - one case a line, however long

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.filters.completion import complete
from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.language import parse
from inspect_app.frames import open_capture
from tests.builders.capture import CaptureBuilder
from tests.builders.frames import build_frames

STORY = build_frames()


def offered(text, kind=None):
    return [one.text for one in complete(text, len(text), STORY) if kind in (None, one.kind)]


def test_an_empty_filter_begins_with_a_field():
    assert set(FIELDS) <= {text.rstrip("[.") for text in offered("", "field")}
    assert offered("", "word") == ["not", "("]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("proc.na", "proc.name"),
        ("proc.name = curl and fd.nam", "fd.name"),
        ("not (evt.ty", "evt.type"),
        ("cmdl", "proc.cmdline"),
        ("evt.arg.fla", "evt.arg.flags"),
        ("proc.name ", "and"),
        ("proc.name con", "contains"),
        ("proc.name = cu", "curl"),
        ("proc.name in (curl, py", "python3"),
        ("proc.name = 'pyt", "python3"),
        ("fd.name contains passwd", "/etc/passwd"),
        ("evt.failed = ", "false"),
        ("fd.typechar = ", "f"),
        ("proc.pid = 40", "400"),
        ("container.label[a", "container.label.app"),
        ("proc.name startswith any", "anyof"),
        ("proc.name = curl a", "and"),
        ("toup", "toupper("),
        ("pro", "proc.name"),
        ("evt.", "evt.type"),
        ("evt.is_op", "evt.is_open_write"),
    ],
)
def test_the_likely_thing_comes_first(text, first):
    assert offered(text)[0] == first


def test_names_within_brackets_are_those_of_the_capture(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh", environ=[b"PATH=/bin", b"PA RT=1", b"EMPTY=", b"odd", b"=x", b"P\xff=1"])
    book.event("getpid")
    frames = open_capture(book.write(tmp_path / "one.exhume"))
    found = [one.text for one in complete("proc.env[P", 10, frames)]
    assert found == ['proc.env["PA RT"]', "proc.env.PATH", 'proc.env["P\\\\xff"]']
    for text in found:
        assert evaluate(parse(f"{text} exists"), frames).any()
    assert complete("k8s.pod.label[", 14, STORY)
    assert not complete("k8s.pod.label[", 14, frames)


def test_fields_that_cannot_be_evaluated_come_last_and_say_so():
    found = [FIELDS[one.text.rstrip("[.")].unavailable for one in complete("thread.", 7, STORY)]
    assert found == sorted(found, key=bool)
    last = next(one for one in complete("thread.", 7, STORY) if one.text == "thread.exectime")
    assert "not recorded" in last.detail


def test_only_operators_that_fit_the_field_are_offered():
    assert "contains" not in offered("proc.pid ", "operator")
    assert ">" in offered("proc.pid ", "operator")
    assert ">" not in offered("proc.name ", "operator")


@pytest.mark.parametrize("field", ["proc.name", "evt.type", "fd.name", "container.name", "user.uid", "proc.pid", "fd.num",
                                   "evt.cpu", "evt.failed", "fd.typechar", "fd.rport", "fd.lip", "evt.res"])  # fmt: skip
def test_values_come_with_the_events_that_have_them_most_first(field):
    text = f"{field} = "
    found = [one for one in complete(text, len(text), STORY) if one.kind == "value"]
    assert found
    assert [one.count for one in found] == sorted((one.count for one in found), reverse=True)
    for one in found:
        assert evaluate(parse(f"{field} = {one.text}"), STORY).sum() == one.count


def test_names_of_ancestors_are_offered_also_if_they_made_no_event():
    assert set(offered("proc.aname = ", "value")) == {"systemd", "sh", "nginx", "python3"}


def test_the_cursor_may_stand_inside_the_text():
    found = complete("proc.na = curl and", 7, STORY)
    assert found[0].text == "proc.name" and found[0].start == 0


def test_nothing_is_offered_after_an_error():
    assert complete("proc.name = = ", 14, STORY) == []
    assert complete("a" * 100_000, 100_000, STORY) == []
    assert complete("", 0, build_frames(0))


@pytest.mark.parametrize("text", ["proc.cmdline = ", "proc.exe = ", "fd.name = "])
def test_an_offered_value_is_one_literal(text):
    for value in offered(text, "value"):
        assert parse(text + value)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30) | st.sampled_from(["proc.name = curl and (fd.num in (1, 2) or evt.arg.flags contains 'x')"]),
       st.integers(0, 80))  # fmt: skip
def test_completion_never_fails(text, cursor):
    for one in complete(text, cursor, STORY):
        assert 0 <= one.start <= cursor
