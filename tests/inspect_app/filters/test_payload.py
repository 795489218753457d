"""What a filter asks of payload: the same answer as reading each event's bytes alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.expression import quote
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.language import FilterError, parse
from inspect_app.frames import open_capture
from tests.builders.capture import CaptureBuilder
from tests.builders.frames import build_frames

STORY = build_frames()
KEPT = [STORY.source.payload(row) for row in range(len(STORY.events))]


def rows(text, frames=STORY):
    return np.flatnonzero(evaluate(parse(text), frames)).tolist()


TESTS = {
    "=": lambda data, text: data == text,
    "!=": lambda data, text: data != text,
    "contains": lambda data, text: text in data,
    "icontains": lambda data, text: text.lower() in data.lower(),
    "startswith": lambda data, text: data.startswith(text),
    "endswith": lambda data, text: data.endswith(text),
}
PARTS = st.sampled_from([data for data in KEPT if data]).flatmap(
    lambda data: st.tuples(st.integers(0, len(data)), st.integers(0, 12)).map(
        lambda cut: data[cut[0] : cut[0] + cut[1]]
    )
)
WANTED = (PARTS | st.sampled_from([data for data in KEPT if len(data) < 60])).filter(bytes.isascii)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(TESTS)), WANTED)
def test_a_condition_on_payload_holds_where_the_bytes_of_the_event_say_so(operator, wanted):
    expected = [row for row, data in enumerate(KEPT) if data and TESTS[operator](data, wanted)]
    assert rows(f"evt.buffer {operator} {quote(wanted.decode())}") == expected


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(["anyof", "allof", "oneof"]), st.lists(WANTED, min_size=1, max_size=4))
def test_a_quantifier_counts_the_texts_that_an_event_holds(modifier, wanted):
    combine = {"anyof": any, "allof": all, "oneof": lambda held: sum(held) == 1}[modifier]
    written = ", ".join(quote(text.decode()) for text in wanted)
    expected = [row for row, data in enumerate(KEPT) if data and combine([text in data for text in wanted])]
    assert rows(f"evt.buffer contains {modifier} ({written})") == expected


SAME = [
    ("evt.buffer exists", "evt.captured > 0"),
    ("len(evt.buffer) > 70", "evt.captured > 70"),
    ("evt.buffer bcontains 7f454c46", "fd.name contains libc and evt.type = read"),
    ("evt.buffer bstartswith 7f454c46", "evt.buffer bcontains 7f454c46"),
    ("evt.buffer regex '^GET .* HTTP/1'", "evt.buffer startswith 'GET ' and evt.buffer contains ' HTTP/1'"),
    (r'evt.buffer in ("hello\n", ".")', r'evt.buffer = "hello\n" or evt.buffer = "."'),
    ("not evt.buffer contains e", "not (evt.buffer exists and evt.buffer contains e)"),
    (
        "evt.type = read and (evt.buffer contains root or not evt.buffer contains l)",
        "evt.type = read and evt.buffer contains root or evt.type = read and not evt.buffer contains l",
    ),
    ("proc.name = cat and evt.buffer contains root", "evt.buffer contains root"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_filters_on_payload_that_mean_the_same_hold_for_the_same_events(one, other):
    assert rows(one) == rows(other)
    assert rows(one)


def test_bytes_of_two_events_are_never_taken_together(tmp_path):
    book = CaptureBuilder()
    for data in (b"HT", b"TP/1.1", b"", b"xHTTP", b"HTTP"):
        book.event("write", data=data, ret=len(data), fd=3, ino=5)
    frames = open_capture(book.write(tmp_path / "x.exhume", block=2))
    assert rows("evt.buffer contains HTTP", frames) == [3, 4]
    assert rows("evt.buffer startswith HTTP", frames) == [4]
    assert rows("evt.buffer endswith HTTP", frames) == [3, 4]
    assert rows("evt.buffer != HT", frames) == [1, 3, 4]
    assert rows("evt.num > 4 and evt.buffer contains T", frames) == [4]


def test_payload_is_shown_as_text_that_nothing_obeys():
    column = FIELDS["evt.buffer"].column(STORY)
    shown = [column.values[code] for code in column.codes if code >= 0]
    assert "curl\n" in shown
    at = FIELDS["evt.buffer"].column_at(STORY, "", np.array([0, 2]))
    assert at.values[at.codes[0]] == "curl\n" and at.codes[1] == -1


@pytest.mark.parametrize(
    "text",
    [
        "evt.buffer glob '*a'",
        "evt.buffer < a",
        "tolower(evt.buffer) = a",
        "concat(evt.buffer, proc.name) = a",
        "evt.buffer = val(proc.name)",
        "proc.name = val(evt.buffer)",
        "evt.buffer bcontains xyz",
        "evt.buffer regex '('",
    ],
)
def test_what_payload_cannot_be_asked_is_refused_when_it_is_written(text):
    with pytest.raises(FilterError):
        parse(text)


@pytest.mark.parametrize(
    ("written", "facility", "severity", "message"),
    [
        (b"<38>sshd: accepted", "auth", "info", "sshd: accepted"),
        (b"<0>panic\n", "kern", "emerg", "panic"),
        (b"<191>x", "local7", "debug", "x"),
        (b"<192>x", None, None, "<192>x"),
        (b"no priority", None, None, "no priority"),
        (b"PRIORITY=3\nSYSLOG_FACILITY=4\nMESSAGE=failed\n", "auth", "err", "failed"),
        (b"PRIORITY=9\nMESSAGE=odd\n", "user", None, "odd"),
        (b"<13>\x1b[2J\xff", "user", "notice", "\x1b[2J\\xff"),
    ],
)
def test_a_message_to_the_system_log_is_read(tmp_path, written, facility, severity, message):
    book = CaptureBuilder()
    book.tables["sockets"].append(
        {"ino": 9, "family": "unix", "type": "dgram", "state": 7, "path": "/dev/log"}
    )
    book.descriptor(100, 3, "socket:[9]", dev=8, ino=9, mode=0o140777)
    book.process(100, comm="logger")
    book.event("sendto", fd=3, ino=9, dev=8, mode=0o140777, ret=len(written), data=written, args=(3,))
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert rows("evt.is_syslog = true", frames) == [0]
    told = {
        name: FIELDS[f"syslog.{name}"].column(frames) for name in ("facility.str", "severity.str", "message")
    }
    values = [None if column.codes[0] < 0 else column.values[column.codes[0]] for column in told.values()]
    assert values == [facility, severity, message]


def test_a_log_is_a_file_that_is_named_as_one():
    assert rows("evt.is_log = true") == rows("fd.name = /var/log/nginx/access.log and evt.is_io_write = true")
