"""Findings of other tools become notes, placed by their time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.cases import Case, CaseError, Severity
from inspect_app.cases.imports import imported, moment_of, notes_of
from inspect_app.rules.alerts import findings_of
from inspect_app.rules.built_in import built_in_rules
from inspect_app.rules.run import run_rules
from tests.builders.cases import LEE, REYES
from tests.builders.frames import build_frames

TIME = 1_767_323_045_123_456_789
FALCO = (
    '{"hostname":"node-1","output":"03:04:05.123456789: Warning A shell","priority":"Warning",'
    '"rule":"Shell","source":"syscall","tags":["container","T1059"],"time":"2026-01-02T03:04:05.123456789Z"}'
)
TIMESKETCH = (
    '{"message": "A shell", "datetime": "2026-01-02T04:04:05.123456789+01:00", '
    '"timestamp_desc": "Exec", "tag": ["x"]}'
)


def only(text):
    ((_, note),) = notes_of(text.encode(), "them.txt")
    return note


def test_an_alert_of_falco_is_a_note():
    note = only(FALCO)
    assert (note.on.time_ns, note.on.label, note.on.host) == (TIME, "Shell", "node-1")
    assert (note.severity, note.tags, note.source) == (Severity.MEDIUM, ("container", "T1059"), "them.txt")
    assert note.text.endswith("A shell")


def test_a_line_of_timesketch_is_a_note():
    note = only(TIMESKETCH)
    assert (note.on.time_ns, note.text, note.tags) == (TIME, "A shell", ("x",))


@pytest.mark.parametrize(
    "text",
    [
        "time,message\n2026-01-02 03:04:05.123456789,A shell\n",
        'datetime,timestamp_desc,message\r\n2026-01-02T03:04:05.123456789Z,Exec,"A shell"\r\n',
        "\ufeffTimestamp,Text\n1767323045123456789,A shell\n",
    ],
)
def test_any_csv_with_times_and_messages_is_read(text):
    note = only(text)
    assert (note.on.time_ns, note.text) == (TIME, "A shell")


def test_our_own_alerts_are_read_back():
    frames = build_frames()
    alerts = [one.json("node-1") for one in findings_of(run_rules(built_in_rules(), frames), frames)]
    notes = dict(notes_of("\n".join(alerts).encode(), "alerts"))
    assert 0 < len(notes) <= len(alerts)
    assert {note.on.time_ns for note in notes.values()} <= set(frames.events["time"].tolist())


def test_the_same_findings_are_taken_once_by_whomever():
    data = f"{FALCO}\n{FALCO}\n".encode()
    mine, new = imported(Case(), data, "a", REYES)
    assert new == 1
    assert imported(mine, data, "a", REYES) == (mine, 0)
    theirs, _ = imported(Case(), data, "a", LEE)
    merged = mine.merged(theirs)
    assert len(merged.shown_notes()) == 1
    assert merged.disputes() == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n", "no column time or datetime"),
        ("time,b\n1,2\n", "no column message or text"),
        ("", "no column"),
        ("time,message\nyesterday,x\n", "'yesterday', not a time"),
        ('{"message": "x"}', "line 1 of f has no time"),
        (FALCO + "\n{", "line 2 of f is not a JSON object"),
        ("[1]", "not a JSON object"),
        ("{" + "[" * 100_000, "not a JSON object"),
        ("time,message\n" + '1,"' + "x" * 200_000, "is no CSV"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text, told):
    with pytest.raises(CaseError, match=told):
        list(notes_of(text.encode(), "f"))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-01T00:00:01Z", 10**9),
        ("1970-01-01 00:00", 0),
        ("1970-01-01T00:00:00.5+0000", 5 * 10**8),
        ("1767323045.25", 1_767_323_045_250_000_000),
        (1_767_323_045_123, 1_767_323_045_123_000_000),
        (1_767_323_045_123_456, 1_767_323_045_123_456_000),
        ("0001-01-01T00:00:00Z", None),
        ("2026-13-01T00:00:00Z", None),
        (float("nan"), None),
        (10**18 * 10, None),
        ([], None),
    ],
)
def test_times_are_read_as_people_write_them(text, time):
    assert moment_of(text) == time


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        found = list(notes_of(data, "f"))
    except CaseError:
        return
    assert all(note.on.time_ns is not None for _, note in found)


@given(st.text(max_size=60))
def test_any_text_is_a_moment_or_none(text):
    assert moment_of(text) is None or isinstance(moment_of(text), int)
