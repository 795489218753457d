"""Masking secrets: every kind that is declared, never across events, offsets and lengths as they were."""

import re
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.evidence.redaction import Redactor, make_redactor
from capture.evidence.secrets import SECRETS
from capture.format import EVENT_COLUMNS, EventBatch, TextHeap
from capture.model.catalogue import spec_named
from capture.model.events import EventFlag

EXECVE, WRITE = spec_named("execve").x86_64, spec_named("write").x86_64


def batch(*events):
    """Events as (code, argv, environment, payload)."""
    columns = {name: np.zeros(len(events), dtype) for name, dtype in EVENT_COLUMNS.items()}
    texts, payload = [], b""
    for row, (code, argv, environment, data) in enumerate(events):
        columns["code"][row] = code
        columns["captured"][row] = len(data)
        payload += data
        for name, text in (("text2", argv), ("env", environment)):
            if text:
                texts.append(text)
                columns[name][row] = len(texts)
    lengths = np.array([len(text) for text in texts], np.uint32)
    return EventBatch(columns, TextHeap(lengths, b"".join(texts)), payload)


def written(*payloads):
    return batch(*((WRITE, b"", b"", payload) for payload in payloads))


def texts_of(of):
    ends = np.cumsum(of.texts.lengths).tolist()
    return [
        of.texts.heap[end - size : end] for end, size in zip(ends, of.texts.lengths.tolist(), strict=True)
    ]


def secrets():
    return make_redactor((), secrets=True)


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret.name)
def test_every_declared_secret_is_masked_and_nothing_else(secret):
    assert secret.hidden in secret.example
    expected = secret.example.replace(secret.hidden, re.sub(rb"[^\0]", b"*", secret.hidden))
    found = secrets().batch(batch((WRITE, b"", b"", b"before "), (WRITE, b"", b"", secret.example)))
    assert found.payload == b"before " + expected
    assert found.columns["flags"].tolist() == [0, int(EventFlag.MASKED)]


def test_arguments_and_environment_of_programs_are_masked_and_counted():
    redactor = secrets()
    argv, env = b"curl\0--token\0abc123\0-v\0", b"HOME=/root\0DB_PASSWORD=tr0ub4dor\0"
    found = redactor.batch(batch((EXECVE, argv, env, b""), (EXECVE, b"ls\0-l\0", b"", b"")))
    assert texts_of(found) == [
        b"curl\0--token\0******\0-v\0",
        b"HOME=/root\0DB_PASSWORD=*********\0",
        b"ls\0-l\0",
    ]
    assert redactor.masked == {"arguments": 1, "environment": 1}
    assert found.columns["flags"].tolist() == [int(EventFlag.MASKED), 0]


def test_each_file_counts_what_was_masked_in_it():
    redactor = secrets()
    redactor.batch(written(b"password=hunter2"))
    assert redactor.take_masked() == {"payload": 1}
    assert redactor.take_masked() == {}


def test_a_path_that_ends_like_an_option_hides_nothing():
    argv = b"cat\0/run/secrets/db-password\0/etc/shadow\0"
    redactor = secrets()
    assert texts_of(redactor.batch(batch((EXECVE, argv, b"", b"")))) == [argv]
    assert redactor.take_masked() == {}


def test_other_texts_are_left_as_they_are():
    given = batch((spec_named("rename").x86_64, b"password=hunter2", b"", b""))
    assert texts_of(secrets().batch(given)) == [b"password=hunter2"]


def test_a_match_never_crosses_from_one_event_into_the_next():
    redactor = make_redactor(["key-[a-z]*"], secrets=True)
    found = redactor.batch(
        batch(*((WRITE, b"", b"", data) for data in (b"key-abc", b"def password=", b"open")))
    )
    assert found.payload == b"*******def password=open"
    assert redactor.masked == {"payload": 1}


def test_the_group_called_secret_is_what_is_masked():
    redactor = make_redactor([r"card (?P<secret>\d{4})"], secrets=False)
    assert redactor.batch(written(b"card 1234 card 5678")).payload == b"card **** card ****"
    assert redactor.masked == {"payload": 2}


