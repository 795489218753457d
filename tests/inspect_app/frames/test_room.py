"""Columns that are written where they are to stay."""

import numpy as np
import pytest

from inspect_app.frames.room import Room

DTYPES = {"time": "<i8", "uid": "<u4"}


@pytest.fixture
def file(tmp_path):
    with (tmp_path / "made").open("w+b") as stream:
        yield stream


def test_what_is_written_to_a_column_is_in_the_file(file):
    room = Room(file.fileno(), DTYPES, 5)
    column = room.zeros("uid", "<u4", 5)
    assert column.tolist() == [0] * 5
    column[:] = [1, 2, 3, 4, 5]
    file.seek(room.place_of(column))
    assert np.frombuffer(file.read(20), "<u4").tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("name", "dtype", "rows"), [("uid", "<u4", 4), ("uid", "<u2", 5), ("mode", "<u4", 5)]
)
def test_what_the_room_was_not_made_for_lies_in_memory(file, name, dtype, rows):
    room = Room(file.fileno(), DTYPES, 5)
    assert room.place_of(room.zeros(name, dtype, rows)) is None


def test_a_part_of_a_column_has_no_place(file):
    room = Room(file.fileno(), DTYPES, 5)
    column = room.zeros("time", "<i8", 5)
    assert room.place_of(column[:1]) is None
    assert room.place_of(column[::-1]) is None
    assert room.place_of(column.copy()) is None


def test_columns_stay_when_the_file_is_removed(file, tmp_path):
    column = Room(file.fileno(), DTYPES, 5).zeros("time", "<i8", 5)
    file.close()
    (tmp_path / "made").unlink()
    column[:] = 7
    assert column.sum() == 35
