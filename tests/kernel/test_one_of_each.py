"""The state at a moment, held against lsof, ps and /proc: one of each kind of descriptor, old and new."""

import json
import os
import shutil
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from inspect_app.analysis.state import state_at
from tests.kernel.captures import PROGRAMS, PYTHON, Capture, Recording

pytestmark = pytest.mark.kernel

OLD, NEW = "held-before", "held-since"
HOLDERS = ("itself", "session", "marked", "closed", "jailed", "plain", "daemon", "adopted")
TYPES = {
    **{"REG": "file", "DIR": "directory", "CHR": "char", "unix": "unix", "netlink": "netlink"},
    **{"IPv4": "ipv4", "IPv6": "ipv6"},
}


@contextmanager
def holding(folder, name):
    """A program that holds one of each; what its processes are called, and their pids."""
    (folder / name).mkdir()
    command = [*PYTHON, PROGRAMS / "one_of_each.py", folder / name, name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        yield json.loads(program.stdout.readline())
        program.stdin.close()


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """The capture, the pids by name, and what the system's own tools told of them at the moment."""
    if missing := [tool for tool in ("lsof", "ps") if shutil.which(tool) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("each")
    path = folder / "each.exhume"
    with ExitStack() as stack:
        pids = {OLD: stack.enter_context(holding(folder, OLD))}
        recorder = stack.enter_context(Recording(path))
        recorder.wait_for_snapshot()
        pids[NEW] = stack.enter_context(holding(folder, NEW))
        every = ",".join(str(pid) for names in pids.values() for pid in names.values())
        told = SimpleNamespace(
            lsof=tool("lsof", "-nP", "-F", "ftn", "-p", every),
            ps=tool("ps", "-o", "pid=,ppid=,sid=,uid=,nlwp=,args=", "-ww", "-p", every),
            links={pid: links(pid) for names in pids.values() for pid in names.values()},
        )
        with suppress(OSError):
            Path("/moment/each").stat()
        time.sleep(0.05)
        assert recorder.end() == 0, recorder.err
    capture = Capture(path)
    (mark,) = [call for call in capture.calls("newfstatat", pid=os.getpid()) if call.text == b"/moment/each"]
    state = state_at(capture.frames, int(capture.columns["time"][mark.row]))
    return SimpleNamespace(state=state, pids=pids, told=told, frames=capture.frames)


def tool(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def links(pid):
    return {int(link.name): str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}


@pytest.fixture(params=[f"{when} {who}" for when in (OLD, NEW) for who in HOLDERS])
def held(request, seen):
    """What one process held, as the state tells, and as /proc and lsof do."""
    when, who = request.param.split()
    pid = seen.pids[when][who]
    rows = seen.state.descriptors
    return SimpleNamespace(
        rows=rows[rows["pid"] == pid].set_index("fd"), links=seen.told.links[pid], lsof=of_lsof(seen, pid)
    )


def of_lsof(seen, wanted):
    """(type, name) by number, of one process."""
    found, pid, fd = {}, 0, ""
    for line in seen.told.lsof.splitlines():
        if line[0] == "p":
            pid = int(line[1:])
        elif line[0] == "f":
            fd, kind = line[1:], ""
        elif line[0] == "t":
            kind = line[1:]
        elif line[0] == "n" and pid == wanted and fd.isdigit():
            found[int(fd)] = (kind, line[1:])
    return found


def test_the_same_numbers_are_open_as_proc_lists(held):
    assert held.rows.index.tolist() == sorted(held.links)


def test_what_is_no_socket_is_called_as_its_link_in_proc_reads(held):
    rows = held.rows
    # What a pipe is called is told by who uses it.
    unused = set(rows.index[(rows["type"] == "pipe") & (rows["file"] == "")])
    named = {fd: link for fd, link in held.links.items() if not link.startswith("socket:")}
    assert len(unused) <= 4
    assert all(named.pop(fd).startswith("pipe:") for fd in unused)
    assert rows["file"][list(named)].to_dict() == named


def test_sockets_have_the_ends_and_names_that_lsof_tells(held):
    compared = 0
    for fd, (kind, name) in held.lsof.items():
        ours = held.rows["file"][fd]
        if kind in ("IPv4", "IPv6"):
            ends = {end.replace("*:", "[::]:" if kind == "IPv6" else "0.0.0.0:") for end in name.split("->")}
            assert set(ours.split("->")) == ends
        elif kind == "unix" and not name.startswith("type="):
            assert ours == name.partition(" type=")[0]
        else:
            continue
        compared += 1
    # Some numbers were closed, or close at exec, in all processes but a few.
    assert compared >= (5 if len(held.links) > 30 else 0)


def test_types_are_those_of_lsof(held):
    told = {fd: TYPES[kind] for fd, (kind, _) in held.lsof.items() if kind in TYPES}
    mapped = [fd for fd, (kind, name) in held.lsof.items() if kind == "IPv6" and "::" not in name]
    told |= dict.fromkeys((fd for fd in mapped if "->" in held.lsof[fd][1]), "ipv4")
    links = {fd for fd, link in held.links.items() if link.startswith(("/memfd", "net:"))}
    told |= dict.fromkeys(links, "file")
    assert held.rows["type"][list(told)].to_dict() == told


def test_parents_sessions_users_and_arguments_are_those_of_ps(seen):
    rows = seen.state.processes.set_index("pid")
    lines = [line.split(None, 5) for line in seen.told.ps.splitlines()]
    assert len(lines) == 2 * len(HOLDERS)
    for pid, ppid, sid, uid, threads, arguments in lines:
        row = rows.loc[int(pid)]
        process = seen.frames.processes.iloc[row["process"]]
        image = seen.frames.images.iloc[process["image"]]
        assert (row["parent"], process["sid"]) == (int(ppid), int(sid))
        assert (row["uid"], row["threads"]) == (int(uid), int(threads))
        assert f"{image['exe']} {image['args']}".strip() == arguments


def test_who_listened_is_known_though_nothing_was_done_with_it(seen):
    things = seen.frames.descriptors
    for names in seen.pids.values():
        rows = seen.state.descriptors
        mine = rows[(rows["pid"] == names["itself"]) & (rows["descriptor"] >= 0)]["descriptor"].unique()
        roles = things.iloc[np.sort(mine)]
        assert (roles["role"] == "listener").sum() == 6
