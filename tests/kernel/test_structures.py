"""What lies in structures behind arguments, held against what strace prints of the same calls."""

import re

import pytest

from inspect_app.analysis.event import describe_event
from inspect_app.analysis.matches import matching_rows
from tests.kernel.captures import PYTHON, Capture, exhume_capture

pytestmark = pytest.mark.kernel
CALLS = ("openat2", "clone3", "capget", "capset", "bpf", "fcntl", "prctl")


def lines(capture, pids, *names):
    """The calls of some processes, one after another, as they read."""
    calls = [call for pid in pids for call in capture.calls(*names, pid=pid)]
    return [
        describe_event(capture.frames, call.row).line for call in sorted(calls, key=lambda call: call.start)
    ]


def test_structures_are_shown_by_their_members(capture, told):
    facts = told("structures")
    assert lines(capture, [facts.pid], "openat2") == [
        'openat2(AT_FDCWD, "made", {flags=O_WRONLY|O_CREAT, mode=0640, resolve=RESOLVE_BENEATH}, 24) = '
        f"{facts.opened}"
    ]
    assert lines(capture, [facts.capset], "capset") == [
        "capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, "
        "{effective=CAP_SETUID|CAP_BPF, permitted=CAP_SETUID|CAP_BPF, inheritable=0}) = 0"
    ]
    assert lines(capture, [facts.groups], "setgroups") == ["setgroups(3, [4, 27, 2147483648]) = 0"]
    assert lines(capture, [facts.pid], "clone3") == [
        f"clone3({{flags=CLONE_NEWIPC, exit_signal=SIGCHLD}}, 88) = {facts.cloned}",
        "clone3({flags=0, exit_signal=SIGCHLD, set_tid=[-5, 7], set_tid_size=2}, 88) = "
        "-1 EINVAL (Invalid argument)",
    ]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("evt.arg.how contains RESOLVE_BENEATH", "openat2"),
        ("evt.arg.cl_args contains CLONE_NEWIPC", "clone3"),
        ("evt.arg.attr contains a_program and evt.arg.attr contains GPL", "bpf"),
        ('evt.arg.attr contains "/sys/fs/bpf/none"', "bpf"),
        ("evt.type = fcntl and evt.arg.arg contains F_WRLCK and evt.arg.cmd = F_SETLK", "fcntl"),
        ("evt.type = openat2 and evt.is_open_create = true and evt.is_open_write = true", "openat2"),
    ],
)
def test_filters_find_calls_by_what_their_structures_hold(capture, told, condition, found):
    pid = told("structures").pid
    rows = matching_rows(capture.frames, f"proc.pid = {pid} and {condition}")
    assert capture.frames.events["type"].iloc[rows].tolist() == [found]


def test_names_given_to_threads_and_memory_are_text(capture, told):
    first, second = lines(capture, [told("structures").pid], "prctl")
    assert first.startswith('prctl(PR_SET_NAME, "a new name", ')
    assert second.startswith('prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x0, 0x0, "no memory")')


def test_an_opened_file_and_changed_capabilities_are_told_behind_them(capture, told):
    """What comes after the record of such a call is not lost."""
    facts = told("structures")
    (opened,) = capture.calls("openat2", pid=facts.pid)
    paths = [call for call in capture.calls("opened_path", pid=facts.pid) if call.identity == opened.identity]
    assert [path.text.rsplit(b"/", 1)[-1] for path in paths] == [b"made"]
    assert opened.path.endswith("/structures/made")
    (change,) = capture.calls("cred_change", pid=facts.capset)
    assert change.a1 == 126


def test_strace_prints_the_same_names_and_numbers(capture, told, everyday):
    """Of every member that is shown: strace shows it with the same flags, names and numbers."""
    facts = told("structures_under_strace")
    pids = (facts.pid, facts.capset)
    text = (everyday.folder / "structures_under_strace" / "strace").read_text()
    theirs = re.findall(rf"^(?:{'|'.join(map(str, pids))}) +((?:{'|'.join(CALLS)})\(.*)", text, re.M)
    ours = lines(capture, pids, *CALLS)
    pairs = [
        (line, other)
        for line, other in zip(sorted(ours, key=_call), sorted(theirs, key=_call), strict=True)
        if "{" in line
    ]
    wrong = [(line, other) for line, other in pairs if not _members(line) <= _members(other)]
    assert wrong == []
    assert len(pairs) > 10


def _call(line):
    return line.partition("(")[0]


def _members(line):
    """(name, its words and numbers) of each member: `flags=1<<CAP_BPF|0x10` has CAP_BPF and 16."""
    found = re.findall(r"(\w+)=(\"[^\"]*\"|\[[^]]*\]|[^,{}\[\]]+)", re.sub(r" = .*$| <unfin.*$", "", line))
    # Of `insns` strace prints the instructions.
    parts = ((name, re.split(r"[|, ]+", text)) for name, text in found if name != "insns")
    return {(name, frozenset(map(_plain, words))) for name, words in parts}


def _plain(word):
    word = re.sub(r"\(.*|^1<<|^\[|\]$", "", word)
    return str(int(word, 0)) if re.fullmatch(r"0x[0-9a-f]+|[1-9]\d*|0", word) else word


WITHOUT_THE_PROGRAM = """
import capture.agent.features as features
features.FEATURES = tuple(feature for feature in features.FEATURES if feature.name != "structures")
"""


def test_where_the_kernel_refuses_that_program_the_calls_are_recorded_without_structures(tmp_path):
    command = (
        *PYTHON,
        "-c",
        "import os, fcntl; fcntl.lockf(os.open('/tmp', os.O_TMPFILE | os.O_RDWR), fcntl.LOCK_EX)",
    )
    path = tmp_path / "x.exhume"
    done = exhume_capture("record", "-o", path, "--", *command, before=WITHOUT_THE_PROGRAM)
    assert done.returncode == 0, done.stderr
    capture = Capture(path)
    (locked,) = [call for call in capture.calls("fcntl", ret=0) if call.a1 == 7]
    assert describe_event(capture.frames, locked.row).line.startswith(f"fcntl({locked.fd}, F_SETLKW, 0x")
    assert locked.ino
