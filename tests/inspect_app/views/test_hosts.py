"""Captures of two hosts as one: every table, page and moment tells them apart."""

import numpy as np
import pytest

from inspect_app.analysis.edges import edges
from inspect_app.analysis.selection import select
from inspect_app.analysis.state import state_at
from inspect_app.analysis.subject import container_subject, find, label_of
from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.language import parse
from inspect_app.frames import open_capture
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.moment import MOMENT_LISTS, moment_table
from inspect_app.views.row_subjects import subjects_of_row
from inspect_app.views.table import apply_view
from inspect_app.views.view import Kind
from tests.builders.capture import MS, SOCKET, START_NS, CaptureBuilder, sock

CLIENT, SERVER = "10.0.0.1:40000", "10.0.0.2:80"


def host(name, offset, local, peer):
    """A shell of one host reads its passwd and talks to the other host, and to itself over loopback.

    One event is of a container that could not be told.
    """
    facts = {"hostname": name, "machine": "x86_64", "machine_id": f"m-{name}", "boot_id": f"b-{name}"}
    book = CaptureBuilder(host=facts, clock={"started": START_NS + offset, "boot_to_utc": 7})
    book.tables["cgroups"] = [{"id": 1, "hierarchy": 0, "path": "/"}]
    book.process(100, comm=f"{name}-sh", exe="/bin/sh", uid=1000)
    book.tables["users"] = [{"uid": 1000, "name": f"{name}-user"}]
    book.open(100, "/etc/passwd", ino=7, time=START_NS + offset, uid=1000)
    book.event("read", fd=3, ino=7, ret=5, data=b"root:", uid=1000)
    talks = {"mode": SOCKET, "dev": 8, "fd": 4, "uid": 1000}
    role = "connect" if peer == SERVER else "accept4"
    book.event(role, ino=9, sock=sock(local, peer), **talks)
    book.event("write", ino=9, sock=sock(local, peer), ret=4, data=b"ping", **talks)
    book.event("read", ino=9, sock=sock(local, peer), ret=4, data=b"ping", **talks)
    ends = ("127.0.0.1:5000", "127.0.0.1:6000") if name == "web" else ("127.0.0.1:6000", "127.0.0.1:5000")
    book.event("write", ino=11, sock=sock(*ends), ret=1, data=b"x", **talks)
    book.event("getpid", uid=1000, cgroup=99)
    return book


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hosts")
    host("web", 0, CLIENT, SERVER).write(folder / "web.exhume")
    host("db", MS // 2, SERVER, CLIENT).write(folder / "db.exhume")
    return open_capture(folder)


def table(frames, view, condition=""):
    return apply_view(VIEWS[view], frames, select(frames, None, [condition]))


def column(made, name):
    at = made.position(name)
    return [made.value(row, at) for row in range(len(made))]


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "hosts"])
def test_events_of_a_row_are_of_the_host_that_it_names(frames, view):
    made = table(frames, view)
    if "evt.hostname" not in [one.id for one in made.columns]:
        assert made.view.kind is Kind.TABLE
        return
    name_of = np.array([name.encode() for name in frames.hosts["hostname"]])
    of_event = name_of[frames.processes["host"].to_numpy()[frames.events["process"]]]
    for row in range(len(made)):
        selected = evaluate(parse(made.condition(row)), frames)
        assert int(selected.sum()) == made.events[row]
        assert set(of_event[selected]) <= {str(made.value(row, 0)).encode()}


def test_the_same_file_process_and_host_of_two_machines_make_two_rows(frames):
    assert column(table(frames, "files", "fd.name = /etc/passwd"), "evt.hostname") == ["web", "db"]
    assert sorted(column(table(frames, "containers"), "evt.hostname")) == ["db", "db", "web", "web"]
    assert sorted(column(table(frames, "processes"), "user.name")) == ["db-user", "web-user"]


def test_there_is_a_view_of_hosts(frames):
    made = table(frames, "hosts")
    assert column(made, "evt.hostname") == ["web", "db"]
    assert column(made, "events") == [7, 7]
    assert made.condition(1) == "evt.hostname = db"


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("evt.hostname = db", 7),
        ("user.name = web-user", 7),
        ("fd.name = /etc/passwd and evt.hostname = web", 2),
        ("fd.peer.hostname = db", 3),
        ("fd.peer.hostname = db and evt.hostname = db", 0),
        ("container.id = host", 12),
    ],
)
def test_filters_ask_for_a_host(frames, condition, count):
    assert int(evaluate(parse(condition), frames).sum()) == count


def test_a_connection_that_both_hosts_recorded_has_both_ends(frames):
    told = edges(frames)
    met = told[(told["sender"] >= 0) & (told["receiver"] >= 0)]
    hosts = frames.processes["host"].to_numpy()
    assert {(hosts[one], hosts[two]) for one, two in zip(met["sender"], met["receiver"], strict=True)} == {
        (0, 1),
        (1, 0),
    }
    assert met["how"].unique().tolist() == ["addresses"]


def test_loopback_of_one_host_does_not_meet_that_of_another(frames):
    told = edges(frames)
    local = told[told["name"].str.startswith("127.")]
    assert len(local) == 2
    assert ((local["sender"] < 0) | (local["receiver"] < 0)).all()


def test_a_page_of_a_host_or_its_file_is_of_that_host_alone(frames):
    other = container_subject(frames, int(frames.hosts["container"][1]))
    assert (other.name, label_of(frames, other)) == ("host@db", "host@db")
    assert len(find(frames, other).rows) == 6
    assert int(evaluate(parse(other.condition()), frames).sum()) == 6
    files = table(frames, "files", "fd.name = /etc/passwd and evt.hostname = db")
    (subject,) = subjects_of_row(frames, files, 0)
    assert subject.name == "host@db:/etc/passwd"
    found = find(frames, subject)
    assert len(found.rows) == 2
    assert int(evaluate(parse(subject.condition()), frames).sum()) == 2


def test_the_state_at_a_moment_names_hosts(frames):
    state = state_at(frames, START_NS + 2 * MS)
    assert state.users[["host", "user"]].to_numpy().tolist() == [["db", "db-user"], ["web", "web-user"]]
    for one in MOMENT_LISTS:
        made = moment_table(one, state)
        assert made.columns[0].id == "host"
    processes = moment_table(MOMENT_LISTS[0], state)
    assert "evt.hostname = web" in processes.condition(0)


def test_tables_of_one_host_have_no_column_more(tmp_path):
    alone = open_capture(host("web", 0, CLIENT, SERVER).write(tmp_path / "web.exhume"))
    assert "evt.hostname" not in [one.id for one in table(alone, "processes").columns]
    assert "evt.hostname" not in table(alone, "files").condition(0)
