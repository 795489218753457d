"""Messages of a capture: found in the right calls, put together, and paired."""

import pytest

from inspect_app.frames import open_capture
from inspect_app.frames.protocols.exchanges import recognise
from inspect_app.frames.segments import segments
from tests.builders.capture import SOCKET, CaptureBuilder, sock
from tests.builders.messages import dns_answer, dns_query, tls_hellos

GET = b"GET /one HTTP/1.1\r\nHost: example.org\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
CLIENT = {"fd": 3, "ino": 7, "mode": SOCKET, "sock": sock("10.0.0.1:5000", "10.0.0.2:80")}
SERVER = {"fd": 4, "ino": 8, "mode": SOCKET, "pid": 200, "sock": sock("10.0.0.2:80", "10.0.0.1:5000")}
RESOLVER = {
    "fd": 5,
    "ino": 9,
    "mode": SOCKET,
    "sock": sock("10.0.0.1:5001", "10.0.0.2:53", kind=2, protocol=17),
}
TCP_RESOLVER = {"fd": 6, "ino": 10, "mode": SOCKET, "sock": sock("10.0.0.1:5002", "10.0.0.2:53")}


class Talk(CaptureBuilder):
    """A capture of transfers."""

    def send(self, data, end=CLIENT, *, size=None, **more):
        return self.event("sendto", ret=size or len(data), data=data, **{**end, **more})

    def get(self, data, end=CLIENT, *, size=None, **more):
        return self.event("recvfrom", ret=size or len(data), data=data, **{**end, **more})


@pytest.fixture
def book():
    return Talk()


@pytest.fixture
def recognised(book, tmp_path):
    def read(block=10_000):
        frames = open_capture(book.write(tmp_path / "x.exhume", block=block))
        return recognise(frames, segments(frames))

    return read


def test_both_ends_of_an_exchange_are_told_apart(book, recognised):
    rows = [book.send(GET), book.get(GET, SERVER), book.send(OK, SERVER), book.get(OK)]
    http = recognised().http
    assert http["event"].tolist() == rows
    assert http["kind"].tolist() == ["request", "request", "response", "response"]
    assert http["side"].tolist() == ["client", "server", "server", "client"]
    assert http["other"].tolist() == [3, 2, 1, 0]
    assert http["latency"].tolist() == [3_000_000, 1_000_000, 1_000_000, 3_000_000]
    assert set(http["host"]) == {"example.org"}
    assert set(http["status"]) == {200}
    assert set(http["content_type"]) == {"text/plain"}


def test_a_request_counts_what_went_each_way_until_the_next_one(book, recognised):
    book.send(b"before")
    book.send(GET)
    book.send(b"x", size=1_000)
    book.get(OK)
    book.get(b"y", size=5_000)
    book.get(b"other", SERVER)
    book.send(GET)
    book.get(OK)
    http = recognised().http
    asked = http[http["kind"] == "request"]
    assert asked["request_size"].tolist() == [len(GET) + 1_000, len(GET)]
    assert asked["response_size"].tolist() == [len(OK) + 5_000, len(OK)]


