"""Noted things are found again: in the same capture elsewhere, and in a slice of it."""

import shutil

import pytest
from click.testing import CliRunner

from inspect_app.analysis.selection import TimeRange, select
from inspect_app.analysis.subject import Kind, Subject, subject_of
from inspect_app.cases import AnchorKind, Case
from inspect_app.cases.anchors import (
    capture_anchor,
    event_anchor,
    finding_anchor,
    moment_anchor,
    page_anchor,
    pod_anchor,
    subject_anchor,
    thread_anchor,
    window_anchor,
)
from inspect_app.cases.sightings import of_this, sighting_of
from inspect_app.cases.spots import rows_of, spot_of
from inspect_app.cli import main
from inspect_app.frames import open_capture
from tests.builders.capture import MS, START_NS, CaptureBuilder
from tests.builders.frames import build_frames


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two processes, one born within the recording; several events at one time."""
    book = CaptureBuilder(capture_id="c" * 32)
    book.process(100, comm="sh", cwd="/", container="")
    book.open(100, "/etc/motd", ino=7)
    book.fork(100, 200)
    book.exec(200, "/bin/cat", "cat", "/etc/motd")
    for at in range(6):
        same = START_NS + 20 * MS
        book.event("read", pid=100, ret=1, fd=3, ino=7, args=(3, 0, 1), data=b"%d" % at, time=same)
    book.event("read", pid=200, ret=1, fd=3, ino=7, args=(3, 0, 1), time=START_NS + 20 * MS)
    book.event("close", pid=200, fd=3, time=START_NS + 30 * MS)
    return book.write(tmp_path_factory.mktemp("spots") / "node.exhume", block=4)


@pytest.fixture(scope="module")
def frames(whole):
    return open_capture(whole)


@pytest.fixture(scope="module")
def part(whole, tmp_path_factory):
    out = tmp_path_factory.mktemp("part") / "part.exhume"
    asked = [
        "slice",
        str(whole),
        "--filter",
        "evt.type in (read, close)",
        "--window",
        "+15ms..",
        "-o",
        str(out),
    ]
    assert CliRunner().invoke(main, asked).exit_code == 0
    return open_capture(out)


def test_an_event_is_known_again_in_a_copy_and_in_a_slice(frames, part, whole, tmp_path):
    copy = open_capture(shutil.copy(whole, tmp_path / "other name.exhume"))
    anchors = [event_anchor(frames, row) for row in range(len(frames.events))]
    assert rows_of(copy, anchors).tolist() == list(range(len(frames.events)))
    for row, found in enumerate(rows_of(part, anchors).tolist()):
        if found >= 0:
            assert part.source.payload(found) == frames.source.payload(row)
    reads = [row for row, kind in enumerate(frames.events["type"]) if kind in ("read", "close")]
    assert all(rows_of(part, [anchors[row] for row in reads]) >= 0)


def test_an_event_is_cited_by_file_block_and_digest(frames, whole):
    anchor = event_anchor(frames, 5)
    assert (anchor.file, anchor.index) == ("node.exhume", 1)
    data = whole.read_bytes()
    assert bytes.fromhex(anchor.digest) in data[anchor.offset :]
    assert anchor.label == "read /etc/motd by sh (100)"
    later = event_anchor(frames, 8)
    assert (later.block, later.index) == (anchor.block + 1, 0)


def test_a_slice_and_its_parent_are_of_one_recording(frames, part):
    assert sighting_of(frames).id == "c" * 32
    assert sighting_of(part).id != "c" * 32
    case = Case().with_capture(sighting_of(frames))
    assert "c" * 32 in of_this(case, part)
    other = Case().with_capture(sighting_of(part))
    assert sighting_of(part).id in of_this(other, frames)
    assert of_this(Case().with_capture(sighting_of(build_frames())), frames) == {"", "c" * 32}


def test_a_process_is_known_again_by_pid_and_start(frames, part):
    for pid in (100, 200):
        row = frames.processes["pid"].tolist().index(pid)
        start = frames.processes["start"].tolist()[row]
        anchor = subject_anchor(frames, Subject(Kind.PROCESS, f"{pid}@{start}"))
        assert (anchor.pid, anchor.start_ns) == (pid, start)
        for where in (frames, part):
            assert subject_of(spot_of(where, anchor).page).name.startswith(f"{pid}")


def test_a_file_is_known_again_by_name_or_inode(frames, part):
    anchor = subject_anchor(frames, Subject(Kind.FILE, ":/etc/motd"))
    assert (anchor.dev, anchor.ino) == (1, 7)
    assert spot_of(part, anchor).page == "file/:/etc/motd"
    assert spot_of(build_frames(), anchor).page == ""


def test_what_is_in_no_capture_is_said_to_be_nowhere(frames):
    other = build_frames()
    assert spot_of(other, event_anchor(frames, 3)).page == ""
    assert spot_of(other, subject_anchor(frames, Subject(Kind.CONTAINER, "0123456789ab"))).page == ""


@pytest.fixture(scope="module")
def story():
    return build_frames()


def selected(frames, spot):
    return select(frames, spot.window, [spot.condition])


def test_threads_pods_windows_and_rows_lead_to_their_events(story):
    worker = story.threads["tid"].tolist().index(401)
    assert len(selected(story, spot_of(story, thread_anchor(story, worker))))
    web = story.pods.iloc[0]
    pod = pod_anchor(story, web["namespace"], web["name"])
    assert pod.pod == "shop/web-7d4b9"
    assert len(selected(story, spot_of(story, pod)))
    first, last = int(story.events["time"].iat[2]), int(story.events["time"].iat[9])
    assert len(selected(story, spot_of(story, window_anchor(story, TimeRange(first, last))))) == 7
    assert len(selected(story, spot_of(story, moment_anchor(story, first)))) >= 1
    row = page_anchor(story, AnchorKind.ROW, "processes", "sh", condition="proc.pid = 100")
    assert len(selected(story, spot_of(story, row)))


def test_views_charts_and_the_capture_lead_to_their_pages(story):
    window = TimeRange(1, 2)
    view = page_anchor(story, AnchorKind.VIEW, "files", "Files", window=window)
    assert (spot_of(story, view).page, spot_of(story, view).window) == ("files", window)
    assert spot_of(story, capture_anchor(story)).page == "overview"


def test_a_finding_leads_to_its_event(story):
    finding = finding_anchor(story, "Shell in a container", 4)
    assert finding.kind is AnchorKind.FINDING
    assert spot_of(story, finding).row == 4
    assert spot_of(story, finding).condition == "evt.num = 5"


@pytest.mark.parametrize("kind", [Kind.CONTAINER, Kind.CONNECTION])
def test_containers_and_connections_lead_to_their_pages(story, kind):
    if kind is Kind.CONTAINER:
        subject = Subject(kind, story.containers["id"].iat[1])
    else:
        thing = story.connections.iloc[0]
        subject = Subject(kind, f"{thing['l4proto']} {thing['name']}")
    found = spot_of(story, subject_anchor(story, subject))
    assert subject_of(found.page).kind is kind


def test_what_is_noted_in_one_capture_is_found_among_several(frames, whole, tmp_path):
    book = CaptureBuilder(host={"hostname": "node-2", "machine": "x86_64", "machine_id": "2"})
    book.process(100, comm="sh", cwd="/")
    book.open(100, "/etc/motd", ino=7)
    several = open_capture([whole, book.write(tmp_path / "other.exhume")])
    anchors = [event_anchor(frames, row) for row in range(len(frames.events))]
    found = rows_of(several, anchors)
    assert (found >= 0).all()
    hosts = {event_anchor(several, row).host for row in range(len(several.events))}
    assert hosts == {"node-1", "node-2"}
    case = Case().with_capture(sighting_of(frames))
    assert sighting_of(frames).id in of_this(case, several)
    assert sighting_of(several).id not in (sighting_of(frames).id, "")
    back = rows_of(frames, [event_anchor(several, int(row)) for row in found])
    assert back.tolist() == list(range(len(frames.events)))
