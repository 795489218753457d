"""The state at a moment, held against what /proc told the program itself at that moment."""

import json
from pathlib import Path

import pytest

from inspect_app.analysis.state import state_at
from inspect_app.filters.fields import FIELDS
from tests.kernel.captures import PROGRAMS, PYTHON, Capture, record

pytestmark = pytest.mark.kernel

MOMENTS = ("start", "opened", "closed", "ranges", "child", "after", "end")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = tmp_path_factory.mktemp("moments") / "moments.exhume"
    done = record(path, *PYTHON, PROGRAMS / "moments.py")
    assert done.returncode == 0, done.stderr
    told = [entry for line in done.stdout.splitlines() for entry in json.loads(line)]
    return Capture(path), {name: (pid, there) for name, pid, there in told}


@pytest.mark.parametrize("name", MOMENTS)
def test_what_a_process_held_at_a_moment_is_what_proc_listed(recorded, name):
    capture, told = recorded
    pid, there = told[name]
    (mark,) = [
        call for call in capture.calls("newfstatat", pid=pid) if call.text == f"/moment/{name}".encode()
    ]
    state = state_at(capture.frames, int(capture.columns["time"][mark.row]))
    held = state.descriptors[state.descriptors["pid"] == pid].set_index("fd")["file"]
    assert held.index.tolist() == [int(number) for number in there]
    for number, link in there.items():
        if link.startswith("/"):
            assert held[int(number)] == link
        else:
            assert held[int(number)].partition(":")[0] in (link.partition(":")[0], "socket", "pipe")


@pytest.mark.parametrize("name", MOMENTS)
def test_at_any_event_a_process_holds_as_many_as_proc_listed(recorded, name):
    capture, told = recorded
    pid, there = told[name]
    (mark,) = [
        call for call in capture.calls("newfstatat", pid=pid) if call.text == f"/moment/{name}".encode()
    ]
    assert FIELDS["proc.fdopencount"].column(capture.frames).values[mark.row] == len(there)


def test_the_limits_and_cgroups_of_processes_are_those_in_proc(recorded):
    frames = recorded[0].frames
    first = frames.processes.set_index("pid").loc[1]
    lines = Path("/proc/1/limits").read_text().splitlines()
    (limit,) = [line.split()[3] for line in lines if line.startswith("Max open files")]
    assert first["fd_limit"] == int(limit)
    assert first["cgroups"].splitlines() == Path("/proc/1/cgroup").read_text().splitlines()


def test_who_lived_at_a_moment_and_what_ran(recorded):
    capture, told = recorded
    parent, child = told["opened"][0], told["child"][0]
    (mark,) = [call for call in capture.calls("newfstatat", pid=child) if call.text == b"/moment/after"]
    state = state_at(capture.frames, int(capture.columns["time"][mark.row]))
    rows = state.processes.set_index("pid")
    assert rows.loc[child, "ppid"] == parent
    assert rows.loc[child, "command"].endswith("moments.py after")
    before = state_at(capture.frames, int(capture.frames.events["time"].iloc[0]))
    assert child not in before.processes["pid"].tolist()
