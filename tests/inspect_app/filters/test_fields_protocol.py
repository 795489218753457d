"""Fields and views of HTTP, DNS and TLS."""

import pytest

from inspect_app.analysis.selection import select
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.language import parse
from inspect_app.frames import open_capture
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.sorting import default_order
from inspect_app.views.table import apply_view
from tests.builders.capture import SOCKET, CaptureBuilder, sock
from tests.builders.messages import dns_answer, dns_query


def rows(frames, condition):
    return evaluate(parse(condition), frames).nonzero()[0].tolist()


@pytest.mark.parametrize(
    ("condition", "types"),
    [
        ("http.kind = request", ["sendto", "recvfrom"]),
        ("http.kind = request and http.side = server", ["recvfrom"]),
        ("http.status = 200", ["sendto", "recvfrom", "writev", "recvfrom"]),
        ("http.status >= 400", []),
        ("http.latency > 40ms and http.kind = request", ["sendto"]),
        ("http.user_agent startswith curl and http.kind = response", ["writev", "recvfrom"]),
        ("http.response.size = 74 and http.kind = request", ["sendto", "recvfrom"]),
        ("http.cut = true", []),
        ("dns.name = example.org", ["sendto", "recvfrom"]),
        ("dns.kind = query and dns.answers = 172.17.0.2", ["sendto"]),
        ("dns.latency = 9.8ms and dns.rcode = NOERROR", ["sendto", "recvfrom"]),
        ("tls.sni exists", []),
    ],
)
def test_a_filter_finds_messages_by_what_they_say(frames, condition, types):
    assert frames.events["type"].iloc[rows(frames, condition)].tolist() == types


def test_a_call_that_asks_twice_is_found_by_either_question(tmp_path):
    book = CaptureBuilder()
    data = dns_query("a.org", 1, 1) + dns_query("a.org", 28, 2)
    ends = sock("10.0.0.1:5001", "10.0.0.2:53", kind=2, protocol=17)
    book.event("sendto", fd=3, ino=7, mode=SOCKET, sock=ends, ret=len(data), data=data)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    for condition in ("dns.type = A", "dns.type = AAAA", "dns.type = 'A, AAAA'", "dns.name = a.org"):
        assert rows(frames, condition) == [0], condition
    column = FIELDS["dns.type"].column(frames)
    assert column.values[column.codes[0]] == "A, AAAA"


def test_an_address_has_every_name_that_answers_gave_it_for(tmp_path):
    book = CaptureBuilder()
    resolver = sock("10.0.0.1:5001", "10.0.0.2:53", kind=2, protocol=17)
    for at, name in enumerate(("a.org", "b.org", "a.org", *(f"c{number}.org" for number in range(9)))):
        data = dns_answer(name, 1, at, records=[(1, bytes([10, 0, 0, 9]))])
        book.event("recvfrom", fd=3, ino=7, dev=8, mode=SOCKET, sock=resolver, ret=len(data), data=data)
    ends = sock("10.0.0.1:6000", "10.0.0.9:443")
    book.event("connect", fd=4, ino=8, dev=8, mode=SOCKET, sock=ends, ret=0)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    for name in ("a.org", "b.org", "c1.org"):
        assert rows(frames, f"fd.rip.name = {name}") == [12]
    assert rows(frames, "fd.rip.name = c8.org") == []
    assert rows(frames, "fd.sip.name exists and fd.type = ipv4") == [12]


def test_without_payload_no_host_name_can_be_told(tmp_path):
    book = CaptureBuilder()
    ends = sock("10.0.0.1:6000", "10.0.0.9:443")
    book.event("connect", fd=4, ino=8, dev=8, mode=SOCKET, sock=ends, ret=0)
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    with pytest.raises(NotEvaluableError, match="no payload was kept"):
        rows(frames, "fd.sip.name = a.org")


def table(frames, view):
    made = apply_view(VIEWS[view], frames, select(frames))
    return [
        [made.value(row, column) for column in range(len(made.columns))]
        for row in default_order(made).tolist()
    ]


def test_requests_are_rows_with_their_answers(frames):
    first, second = (row[1:9] for row in table(frames, "http_requests"))
    assert first == ["GET", "example.org", "/index.html", 200, 45_000_000, 71, 74, "client"]
    assert second == ["GET", "example.org", "/index.html", 200, 2_000_000, 71, 74, "server"]


def test_hosts_and_names_are_counted(frames):
    assert table(frames, "http_hosts")[0][:6] == ["example.org", 2, 0, 0, 1, 1]
    assert table(frames, "dns_names")[0][:5] == ["example.org", 1, 0, 0, "172.17.0.2"]
    assert table(frames, "dns_queries")[0][1:6] == ["example.org", "A", "NOERROR", "172.17.0.2", 9_800_000]
    assert table(frames, "tls_names") == []
