"""What processes used over time, from samples and ends."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from inspect_app.analysis.selection import TimeRange
from inspect_app.analysis.usage import UsageBy, usage
from inspect_app.cli import main
from inspect_app.frames.columns import SAMPLE_COLUMNS
from inspect_app.frames.tables import build_table
from tests.builders.frames import CURL, MS, NGINX, PYTHON, START_NS, WORKER, build_frames

HALVES = TimeRange(START_NS, START_NS + 2_000 * MS)
ROWS = [
    # ms, process, cpu ms, rss, vms, minor, major faults, threads
    (100, NGINX, 5_000, 40, 400, 1_000, 9, 1),
    (100, WORKER, 100, 20, 200, 10, 0, 1),
    (400, PYTHON, 20, 70, 700, 500, 1, 2),
    (1_100, NGINX, 5_010, 44, 400, 1_001, 9, 1),
    (1_200, PYTHON, 60, 90, 700, 900, 2, 2),
    (1_900, WORKER, 400, 24, 200, 30, 0, 3),
]


@pytest.fixture
def frames():
    time, process, cpu, *rest = map(list, zip(*ROWS, strict=True))
    names = ("rss", "vms", "minflt", "majflt", "threads")
    samples = build_table(
        SAMPLE_COLUMNS,
        {
            "time": [START_NS + ms * MS for ms in time],
            "process": process,
            "cpu_time": [ms * MS for ms in cpu],
            **dict(zip(names, rest, strict=True)),
        },
    )
    return replace(build_frames(), samples=samples)


def rows(table, key):
    half = ((table["time"] - START_NS) // (1_000 * MS)).tolist()
    columns = ("cpu", "rss", "minflt", "threads")
    figures = zip(*(table[name].tolist() for name in columns), strict=True)
    return {
        (at, who): (cpu // MS, *others)
        for at, who, (cpu, *others) in zip(half, table[key].tolist(), figures, strict=True)
    }


def test_a_step_has_what_was_used_in_it_and_what_was_held_at_its_end(frames):
    told = rows(usage(frames, window=HALVES, steps=2), "process")
    assert told[0, NGINX] == (0, 40, 0, 1)  # it ran before: what it had used then is not of this step
    assert told[1, NGINX] == (10, 44, 1, 1)
    assert told[1, WORKER] == (300, 24, 20, 3)
    assert told[0, PYTHON] == (20, 70, 500, 2)  # it began within the recording, with nothing


def test_an_end_tells_what_was_used_after_the_last_sample(frames):
    told = rows(usage(frames, window=HALVES, steps=2), "process")
    assert told[1, PYTHON] == (92 - 20, 0, 1_930 - 500, 0)
    assert told[0, CURL] == (4, 0, 210, 0)  # it was never sampled
    assert (1, CURL) not in told


def test_a_container_has_the_sum_of_its_processes(frames):
    table = usage(frames, window=HALVES, steps=2, by=UsageBy.CONTAINER)
    told = rows(table, "container")
    web = frames.processes["container"].iloc[NGINX]
    assert told[1, web] == (310, 68, 21, 4)
    assert table.loc[table["container"] == web, "share"].tolist() == [0.0, 0.31]


def test_steps_add_up_to_the_whole(frames):
    whole = usage(frames, window=HALVES, steps=1).set_index("process")["cpu"]
    for steps in (2, 7, 60):
        parts = usage(frames, window=HALVES, steps=steps).groupby("process")["cpu"].sum()
        assert parts.to_dict() == whole.to_dict()


def test_only_some_processes_are_told_of_when_asked(frames):
    assert set(usage(frames, processes=[PYTHON])["process"]) == {PYTHON}
    assert len(usage(frames, processes=[])) == 0
    assert len(usage(build_frames(0))) == 0


def test_too_many_figures_are_refused(frames, monkeypatch):
    monkeypatch.setattr("inspect_app.analysis.usage.MAX_CELLS", 10)
    with pytest.raises(ValueError, match="more than 10 figures"):
        usage(frames, steps=60)


def test_the_command_has_a_row_a_step(frames, monkeypatch):
    monkeypatch.setattr("inspect_app.cli.usage.open_for_command", lambda files, expression: frames)

    def run(*arguments):
        return CliRunner().invoke(main, ["usage", "x.exhume", *arguments])

    told = json.loads(run("--steps", "2", "--format", "json", "-n", "1").stdout)
    assert {row["pid"] for row in told} == {301}
    assert [row["rss"] for row in told] == [20, 24]
    by_container = run("--by", "container", "--steps", "2")
    assert "web" in by_container.stdout
    assert "host" in by_container.stdout
    assert {
        row["pid"] for row in json.loads(run("--filter", "proc.name = curl", "--format", "json").stdout)
    } == {201}