def test_requests_of_one_call_are_each_told_and_answered_in_their_order(book, recognised):
    post = b"POST /two HTTP/1.1\r\nHost: example.org\r\nContent-Length: 5\r\n\r\nGET /"
    book.send(GET + post + GET.replace(b"one", b"three")[:-9])
    book.send(GET[-9:] + GET.replace(b"one", b"four"))
    book.get(OK.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\nhi") * 2)
    book.get(b"HTTP/1.1 404 Not Found\r\n\r\n")
    http = recognised().http
    asked = http[http["kind"] == "request"]
    assert asked["target"].tolist() == ["/one", "/two", "/three", "/four"]
    assert asked["status"].tolist() == [200, 200, 404, -1]
    assert asked["request_size"].tolist()[:2] == [len(GET), len(post)]
    assert asked["response_size"].tolist()[:2] == [-1, -1]


def test_dns_on_a_stream_is_recognised_on_any_port_where_it_is_whole(book, recognised):
    query = dns_query("example.org")
    behind = len(query).to_bytes(2, "big") + query
    book.send(behind)
    book.get(behind[:2], SERVER)
    book.get(query, SERVER)
    book.send(behind + b"more")
    book.send(query, size=len(query) + 1)
    assert recognised().dns["name"].tolist() == ["example.org", "example.org"]


def test_requests_that_did_not_wait_are_answered_in_their_order(book, recognised):
    book.send(GET)
    book.send(GET.replace(b"one", b"two"))
    book.get(b"HTTP/1.1 100 Continue\r\n\r\n")
    book.get(OK)
    book.get(OK.replace(b"200", b"404"))
    book.send(GET)
    http = recognised().http
    asked = http[http["kind"] == "request"]
    assert asked["status"].tolist() == [200, 404, -1]
    assert asked["latency"].tolist() == [3_000_000, 3_000_000, -1]


def test_a_head_in_several_calls_is_read_to_its_end(book, recognised):
    book.send(b"GET /one HTTP/1.1\r\nHo")
    book.send(b"else", SERVER)
    book.send(b"st: exam")
    book.send(b"ple.org\r\n\r\n")
    for block in (1, 2, 10_000):
        (row,) = recognised(block).http.to_dict("records")
        assert (row["event"], row["host"], row["cut"]) == (0, "example.org", False)


def test_a_head_that_was_not_kept_whole_is_told_to_be_cut(book, recognised):
    book.send(GET[:30], size=len(GET))
    book.send(b"t: wrong.org\r\n\r\n")
    (row,) = recognised().http.to_dict("records")
    assert (row["target"], row["host"], row["cut"]) == ("/one", "", True)


def test_what_was_peeked_at_counts_once(book, recognised):
    book.get(GET, SERVER, args=(4, 0, 100, 2))
    taken = book.get(GET, SERVER)
    http = recognised().http
    assert http["event"].tolist() == [taken]
    assert http["request_size"].tolist() == [len(GET)]


def test_only_sockets_are_looked_at(book, recognised):
    book.event("write", fd=3, ino=20, ret=len(GET), data=GET)
    book.event("read", fd=3, ino=21, mode=0o010600, ret=len(GET), data=GET)
    found = recognised()
    assert not len(found.http) + len(found.dns) + len(found.tls)


def test_a_query_is_paired_with_its_answer_by_number_and_name(book, recognised):
    book.send(dns_query("a.org", 1, 1) + dns_query("a.org", 28, 2), RESOLVER)
    book.get(dns_answer("A.org", 28, 2, code=3), RESOLVER)
    book.get(dns_answer("a.org", 1, 1, records=[(1, bytes([10, 0, 0, 9]))]), RESOLVER)
    book.get(dns_answer("b.org", 1, 1), RESOLVER)
    dns = recognised().dns
    assert dns["other"].tolist() == [3, 2, 1, 0, -1]
    asked = dns[dns["kind"] == "query"]
    assert asked["code"].tolist() == ["NOERROR", "NXDOMAIN"]
    assert asked["answers"].tolist() == ["10.0.0.9", ""]
    assert asked["latency"].tolist() == [2_000_000, 1_000_000]


def test_dns_on_tcp_stands_behind_its_length(book, recognised):
    query = dns_query("a.org")
    length = len(query).to_bytes(2, "big")
    book.send(length + query, TCP_RESOLVER)
    book.get(length, TCP_RESOLVER)
    book.get(dns_answer("a.org"), TCP_RESOLVER)
    book.send(length + query, CLIENT, size=200)
    dns = recognised().dns
    assert dns["kind"].tolist() == ["query", "answer"]
    assert dns["other"].tolist() == [1, 0]


def test_a_hello_that_is_read_in_two_calls_is_put_together(book, recognised):
    client, server = tls_hellos()
    book.send(client)
    book.get(client[:5], SERVER)
    book.get(client[5:], SERVER)
    book.send(server, SERVER)
    book.get(server[:5])
    book.get(server[5:])
    tls = recognised().tls
    assert tls["event"].tolist() == [0, 1, 3, 4]
    assert tls["side"].tolist() == ["client", "server", "server", "client"]
    assert set(tls["name"]) == {"example.org"}
    assert set(tls["version"]) == {"1.2"}
    assert not tls["cut"].any()


def test_lost_events_break_a_head_off(book, recognised):
    book.send(b"GET /one HTTP/1.1\r\nHo")
    at = book.rows[-1]["time"]
    book.send(b"st: example.org\r\n\r\n")
    book.drops = [{"since": at + 1, "time": at + 2, "kind": "lost", "where": "small", "count": 3}]
    (row,) = recognised().http.to_dict("records")
    assert (row["host"], row["cut"]) == ("", True)
