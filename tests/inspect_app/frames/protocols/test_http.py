"""Heads of HTTP messages: good ones, cut off ones, hostile ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspect_app.frames.protocols.http import MAX_HEAD, parse_head

REQUEST = b"POST /a/b?c=d HTTP/1.1\r\nHost: example.org\r\nUSER-AGENT:  curl/8 \r\nA: b\r\n\r\nbody: x"
RESPONSE = b"HTTP/1.0 404 Not Found\r\nContent-Type: text/html\r\n\r\n<html>"


def test_a_request_tells_what_is_asked_of_whom():
    head = parse_head(REQUEST, cut=False)
    assert (head.method, head.target, head.path, head.version) == ("POST", "/a/b?c=d", "/a/b", "1.1")
    assert (head.host, head.user_agent, head.status, head.cut) == ("example.org", "curl/8", -1, False)


def test_a_response_tells_its_status():
    head = parse_head(RESPONSE, cut=False)
    assert (head.method, head.status, head.version, head.content_type) == ("", 404, "1.0", "text/html")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/x", "/x"),
        ("http://example.org/a?b", "/a"),
        ("http://example.org", "/"),
        ("*", "*"),
        ("example.org:443", "example.org:443"),
    ],
)
def test_the_path_is_the_target_without_the_rest(target, path):
    assert parse_head(f"GET {target} HTTP/1.1\r\n\r\n".encode(), cut=False).path == path


@pytest.mark.parametrize(
    ("kept", "target", "version", "host"),
    [
        (8, "/a/", "", ""),
        (16, "/a/b?c=d", "", ""),
        (22, "/a/b?c=d", "1.1", ""),
        (40, "/a/b?c=d", "1.1", ""),
        (43, "/a/b?c=d", "1.1", "example.org"),
    ],
)
def test_of_a_head_that_was_cut_off_what_is_there_is_told(kept, target, version, host):
    head = parse_head(REQUEST[:kept], cut=True)
    assert (head.target, head.version, head.host, head.cut) == (target, version, host, True)


@pytest.mark.parametrize("kept", [8, 9, 11])
def test_a_status_that_was_cut_off_is_not_known(kept):
    head = parse_head(RESPONSE[:kept], cut=True)
    assert (head.version, head.status, head.cut) == ("1.0", -1, True)


@pytest.mark.parametrize(
    "data",
    [
        b"GET",
        b"GET \r\n\r\n",
        b"GET / FTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1 x\r\n\r\n",
        b"GETS / HTTP/1.1\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20x OK\r\n\r\n",
        b"HTTP/1.1  200 OK\r\n\r\n",
        b"HTTP/1.1 2000\r\n\r\n",
        b"GET / HTTP/1.1",
        b"POST it on the wall, please\n",
        b"",
    ],
)
def test_what_is_no_head_is_none(data):
    assert parse_head(data, cut=False) is None


def test_a_sentence_is_no_request_however_much_of_it_was_kept():
    assert parse_head(b"GET me a coffee and a ", cut=True) is None


def test_a_head_without_end_is_read_no_further_than_the_limit():
    head = parse_head(b"GET /" + b"a" * (4 * MAX_HEAD), cut=False)
    assert head.cut
    assert len(head.target) <= 2_048
    assert parse_head(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200_000, cut=False).cut


@given(
    st.binary(max_size=200),
    st.booleans(),
    st.sampled_from([b"", b"GET /", b"GET / HTTP/1.1\r\n", b"HTTP/1.1 "]),
)
def test_any_bytes_are_read_or_are_no_head(data, cut, before):
    head = parse_head(before + data, cut=cut)
    assert head is None or head.status == -1 or 100 <= head.status <= 999
