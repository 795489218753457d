"""Figures of views against observers that are not ours: the kernel's own counters, and strace's summary."""

import re
from collections import Counter

import pytest

from inspect_app.analysis.selection import select
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.table import apply_view
from tests.kernel.test_counts import _strace

pytestmark = pytest.mark.kernel


def rows_of(capture, *conditions):
    return select(capture.frames, None, conditions).positions()


def table_of(capture, view, condition):
    return apply_view(VIEWS[view], capture.frames, select(capture.frames, None, [condition]))


def total(table, column):
    return table.totals[table.position(column)]


def between_looks(capture, pid):
    """From the first look at /proc/PID/io up to the last, which is not in its own figures."""
    first, last = rows_of(capture, f"proc.pid = {pid} and evt.type = read and fd.name = /proc/{pid}/io")[
        [0, -1]
    ]
    return f"proc.pid = {pid} and evt.num >= {first + 1} and evt.num <= {last}"


def test_bytes_and_calls_are_those_that_the_kernel_counted(capture, told):
    accounting = told("accounting")
    grown = {name: accounting.end[name] - accounting.begin[name] for name in accounting.end}
    condition = between_looks(capture, accounting.pid)
    table = table_of(capture, "io_by_type", condition)
    assert total(table, "bytes_in") == grown["rchar"]
    assert total(table, "bytes_out") == grown["wchar"]
    assert len(rows_of(capture, condition, "evt.is_io_read = true")) == grown["syscr"]
    assert len(rows_of(capture, condition, "evt.is_io_write = true")) == grown["syscw"]


def test_bytes_of_a_file_and_of_the_network_are_those_that_were_moved(capture, told):
    accounting = told("accounting")
    condition = between_looks(capture, accounting.pid)
    files = table_of(capture, "files", f"{condition} and fd.name = {accounting.folder}/data")
    size = sum(100 * at + 1 for at in range(31)) + 33
    assert total(files, "file_bytes_out") == size + 77
    assert total(files, "file_bytes_in") == size + 500 + 128
    ports = table_of(capture, "connections", condition)
    assert (total(ports, "net_bytes_in"), total(ports, "net_bytes_out")) == (12_345, 12_345)


def test_calls_and_errors_of_each_kind_are_those_that_strace_saw(capture, told, everyday):
    traced = told("counts_under_strace")
    output = everyday.folder / "counts_under_strace" / "strace"
    seen = _strace(output)
    first = rows_of(capture, f"proc.pid = {traced.pid} and evt.type = execve and evt.failed = false")[0]
    own = f"proc.pid = {traced.pid} and evt.num >= {first + 1}"
    children = " or ".join(f"proc.pid = {pid}" for pid in seen if pid != traced.pid)
    table = table_of(capture, "syscalls", f"{own} or {children}")
    failed = table.position("errors")
    ours = {table.value(row, 0): int(table.events[row]) for row in range(len(table))}
    ours_failed = {table.value(row, 0): table.value(row, failed) for row in range(len(table))}
    results = [result for lines in seen.values() for result in lines]
    errors = Counter(name for name, ret in results if ret is not None and -4_096 < ret < 0)
    assert ours == dict(Counter(name for name, _ in results))
    assert {name: count for name, count in ours_failed.items() if count} == dict(errors)
    summed = _summary(output)
    assert summed["read"] > 10_000
    assert summed == {name: count for name, count in ours.items() if name in summed}
    assert set(ours) - set(summed) <= {"exit_group"}


def test_calls_of_each_kind_are_as_many_as_perf_counted(capture, told, everyday):
    """The kernel's own tracepoints, counted by a program that knows nothing of ours."""
    traced = told("counts_under_perf")
    counted = {}
    for line in (everyday.folder / "counts_under_perf" / "perf").read_text().splitlines():
        number, _, event, *_ = (*line.split(","), "", "")
        if event.startswith("syscalls:sys_enter_") and number.isdigit():
            counted[event.removeprefix("syscalls:sys_enter_")] = int(number)
    first = rows_of(capture, f"proc.pid = {traced.pid} and evt.type = execve and evt.failed = false")[-1]
    own = f"proc.pid = {traced.pid} and evt.num > {first + 1}"
    children = " or ".join(f"proc.pid = {pid}" for pid in traced.children)
    table = table_of(capture, "syscalls", f"{own} or {children}")
    ours = Counter({table.value(row, 0): int(table.events[row]) for row in range(len(table))})
    # On a machine that has too much to do calls are only counted, those before the exec among them.
    beside = capture.frames.counted
    beside = beside[beside["pid"].isin([traced.pid, *traced.children])]
    most = ours + Counter(beside.groupby("type", observed=True)["count"].sum().to_dict())
    assert counted["read"] > 10_000
    for name, number in counted.items():
        assert ours[name] <= number <= most[name], name


def _summary(path):
    """Calls by name, out of the table that `strace -C` appends."""
    found = {}
    for line in path.read_text().splitlines():
        match = re.fullmatch(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?([a-z]\w+)", line)
        if match and match[2] != "total":
            found[match[2]] = int(match[1])
    return found
