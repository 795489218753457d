"""DNS messages: what is read of good ones, of those that were cut off, and of hostile ones."""

import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.frames.protocols.dns import parse_messages
from tests.builders.messages import dns_answer, dns_name, dns_query

ADDRESS, OTHER = bytes([10, 0, 0, 1]), bytes(15) + b"\1"


def only(data, *, cut=False):
    (message,) = parse_messages(data, cut=cut)
    return message


def test_a_query_tells_number_name_and_type():
    message = only(dns_query("WWW.Example.org", 28, 99))
    assert (message.id, message.is_answer, message.name, message.type) == (
        99,
        False,
        "www.example.org",
        "AAAA",
    )
    assert (message.code, message.answers, message.cut) == ("", (), False)


@pytest.mark.parametrize(
    ("records", "code", "told", "answers"),
    [
        ([(1, ADDRESS)], 0, "NOERROR", ("10.0.0.1",)),
        ([(28, OTHER), (1, ADDRESS)], 0, "NOERROR", ("::1", "10.0.0.1")),
        ([(5, dns_name("Other.net")), (1, ADDRESS)], 0, "NOERROR", ("other.net", "10.0.0.1")),
        ([(5, b"\3www\xc0\x0c")], 0, "NOERROR", ("www.example.org",)),
        ([(15, b"\0\x0a" + dns_name("mail.net"))], 0, "NOERROR", ("mail.net",)),
        ([(16, b"\3abc"), (65_280, b"")], 0, "NOERROR", ("TXT", "TYPE65280")),
        ([], 3, "NXDOMAIN", ()),
        ([], 15, "RCODE15", ()),
    ],
)
def test_an_answer_tells_its_result_and_records(records, code, told, answers):
    message = only(dns_answer("example.org", records=records, code=code))
    assert (message.is_answer, message.name, message.code, message.answers) == (
        True,
        "example.org",
        told,
        answers,
    )


def test_messages_that_one_call_moved_are_told_one_by_one():
    data = dns_query("a.org", 1, 1) + dns_query("a.org", 28, 2)
    assert [(message.id, message.type) for message in parse_messages(data, cut=False)] == [
        (1, "A"),
        (2, "AAAA"),
    ]


@pytest.mark.parametrize(
    ("kept", "name", "kind", "answers"),
    [
        (12, ".", "", ()),
        (17, "www", "", ()),
        (29, "www.example.org", "", ()),
        (33, "www.example.org", "A", ()),
        (40, "www.example.org", "A", ()),
        (49, "www.example.org", "A", ("10.0.0.1",)),
    ],
)
def test_of_a_message_that_was_cut_off_what_is_there_is_told(kept, name, kind, answers):
    whole = dns_answer("www.example.org", records=[(1, ADDRESS), (1, ADDRESS)])
    message = only(whole[:kept], cut=True)
    assert (message.name, message.type, message.answers, message.cut) == (name, kind, answers, True)
    assert parse_messages(whole[:kept], cut=False) == []


def test_a_name_never_brings_control_characters():
    query = dns_query("x", 1)[:12] + b"\6a.\x1b[0\\\0\0\1\0\1"
    assert only(query).name == r"a\046\027[0\092"


HEADER = struct.pack(">6H", 1, 0x0100, 1, 0, 0, 0)


@pytest.mark.parametrize(
    "data",
    [
        HEADER + b"\xc0\x0c\0\1\0\1",  # a pointer to itself
        HEADER + b"\xc0\x0e\xc0\x0c\0\1\0\1",  # two that lead to each other
        HEADER + b"\1a\xc0\x0c\0\1\0\1",  # a name that goes on with itself
        HEADER + b"\x3f" * 400,  # a name longer than any may be
        HEADER + b"\x80abc\0\0\1\0\1",  # a label of a kind that there is not
        dns_query("a.org") + b"x",  # more than a message
        struct.pack(">6H", 1, 0x8180, 1, 65_535, 0, 0) + b"\0\0\1\0\1",
        b"",
    ],
)
def test_what_is_no_message_is_none(data):
    assert parse_messages(data, cut=False) == []


def test_pointers_behind_pointers_take_no_time():
    chain = HEADER[:4] + struct.pack(">4H", 1, 60, 0, 0) + b"\0\0\1\0\1"
    chain += b"".join(struct.pack(">H", 0xC000 | max(12, at - 2)) for at in range(len(chain), 16_000, 2))
    begun = time.process_time()
    for start in range(0, 400):
        parse_messages(chain[start:], cut=True)
    assert time.process_time() - begun < 10


@given(st.binary(max_size=600), st.booleans(), st.sampled_from([b"", HEADER, HEADER + b"\3www"]))
def test_any_bytes_are_read_or_are_no_message(data, cut, before):
    for message in parse_messages(before + data, cut=cut):
        assert message.name.isprintable()
        assert len(message.name) <= 4 * 255
        assert cut or not message.cut