@pytest.mark.parametrize(
    ("pattern", "payload"),
    [
        (r"(a+)+!", b"a" * 65_536),
        (r"(a|a)*b(?P<secret>.)", b"a" * 65_536),
        (r"x[\s\S]*y", b"x" * 65_536),
        (r"x[\s\S]*y", b"x" * 80),
        (r"x[^z]*q", b"x" * 80),
    ],
)
def test_no_pattern_takes_more_time_than_what_it_looks_at_is_long(pattern, payload):
    """A backtracking engine needs years for the first one."""
    redactor = make_redactor([pattern], secrets=True)
    events = [*[payload] * (400_000 // len(payload)), b"yq"]
    assert redactor.batch(written(*events)).payload == b"".join(events)


@pytest.mark.parametrize("begin", [b"-----BEGIN PRIVATE KEY-----", b"Cookie: "])
def test_a_secret_that_begins_again_and_again_is_looked_at_once(begin):
    payload = begin * (65_536 // len(begin))
    redactor = secrets()
    found = redactor.batch(written(*[payload] * 20))
    assert found.payload.count(b"*") > 0.99 * len(found.payload)
    assert redactor.masked["payload"] <= 20 * 65_536 / 4_096


def test_a_pattern_over_many_small_events_masks_in_each_of_them():
    redactor = make_redactor([r"key=(?P<secret>\w*)"], secrets=False)
    found = redactor.batch(written(*[b"a", b"key=v1", b"", b"key=", b"key=v2 key=v3"] * 1_000))
    assert found.payload == b"akey=**key=key=** key=**" * 1_000
    assert redactor.masked == {"payload": 3_000}


def test_any_byte_can_stand_in_what_is_masked():
    redactor = make_redactor([r"\xff[^\n]+"], secrets=False)
    assert redactor.batch(written(b"a\xff\xfe\x80\nb")).payload == b"a***\nb"


@pytest.mark.parametrize("pattern", ["", "x*", "^", "$"])
def test_a_pattern_that_matches_nothing_at_all_ends(pattern):
    found = make_redactor([pattern], secrets=False).batch(
        batch((WRITE, b"", b"", b"axxb"), (WRITE, b"", b"", b"x"))
    )
    assert found.payload in (b"axxbx", b"a**b*")


def test_without_re2_a_pattern_is_refused_with_what_is_to_be_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "re2", None)
    with pytest.raises(ValueError, match="pip install google-re2"):
        make_redactor(["x"], secrets=True)
    assert make_redactor([], secrets=True)


def test_what_is_no_pattern_is_refused_with_its_text():
    with pytest.raises(ValueError, match="longer than 4,096"):
        make_redactor(["x" * 5_000], secrets=False)
    with pytest.raises(ValueError, match=r"'\(' is no regular expression"):
        make_redactor(["("], secrets=False)


def test_without_patterns_the_batch_is_the_same():
    given = batch((WRITE, b"", b"", b"password=x"))
    assert Redactor().batch(given) is given


def test_documents_are_masked_their_argument_lists_as_a_whole():
    redactor = secrets()
    row = {
        "pid": 7,
        "argv": [b"app", b"--password", b"hunter2", b""],
        "command": ["x", "--token=abc"],
        "cwd": "/",
    }
    (found,) = redactor.rows("processes", [row])
    assert found["argv"] == [b"app", b"--password", b"*******", b""]
    assert (found["pid"], found["command"]) == (7, ["x", "--token=***"])
    assert redactor.rows("mounts", [row]) == [row]
    assert redactor.value({"redact": ("hunter2",), "n": None}) == {"redact": ["hunter2"], "n": None}
    assert make_redactor(["hunter2"], secrets=False).value({"redact": ("hunter2",)}) == {
        "redact": ["*******"]
    }


pieces = st.lists(
    st.one_of(
        st.binary(max_size=20), st.sampled_from([one.example for one in SECRETS]), st.just(b"password=")
    ),
    max_size=8,
)


@given(pieces)
@settings(max_examples=200, deadline=None)
def test_lengths_stay_and_each_event_is_masked_as_if_it_were_alone(parts):
    given = written(*parts or [b""])
    found = secrets().batch(given)
    assert len(found.payload) == len(given.payload)
    assert found.columns["captured"].tolist() == given.columns["captured"].tolist()
    alone = [secrets().batch(written(data)).payload for data in parts]
    assert found.payload == b"".join(alone)
