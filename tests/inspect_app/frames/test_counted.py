"""Sums of counted calls are joined to who made them and what they worked on."""

import numpy as np
import pandas as pd
import pytest

from capture.format import COUNTED_COLUMNS
from capture.model.catalogue import spec_named
from capture.model.events import EventFlag
from inspect_app.frames.columns import DESCRIPTOR_COLUMNS, PROCESS_COLUMNS
from inspect_app.frames.counted import counted_frame
from inspect_app.frames.tables import build_table

READ = spec_named("read").x86_64


def table(columns, rows):
    """Rows of a few columns; numbers are -1 and texts empty elsewhere."""
    plain = {column.name: "" if column.dtype == "str" else column.dtype == "bool" or -1 for column in columns}
    full = [{**plain, **row} for row in rows]
    return build_table(columns, {column.name: [row[column.name] for row in full] for column in columns})


PROCESSES = table(
    PROCESS_COLUMNS,
    [
        {"pid": 7, "start": 100, "container": 2},
        {"pid": 8, "start": -1, "container": 0},
        {"pid": 7, "start": 500, "container": 1},
    ],
)
DESCRIPTORS = table(
    DESCRIPTOR_COLUMNS, [{"dev": 1, "ino": 5, "first": 50}, {"dev": 1, "ino": 5, "first": 600}]
)


def counted(**values):
    row = {"count": 3, "code": READ, "fd": 0, "pid": 7, "last": 300, **values}
    columns = {name: np.array([row.get(name, 0)], dtype) for name, dtype in COUNTED_COLUMNS.items()}
    return counted_frame(columns, PROCESSES, DESCRIPTORS, "x86_64").iloc[0]


@pytest.mark.parametrize(
    ("values", "process", "container"),
    [
        ({"pid": 7, "last": 300}, 0, 2),
        ({"pid": 7, "last": 700}, 2, 1),
        ({"pid": 8, "last": 10}, 1, 0),
        ({"pid": 7, "last": 10}, -1, -1),
        ({"pid": 9, "last": 700}, -1, -1),
    ],
)
def test_a_pid_means_the_process_that_had_it_then(values, process, container):
    row = counted(**values)
    assert (row["process"], row["container"]) == (process, container)


@pytest.mark.parametrize(
    ("values", "thing"),
    [
        ({"dev": 1, "ino": 5, "last": 300}, 0),
        ({"dev": 1, "ino": 5, "last": 580}, 1),
        ({"dev": 1, "ino": 6}, -1),
        ({"dev": 2, "ino": 5}, -1),
        ({"dev": 0, "ino": 0}, -1),
    ],
)
def test_an_inode_is_the_thing_that_was_used_nearest_in_time(values, thing):
    assert counted(**values)["descriptor"] == thing


def test_calls_have_their_names_and_categories():
    row = counted()
    assert (row["type"], row["category"], row["count"]) == ("read", "io-read", 3)
    unknown = counted(code=999)
    assert (unknown["type"], unknown["category"]) == ("syscall_999", "other")
    assert counted(code=3, flags=int(EventFlag.COMPAT))["type"] == "read", "of i386"
    assert isinstance(row, pd.Series)
