"""CSV, JSON and timelines, read by what others read them with."""

import csv
import io
import json
import re

import numpy as np
import pandas as pd
import pytest

from inspect_app.exports.columns import EVENT_EXPORT_COLUMNS
from inspect_app.exports.errors import ExportError
from inspect_app.exports.export import export
from inspect_app.exports.kinds import KINDS
from inspect_app.exports.pieces import CHUNK
from inspect_app.exports.request import request_of
from inspect_app.exports.timelines import L2T_FIELDS
from inspect_app.filters.fields import FIELDS
from inspect_app.views.catalogue import VIEWS
from tests.builders.frames import build_frames
from tests.inspect_app.exports.written import exported

HOSTILE = "=cmd|' /C calc'!A0,\"\x1b[2J\u202etxt\n\udcff"


@pytest.fixture(scope="module")
def frames():
    return build_frames()


def hostile_frames():
    """The story, in which a path and an argument of curl try to be more than texts."""
    frames = build_frames()
    frames.paths[0] = HOSTILE
    shown = HOSTILE.replace("\udcff", "\\xff")
    frames.descriptors["name"] = frames.descriptors["name"].replace("/etc/hosts", shown)
    frames.images["cmdline"] = frames.images["cmdline"].str.replace("curl -s", shown)
    return frames


def test_a_csv_reader_finds_every_event_with_what_the_filter_language_says_of_it(frames):
    rows = list(csv.DictReader(io.StringIO(exported(frames, "csv").decode())))
    assert len(rows) == len(frames.events)
    for column in EVENT_EXPORT_COLUMNS[2:]:
        found = FIELDS[column.field].column(frames)
        for at in (0, 7, 40, len(rows) - 1):
            missing = found.missing is not None and found.missing[at]
            value = found.values[at] if found.codes is None else found.values[found.codes[at]]
            told = "" if missing else str(value).lower() if column.type == "truth" else str(value)
            assert rows[at][column.name].removeprefix("'") == told, column.name


def test_times_are_in_utc_to_the_nanosecond(frames):
    rows = csv.DictReader(io.StringIO(exported(frames, "csv").decode()))
    times = pd.to_datetime([row["time"] for row in rows], utc=True)
    assert times.as_unit("ns").asi8.tolist() == frames.events["time"].tolist()


def test_json_has_the_source_and_types(frames):
    found = json.loads(exported(frames, "json", "proc.name = curl"))
    assert found["source"]["filters"] == ["proc.name = curl"]
    assert found["source"]["rows"] == len(found["rows"]) > 0
    first = found["rows"][0]
    assert isinstance(first["pid"], int)
    assert isinstance(first["truncated"], bool)
    assert first["container_image"] is None


def test_nothing_chosen_is_still_whole_json(frames):
    assert json.loads(exported(frames, "json", "proc.name = nobody"))["rows"] == []


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_the_rows_of_a_view_are_exported_in_its_order(frames, kind):
    text = exported(frames, kind, view=VIEWS["processes"]).decode()
    rows = list(csv.DictReader(io.StringIO(text))) if kind == "csv" else json.loads(text)["rows"]
    assert len(rows) == len(frames.processes)
    assert set(rows[0]) == {column.id for column in VIEWS["processes"].columns}


def test_a_form_of_events_refuses_rows_of_a_view(frames):
    with pytest.raises(ExportError, match="export the view as csv or json or parquet"):
        exported(frames, "tln", view=VIEWS["processes"])


def test_timesketch_lines_have_what_its_import_asks_for(frames):
    source, *lines = [json.loads(line) for line in exported(frames, "timesketch").splitlines()]
    assert json.loads(source["exhume_source"])["rows"] == len(lines) == len(frames.events)
    for line in (source, *lines):
        assert line["message"] and line["timestamp_desc"]
        moment = pd.Timestamp(line["datetime"])
        assert moment.value // 1_000 == line["timestamp"]
    opened = next(line for line in lines if line["type"] == "openat")
    assert opened["message"] == "curl[201] openat /etc/curlrc = -2 ENOENT"
    assert "container_image" not in opened


def test_l2t_has_seventeen_fields_whatever_the_texts_hold():
    frames = hostile_frames()
    lines = exported(frames, "l2tcsv").decode().splitlines()
    assert lines[0].split(",") == list(L2T_FIELDS)
    assert {line.count(",") for line in lines} == {16}
    assert len(lines) == len(frames.events) + 1
    assert all(re.fullmatch(r"[M.][A.][C.][B.]", line.split(",")[3]) for line in lines[1:])


def test_tln_has_five_fields_and_times_that_sort(frames):
    lines = exported(frames, "tln").decode().splitlines()
    assert {line.count("|") for line in lines} == {4}
    times = [int(line.split("|")[0]) for line in lines[1:]]
    assert times == (frames.events["time"] // 1_000_000_000).tolist()


def test_strace_text_tells_its_source_and_every_call(frames):
    lines = exported(frames, "strace", "proc.name = curl").decode().splitlines()
    told = [line for line in lines if not line.startswith("#")]
    assert lines[0].startswith("# story.exhume (digest none;")
    assert (
        '201 1700000000.060980000 openat(AT_FDCWD, "/etc/curlrc", O_RDONLY|O_CLOEXEC) = -1 ENOENT'
        in " ".join(told)
    )
    assert len(told) == len(request_of(frames, filters=["proc.name = curl"]).selection)


@pytest.mark.parametrize("kind", ["csv", "json", "timesketch", "l2tcsv", "tln", "strace"])
def test_no_text_of_a_capture_is_obeyed(kind):
    text = exported(hostile_frames(), kind).decode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)
    if kind == "csv":
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        numbers = re.compile(r"-?\d+")
        assert not [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell and not numbers.fullmatch(cell)]


def test_events_of_several_chunks_come_in_order():
    frames = build_frames(CHUNK * 2 + 5)
    lines = exported(frames, "csv").splitlines()
    numbers = np.array([int(line.split(b",", 1)[0]) for line in lines[1:]])
    assert (numbers == np.arange(1, CHUNK * 2 + 6)).all()


def test_a_file_is_its_owners_alone_and_tells_its_source_beside_it(frames, tmp_path):
    path = tmp_path / "events.csv"
    written = export(request_of(frames), KINDS["csv"], path)
    beside = path.with_name("events.csv.source.json")
    assert {one.stat().st_mode & 0o777 for one in (path, beside)} == {0o600}
    assert json.loads(beside.read_text())["capture"] == "story.exhume"
    assert written.size == path.stat().st_size


def test_work_that_is_stopped_leaves_what_was_there(frames, tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("before")

    def stop(done, total):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        export(request_of(frames), KINDS["csv"], path, stop)
    assert path.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["events.csv"]


def test_the_same_selection_gives_the_same_bytes(frames):
    for kind in KINDS:
        assert exported(frames, kind) == exported(frames, kind)
