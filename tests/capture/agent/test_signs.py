"""Signs of containers in records and in the snapshot."""

import numpy as np
import pytest

from capture.agent.chunks import NO_WORDS, Chunk, Texts
from capture.agent.heads import heads_of
from capture.agent.records import WORDS
from capture.agent.signs import cgroups_listed, runtime_calls_listed, runtime_calls_of
from capture.containers.runtime_calls import RuntimeCall

A = "a1" * 32


def texts(name, values, at):
    width = max(map(len, values)) + 7 & ~7
    rows = np.zeros((len(values), width), np.uint8)
    for row, value in enumerate(values):
        rows[row, : len(value)] = np.frombuffer(value, np.uint8)
    return Texts(name, rows, np.array([len(value) for value in values], np.uint32), np.array(at))


def chunk(*programs):
    """Executed programs: (file, arguments)."""
    heads = heads_of(np.zeros((len(programs), WORDS), np.uint64))
    at = range(len(programs))
    names = texts("text", [name for name, _ in programs], at)
    arguments = texts("text2", [b"\0".join(argv) + b"\0" for _, argv in programs], at)
    return Chunk(heads, [names, arguments], NO_WORDS)


def test_calls_of_runtimes_are_found_among_other_programs():
    run = [b"runc", b"run", b"-b", b"/b", b"job"]
    found = runtime_calls_of(
        chunk(
            (b"/bin/sh", [b"runc", b"run", b"-b", b"/b", b"liar"]),
            (b"/usr/sbin/runc", run),
            (b"c", [b"x"]),
            (b"crun", [b"crun", b"create", b"--bundle=/c", b"two"]),
            (b"/usr/bin/conmon", [b"conmon", b"-c", A.encode(), b"-b", b"/d", b"-n", b"web"]),
            (b"/usr/sbin/runc", [b"runc", b"list"]),
        )
    )
    assert list(found) == [
        RuntimeCall("job", "/b", runtime="runc"),
        RuntimeCall("two", "/c", runtime="crun"),
        RuntimeCall(A, "/d", "web"),
    ]


@pytest.mark.parametrize("without", ["text", "text2"])
def test_a_chunk_without_texts_has_no_calls(without):
    made = chunk((b"runc", [b"runc", b"run", b"job"]))
    left = [text for text in made.texts if text.name != without]
    assert list(runtime_calls_of(Chunk(made.heads, left, NO_WORDS))) == []


def test_monitors_and_shims_that_run_tell_their_containers():
    rows = [
        {"argv": [b"containerd-shim-runc-v2", b"-namespace", b"k8s.io", b"-id", A.encode()], "cwd": "/run/b"},
        {"argv": [b"sleep", b"9"], "cwd": "/"},
        {"argv": None},
        {},
    ]
    assert list(runtime_calls_listed(rows)) == [RuntimeCall(A, "/run/b")]


def test_cgroups_of_all_hierarchies_are_listed_once():
    rows = [{"cgroups": ["4:memory:/a", "3:name=systemd:/a", "2:pids:/b:c", "0::/"]}, {"cgroups": []}, {}]
    assert cgroups_listed(rows) == {"/a", "/b:c"}
