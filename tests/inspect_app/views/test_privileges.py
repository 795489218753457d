"""Views of signals, privileges, modules, program files and resources: who, what, how it ended."""

import numpy as np
import pytest

from inspect_app.analysis.selection import TimeRange, select
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.sorting import default_order
from inspect_app.views.table import apply_view
from inspect_app.views.tiles import measure
from tests.builders.frames import MS, START_NS
from tests.builders.privileges import build_privileged_frames

FRAMES = build_privileged_frames()


def rows_of(name, *columns, condition="", window=None):
    """Cells of a view, in its own order."""
    view = VIEWS[name]
    table = apply_view(view, FRAMES, select(FRAMES, window, [condition]), window=window)
    places = [table.position(column) for column in columns]
    return [tuple(table.value(row, place) for place in places) for row in default_order(table).tolist()]


def test_a_signal_tells_who_sent_it_to_whom_and_what_it_did():
    columns = ("proc.name", "evt.arg.sig", "evt.arg.pid", "signal.target.name", "signal.effect", "evt.res")
    assert rows_of("signals", *columns) == [
        ("sh", "SIGTERM", 1, "systemd", None, "EPERM"),
        ("python3", "SIGKILL", 402, "sh", "kills", None),
        ("sh", "SIGCHLD", 400, "python3", "ignored", None),
        ("sh", "SIGTERM", 300, "nginx", None, None),
    ]


def test_a_signal_can_be_found_by_what_it_did():
    assert len(select(FRAMES, None, ["signal.effect = kills and evt.type = signal_generate"])) == 1
    assert len(select(FRAMES, None, ["signal.target.name = nginx"])) == 1


def test_the_cause_of_a_signal_is_named_by_its_kind():
    assert rows_of("signals", "evt.arg.sig", "evt.arg.code")[1:3] == [
        ("SIGKILL", "SI_USER"),
        ("SIGCHLD", "CLD_KILLED"),
    ]


def test_a_change_of_privileges_tells_the_call_and_before_and_after():
    columns = ("proc.name", "container.name", "evt.arg.by", "evt.arg.what", "evt.arg.change")
    assert rows_of("privileges", *columns) == [
        ("curl", "host", "execve", "capabilities", "caps +SYS_ADMIN"),
        ("runc:[2:INIT]", "batch", "setuid", "uids", "uid 0→1000 euid 0→1000 suid 0→1000 fsuid 0→1000"),
    ]


def test_a_change_of_namespaces_tells_the_call_and_which():
    columns = ("evt.arg.by", "evt.arg.what", "evt.arg.change")
    assert rows_of("namespace_changes", *columns) == [("setns", "CLONE_NEWNS", "mnt 10→11")]


def test_modules_and_bpf_programs_are_told_together_with_attempts():
    assert rows_of("modules", "evt.type", "evt.arg.name", "evt.arg.taints", "evt.res") == [
        ("module_load", "rootkit", "UNSIGNED", None),
        ("bpf", None, None, "SUCCESS"),
        ("finit_module", None, None, "EPERM"),
    ]


def test_a_program_file_has_one_row_with_its_digest_or_why_there_is_none():
    columns = ("proc.exepath", "proc.exe_ino", "execs", "proc.exe_setid", "proc.exe_note")
    rows = rows_of("executables", *columns)
    assert ("/usr/bin/curl", 13, 1, "setuid", "not hashed: gone") in rows
    shells = [row for row in rows if row[0] == "/bin/sh"]
    assert sorted(row[1] for row in shells) == [12, 17, 18]
    assert [row[4] for row in rows_of("executables", "first", "last", *columns[:3])] == [
        row[2] for row in rows
    ]
    digests = dict(rows_of("executables", "proc.exe_ino", "proc.exe_sha256"))
    assert digests[12] == "a1" * 32
    assert digests[13] is None


USED = ("proc.name", "used_cpu", "used_rss")


@pytest.mark.parametrize(
    ("window", "nginx"),
    [
        (None, (400 * MS, 30 << 20)),
        ((0, 1_000), (100 * MS, 30 << 20)),
        ((1_000, 2_000), (300 * MS, 30 << 20)),
        ((1_950, 2_000), (0, 25 << 20)),
    ],
)
def test_processor_time_is_that_of_the_window_and_memory_the_most_in_it(window, nginx):
    span = window and TimeRange(*(START_NS + ms * MS for ms in window))
    rows = rows_of("processes_cpu", "proc.pid", *USED, window=span)
    assert [row[2:] for row in rows if row[0] == 300] == [nginx]


def test_a_process_that_ended_has_what_its_end_tells():
    used = {pid: rest for pid, *rest in rows_of("processes_cpu", "proc.pid", *USED)}
    # Two threads of python, never sampled; the last sample of curl was before its end.
    assert used[400] == ["python3", 92 * MS, None]
    assert rows_of("processes_cpu", *USED, condition="proc.name = curl") == [("curl", 4 * MS, 7 << 20)]
    assert used[100] == ["sh", None, None]


@pytest.mark.parametrize(
    ("tile", "total"),
    [
        ("perf.signals", 2),
        ("perf.killed", 1),
        ("sec.ids", 1),
        ("sec.capabilities", 1),
        ("sec.namespaces", 1),
        ("sec.modules", 1),
        ("sec.bpf_programs", 1),
    ],
)
def test_tiles_count_what_their_views_show(tile, total):
    measured = {one.tile.id: one for one in measure(FRAMES, select(FRAMES, None, []), None, 10)}
    one = measured[tile]
    assert (one.unknown, one.total) == ("", total)
    shown = select(FRAMES, None, [one.tile.condition, VIEWS[one.tile.view].filter]).positions()
    assert len(shown) == np.count_nonzero(shown >= 0) == total
