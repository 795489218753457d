"""The data set of a fleet: what the documentation asks of it, DuckDB answers."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from inspect_app.cli import main
from inspect_app.exports.dataset import write_dataset
from inspect_app.exports.request import request_of
from tests.builders.capture import CaptureBuilder
from tests.builders.frames import START_NS, build_frames

pytest.importorskip("pyarrow", reason="data sets are written with pyarrow")
duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
parquet = pytest.importorskip("pyarrow.parquet")

DOCUMENT = Path(__file__).parents[3] / "docs" / "fleet.md"
BLOCKS = re.findall(r"## (.*?)\n.*?```sql\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
VIEWS = re.search(r"```sql\n(CREATE.*?)```", DOCUMENT.read_text(), re.DOTALL)[1]
DAY = 86_400_000_000_000


def story(host, digest, later=0):
    frames = build_frames()
    events = frames.events.assign(time=frames.events["time"] + later)
    images = frames.images.assign(since=frames.images["since"] + later)
    if later:
        images.loc[images["comm"] == "curl", "sha256"] = "b2" * 32
        images.loc[images["comm"] == "sh", "sha256"] = "c3" * 32
        images.loc[images.index[-2], "sha256"] = "a1" * 32
    facts = {**frames.host, "hostname": host, "digests": [digest], "started_ns": START_NS + later}
    hosts = frames.hosts.assign(hostname=host)
    return replace(frames, events=events, images=images, host=facts, hosts=hosts)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fleet") / "fleet"
    for host, digest, later in (("node-1", "1" * 64, 0), ("node-2", "2" * 64, 3 * DAY)):
        write_dataset(request_of(story(host, digest, later)), folder)
    return folder


@pytest.fixture
def base(fleet, monkeypatch):
    monkeypatch.chdir(fleet.parent)
    with duckdb.connect() as base:
        base.execute(VIEWS)
        yield base


def answers(base, question):
    (sql,) = (sql for title, sql in BLOCKS if title == question)
    asked = base.execute(sql)
    names = [column[0] for column in asked.description]
    return [dict(zip(names, row, strict=True)) for row in asked.fetchall()]


@pytest.mark.parametrize("question", [title for title, _ in BLOCKS])
def test_each_question_of_the_document_has_an_answer_here(base, question):
    assert answers(base, question)


def test_a_digest_is_found_under_other_names_on_another_host(base):
    found = answers(base, "Where else did this program run?")
    assert {(row["host"], row["exe"]) for row in found} >= {("node-1", "/bin/sh"), ("node-2", "/usr/bin/cat")}


def test_an_address_a_name_and_an_image_are_found_on_both_hosts(base):
    for question in (
        "Who talked to this address?",
        "Who asked for this name?",
        "Where did this container image run?",
    ):
        assert {row["host"] for row in answers(base, question)} == {"node-1", "node-2"}, question
    (talk,) = [row for row in answers(base, "Who talked to this address?") if row["host"] == "node-1"]
    assert (talk["program"], talk["peer_port"], talk["sent"]) == ("curl", 80, 71)


def test_the_first_host_and_the_number_of_hosts_are_told(base):
    found = {row["sha256"]: row for row in answers(base, "Where was it seen first?")}
    assert found["a1" * 32]["first_host"] == "node-1"
    assert found["a1" * 32]["hosts"] == 2


def test_folders_are_by_host_and_date_and_tables_add_up(base, fleet):
    assert sorted(one.name for one in (fleet / "events").iterdir()) == ["host=node-1", "host=node-2"]
    assert [one.name for one in (fleet / "events" / "host=node-2").iterdir()] == ["date=2023-11-17"]
    (counted,) = base.execute("SELECT count(*), count(DISTINCT capture), sum(bytes) FROM events").fetchall()
    frames = build_frames()
    assert counted == (2 * len(frames.events), 2, 2 * int(frames.events["size"].sum()))
    (exact,) = base.execute("SELECT min(time_ns) FROM events WHERE host = 'node-1'").fetchall()
    assert exact == (int(frames.events["time"].iloc[0]),)


def test_writing_a_capture_again_replaces_it_and_leaves_the_others(tmp_path):
    for _ in range(2):
        write_dataset(request_of(story("node-1", "1" * 64)), tmp_path)
    write_dataset(request_of(story("node-1", "3" * 64)), tmp_path)
    files = list(tmp_path.glob("events/*/*/*.parquet"))
    assert len(files) == 2
    write_dataset(request_of(story("node-1", "1" * 64), filters=["proc.name = curl"]), tmp_path)
    assert len(list(tmp_path.glob("events/*/*/*.parquet"))) == 2
    chosen = parquet.read_table(tmp_path / "events").to_pandas()
    assert set(chosen.loc[chosen["capture"] == "1" * 64, "process"]) == {"curl"}


def test_a_selection_takes_along_only_what_it_touches(tmp_path):
    write_dataset(request_of(story("node-1", "1" * 64), filters=["proc.name = curl"]), tmp_path)
    tables = {name: parquet.read_table(tmp_path / name).to_pandas() for name in ("processes", "files")}
    assert set(tables["processes"]["pid"]) == {201}
    assert "/etc/curlrc" in set(tables["files"]["path"]) and "/app/job.py" not in set(tables["files"]["path"])


def test_every_table_is_there_also_where_nothing_is_in_it(tmp_path, monkeypatch):
    """Else a question of it could not even be asked."""
    write_dataset(request_of(story("node-1", "1" * 64), filters=["proc.name = nobody"]), tmp_path / "fleet")
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as base:
        base.execute(VIEWS)
        assert [answers(base, title) for title, _ in BLOCKS if title != "How much of it do we know?"] == [
            [] for _ in BLOCKS[:-1]
        ]
        write_dataset(request_of(story("node-2", "2" * 64)), tmp_path / "fleet")
        assert {row["host"] for row in answers(base, "Who talked to this address?")} == {"node-2"}


@pytest.mark.parametrize("host", ["../../out", "a/b", "", "*", "x=y\n"])
def test_a_hostile_host_stays_one_folder(tmp_path, host):
    folder = tmp_path / "fleet"
    write_dataset(request_of(story(host, "1" * 64)), folder)
    write_dataset(request_of(story(host, "1" * 64)), folder)
    assert [one.name for one in tmp_path.iterdir()] == ["fleet"]
    (made,) = (folder / "events").iterdir()
    assert made.name.startswith("host=") and len(list(made.glob("*/*"))) == 1


def test_the_command_adds_captures_to_a_folder(tmp_path):
    for name in ("one", "two"):
        book = CaptureBuilder(host={"hostname": name, "machine": "x86_64"})
        book.process(100, comm="sh", cwd="/")
        book.open(100, "/etc/motd", ino=7)
        words = ["export", str(book.write(tmp_path / f"{name}.exhume")), "--parquet", str(tmp_path / "fleet")]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
        assert "of 1 events into" in done.stderr
    (path, _) = sorted((tmp_path / "fleet").glob("captures/*/*/*.parquet"))
    assert json.loads(parquet.read_schema(path).metadata[b"exhume"])["host"] == "one"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_of_captures_of_several_hosts_becomes_one_data_set(tmp_path, monkeypatch):
    """Each recording is added by itself; one that is cut short decides the exit code."""
    captures = tmp_path / "captures"
    captures.mkdir()
    for name, path in (("one", "/etc/motd"), ("two", "/etc/motd"), ("three", "/etc/issue")):
        book = CaptureBuilder(host={"hostname": name, "machine": "x86_64"})
        book.process(100, comm="sh", cwd="/")
        book.open(100, path, ino=7)
        book.write(captures / f"{name}.exhume")
    whole = (captures / "two.exhume").read_bytes()
    (captures / "two.exhume").write_bytes(whole[:-5])
    done = CliRunner().invoke(main, ["export", str(captures), "--parquet", str(tmp_path / "fleet")])
    assert done.exit_code == 3, done.output
    assert "two.exhume of two, cut short" in done.stderr
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as base:
        base.execute(VIEWS)
        hosts = base.execute("SELECT DISTINCT host FROM files WHERE path = '/etc/motd' ORDER BY 1").fetchall()
        known = {
            row["host"]: row["state"].split(":")[0] for row in answers(base, "How much of it do we know?")
        }
    assert hosts == [("one",), ("two",)]
    assert known == {"one": "Whole", "three": "Whole", "two": "Cut short at block 8"}
