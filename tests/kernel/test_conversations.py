"""What programs said to each other, held against what they told themselves, and against ss, ps and /proc."""

import re

import pytest

from inspect_app.analysis.edges import edges
from inspect_app.analysis.needles import plain_text
from inspect_app.analysis.payload_search import search
from inspect_app.analysis.selection import select
from inspect_app.analysis.state import state_at
from inspect_app.filters.transfers import recognised
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.table import apply_view
from tests.kernel.captures import Capture, run_programs

pytestmark = pytest.mark.kernel

_OURS = ("--snaplen", "2048", "--only-command")
"""Nobody else: much payload of a busy machine would be given up."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conversations")
    path = folder / "conversations.exhume"
    told = run_programs(path, folder, "conversations", options=_OURS)["conversations"]
    assert told["code"] == 0, told["err"]
    return Capture(path), told["facts"]


@pytest.fixture
def frames(recorded):
    return recorded[0].frames


@pytest.fixture
def facts(recorded):
    return recorded[1]


def of(frames, protocol, pid):
    """The messages of a process, one dictionary each."""
    table = getattr(recognised(frames), protocol)
    process = frames.events["process"].to_numpy()[table["event"].to_numpy()]
    return table[frames.processes["pid"].to_numpy()[process] == pid].to_dict("records")


def flows(frames, **pids):
    """(kind, sent, received) of what went from one process to another."""
    pid = frames.processes["pid"]
    row = {side: pid.index[pid == wanted][-1] for side, wanted in pids.items()}
    table = edges(frames)
    mine = table[(table["sender"] == row["sender"]) & (table["receiver"] == row["receiver"])]
    return list(mine[["kind", "sent", "received"]].itertuples(index=False, name=None))


def test_requests_and_what_they_were_answered_are_known_at_both_ends(frames, facts):
    host = f"127.0.0.1:{facts['http']['port']}"
    assert facts["http"]["code"] == 0
    asked = [row for row in of(frames, "http", facts["http"]["client"]) if row["kind"] == "request"]
    assert [(row["method"], row["target"], row["status"], row["host"], row["side"]) for row in asked] == [
        ("GET", "/there?a=1", 200, host, "client"),
        ("GET", "/elsewhere", 404, host, "client"),
    ]
    served = [row for row in of(frames, "http", facts["pid"]) if row["kind"] == "request"][:2]
    assert [(row["path"], row["status"], row["side"]) for row in served] == [
        ("/there", 200, "server"),
        ("/elsewhere", 404, "server"),
    ]
    for one, other in zip(asked, served, strict=True):
        assert one["request_size"] == other["request_size"]
        assert one["response_size"] == other["response_size"]
        assert 0 < other["latency"] <= one["latency"]
    assert asked[0]["response_size"] > 5_000
    assert all("urllib" in row["user_agent"].lower() and not row["cut"] for row in asked)


def test_a_request_of_curl_is_one_row_of_the_view(frames, facts):
    if "curl" not in facts["http"]:
        pytest.skip("curl is not installed")
    table = apply_view(
        VIEWS["http_requests"], frames, select(frames, None, [f"proc.pid = {facts['http']['curl']}"])
    )
    assert len(table) == 1
    row = {column.id: table.value(0, place) for place, column in enumerate(table.columns)}
    assert (row["http.method"], row["http.target"], row["http.status"]) == ("GET", "/there", 200)
    assert row["http.user_agent"].startswith("curl/")
    assert row["http.latency"] > 0


def test_queries_are_known_with_their_answers(frames, facts):
    assert facts["dns"]["code"] == 0
    asked = [row for row in of(frames, "dns", facts["dns"]["asker"]) if row["kind"] == "query"]
    assert [(row["name"], row["type"], row["code"], row["answers"]) for row in asked] == [
        ("there.example", "A", "NOERROR", "192.0.2.7"),
        ("nowhere.example", "A", "NXDOMAIN", ""),
    ]
    served = [row for row in of(frames, "dns", facts["pid"]) if row["kind"] == "query"]
    assert [(row["name"], row["code"], row["side"]) for row in served] == [
        ("there.example", "NOERROR", "server"),
        ("nowhere.example", "NXDOMAIN", "server"),
    ]


def test_hellos_are_known_at_both_ends(frames, facts):
    assert facts["tls"]["code"] == 0
    for pid in (facts["tls"]["asker"], facts["pid"]):
        hello, answer = of(frames, "tls", pid)
        assert (hello["kind"], answer["kind"]) == ("client", "server")
        assert hello["name"] == answer["name"] == "shop.example"
        assert (hello["offered"], hello["version"], hello["protocols"]) == ("1.2", "1.2", "http/1.1")


def test_bytes_go_from_who_sent_them_to_who_received_them(frames, facts):
    http = facts["http"]["client"]
    assert {sent == got > 5_000 for _, sent, got in flows(frames, sender=facts["pid"], receiver=http)} == {
        True,
        False,
    }
    for kind, sent, got in flows(frames, sender=http, receiver=facts["pid"]):
        assert kind == "ipv4"
        assert sent == got
    assert facts["unix"]["codes"] == [0, 0]
    for size, client in zip((111, 222), facts["unix"]["clients"], strict=True):
        assert ("unix", size, size) in flows(frames, sender=client, receiver=facts["pid"])
        assert ("unix", 2, 2) in flows(frames, sender=facts["pid"], receiver=client)


def test_a_pipe_and_a_socketpair_lead_from_child_to_parent(frames, facts):
    assert facts["pairs"]["code"] == 0
    found = flows(frames, sender=facts["pairs"]["worker"], receiver=facts["pid"])
    assert ("pipe", 444, 444) in found
    assert ("unix", 333, 333) in found


def test_a_text_of_many_calls_is_found_where_it_was_sent(frames, facts):
    body = search(frames, plain_text("x" * 3_000))
    assert len(body) == 0  # more than was kept of one call
    found = search(frames, plain_text("Host: 127.0.0.1:"))
    names = frames.events["type"].iloc[found.rows].tolist()
    assert {"sendto", "recvfrom"} & set(names)


def moment(capture, name, pid):
    (mark,) = [
        call for call in capture.calls("newfstatat", pid=pid) if call.text == f"/moment/{name}".encode()
    ]
    return int(capture.columns["time"][mark.row])


@pytest.fixture
def state(recorded):
    capture, facts = recorded
    return state_at(capture.frames, moment(capture, "connections", facts["pid"]))


def test_connections_at_a_moment_are_those_that_ss_lists(state, facts):
    if not facts["moment"]["ss"]:
        pytest.skip("ss is not installed")
    ours = {facts["pid"], facts["moment"]["holder"]}
    said = set()
    for line in facts["moment"]["ss"].splitlines():
        kind, _, _, local, peer, *_ = line.split()
        for pid, fd in re.findall(r"pid=(\d+),fd=(\d+)", line):
            if int(pid) in ours and kind in ("ESTAB", "LISTEN"):
                said.add((int(pid), int(fd), local, peer if kind == "ESTAB" else ""))
    held = state.connections[state.connections["pid"].isin(ours)]
    known = {(row["pid"], row["fd"], *row["file"].partition("->")[::2]) for row in held.to_dict("records")}
    assert {entry[:2] for entry in said} <= {entry[:2] for entry in known}
    established = {entry for entry in said if entry[3]}
    assert len(established) == 2
    for pid, fd, local, peer in established:
        assert any((pid, fd) == entry[:2] and {local, peer} == set(entry[2:]) for entry in known)


def test_descriptors_at_a_moment_are_those_that_lsof_lists(state, facts):
    if not facts["moment"]["lsof"]:
        pytest.skip("lsof is not installed")
    listed, pid, fd = {}, 0, -1
    for line in facts["moment"]["lsof"].splitlines():
        if line[0] == "p":
            pid = int(line[1:])
        elif line[0] == "f":
            fd = int(line[1:])
        elif line[0] == "n":
            listed[pid, fd] = line[1:]
    assert {pid for pid, _ in listed} == {facts["pid"], facts["moment"]["holder"]}
    for pid in (facts["pid"], facts["moment"]["holder"]):
        held = state.descriptors[state.descriptors["pid"] == pid].set_index("fd")
        there = {fd: name for (owner, fd), name in listed.items() if owner == pid}
        # lsof is run with pipes of ours for what it says, which are gone at the moment.
        assert set(held.index) <= set(there)
        assert all(there[fd] in ("pipe",) or " " in there[fd] for fd in set(there) - set(held.index))
        paths = {fd: name for fd, name in there.items() if name.startswith("/") and fd in held.index}
        assert paths
        assert all(held.loc[fd, "file"] == name for fd, name in paths.items())


def test_descriptors_at_a_moment_are_those_of_proc(state, facts):
    for pid, links in facts["moment"]["fds"].items():
        held = state.descriptors[state.descriptors["pid"] == int(pid)].set_index("fd")["file"]
        # Reading /proc/PID/fd takes a descriptor of the reader's own, which is gone at the moment.
        there = {int(fd): link for fd, link in links.items() if not link.endswith("/fd")}
        assert sorted(held.index) == sorted(there)
        assert all(held[fd] == link for fd, link in there.items() if link.startswith("/"))


def test_processes_at_a_moment_are_those_that_ps_lists(state, facts):
    said = {int(line.split()[0]): line.split(None, 2)[1:] for line in facts["moment"]["ps"].splitlines()}
    rows = state.processes.set_index("pid")
    for pid in (facts["pid"], facts["moment"]["holder"]):
        assert rows.loc[pid, "name"] == said[pid][1]
        assert str(rows.loc[pid, "ppid"]) == said[pid][0]
    alive = set(rows.index)
    gone = [pid for pid, (_, name) in said.items() if pid not in alive and name != "ps"]
    # Others come and go between ps and the moment.
    assert len(gone) <= 0.2 * len(said)


def test_bytes_of_a_process_are_those_of_its_account(recorded):
    capture, facts = recorded
    worker, (before, after) = facts["io"]["worker"], facts["io"]["accounts"]
    begin, end = (moment(capture, name, worker) for name in ("begins", "ends"))
    time = capture.columns["time"]
    sums = {}
    for name in ("read", "write"):
        calls = capture.calls(name, pid=worker)
        sums[name] = sum(call.ret for call in calls if begin < time[call.row] < end)
    grew = {
        name: account(after, name) - account(before, name) for name in ("rchar", "wchar", "syscr", "syscw")
    }
    assert grew["wchar"] == sums["write"]
    assert grew["syscw"] == 499
    # The account itself is read by the first pread, whose bytes count only once it has returned.
    assert grew["rchar"] == sums["read"] + len(before)
    assert grew["syscr"] == 499 + 1


def account(text, name):
    return int(re.search(rf"^{name}: (\d+)$", text, re.M)[1])
