"""Places handed on as session files and links."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.analysis.selection import TimeRange
from inspect_app.session import Session, SessionError
from inspect_app.session.document import (
    LINK,
    MAX_LINK,
    Document,
    Origin,
    from_file,
    from_link,
    origin_of,
    read_file,
    to_file,
    to_link,
)
from inspect_app.session.storage import MAX_FILE
from tests.builders.frames import build_frames

PLACE = (
    Session()
    .with_window(TimeRange(5, 10))
    .with_filter('fd.name contains "a b/ü"')
    .drill("files", title="Containers", condition="container.name = web", label="web & <b>")
    .with_tab("peers")
    .with_sort("events", descending=False)
)
ORIGIN = Origin("node.exhume", "/cases/7/node.exhume", "0a-1b", 17)


def test_a_file_leads_to_exactly_the_same_place():
    assert from_file(to_file(Document(PLACE, ORIGIN))) == Document(PLACE, ORIGIN)


def test_a_place_in_several_captures_tells_where_each_lay_but_in_a_link():
    several = Origin("a + b", "/cases/a + b", "0a, 1b", 17, ("/cases/a.exhume", "/cases/b.exhume"))
    assert from_file(to_file(Document(PLACE, several))).origin == several
    assert from_link(to_link(Document(PLACE, several))).origin == Origin("a + b", "", "0a, 1b", 17)


def test_a_link_is_one_word_and_says_nothing_of_where_the_capture_lies():
    link = to_link(Document(PLACE, ORIGIN))
    assert link.startswith(LINK)
    assert len(link.split()) == 1
    assert "cases" not in link
    assert from_link(f" {link}\n") == Document(PLACE, Origin("node.exhume", "", "0a-1b", 17))


@given(st.text(max_size=300))
def test_any_link_is_read_or_refused(text):
    for word in (text, LINK + text):
        with pytest.raises(SessionError):
            from_link(word)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    with pytest.raises(SessionError):
        read_file(data)


def changed(**parts):
    found = json.loads(to_file(Document(PLACE, ORIGIN)))
    return json.dumps(found | parts)


@pytest.mark.parametrize(
    "text",
    [
        changed(filter="((("),
        changed(capture=None),
        changed(capture=[]),
        changed(capture={"name": 5}),
        changed(capture={"name": "x", "paths": "y"}),
        changed(capture={"name": "x", "paths": [""]}),
        changed(capture={"name": "x" * 10_000}),
        changed(capture={"name": "x", "started_ns": 2**70}),
        changed(capture={"name": "x", "started_ns": True}),
        changed(page="x" * 10_000),
        changed(tab=7),
        changed(window=[3, 2]),
        changed(**{"exhume session": 2}),
        "[" * 100_000,
        "null",
    ],
)
def test_what_is_wrong_is_one_kind_of_error(text):
    with pytest.raises(SessionError):
        from_file(text)


def test_what_is_too_long_is_refused_before_it_is_read():
    with pytest.raises(SessionError, match="more than"):
        read_file(b" " * (MAX_FILE + 1))
    with pytest.raises(SessionError, match="more than"):
        from_link(LINK + "%20" * MAX_LINK)


def test_a_capture_is_known_by_its_recording_not_by_its_name():
    frames = build_frames()
    mine = origin_of(frames)
    assert mine.is_of(frames)
    assert Origin("renamed.exhume", "", mine.boot_id, mine.started_ns).is_of(frames)
    assert not Origin(mine.name, "", mine.boot_id, mine.started_ns + 1).is_of(frames)
    assert Origin(mine.name).is_of(frames)
    assert not Origin("other.exhume").is_of(frames)
