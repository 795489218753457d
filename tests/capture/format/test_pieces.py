import threading

import numpy as np
import pytest

from capture.format.pieces import each_piece, in_order, pieces_of, rows_where, taken_from


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr("capture.format.pieces.PIECE", 4)


@pytest.mark.parametrize("count", [0, 1, 4, 5, 23])
def test_pieces_cover_every_row_once(count):
    assert [row for piece in pieces_of(count) for row in range(count)[piece]] == list(range(count))


@pytest.mark.parametrize("count", [0, 3, 23])
def test_results_come_in_the_order_of_the_pieces(count):
    assert each_piece(count, lambda rows: rows.start) == list(range(0, count, 4))


def test_rows_are_found_as_in_one_array():
    values = np.arange(50) * 7 % 11
    assert rows_where(50, lambda rows: values[rows] == 3).tolist() == np.flatnonzero(values == 3).tolist()
    assert taken_from(values, np.arange(49, -1, -1)).tolist() == values[::-1].tolist()


def test_what_a_piece_raises_is_raised_and_the_rest_is_dropped(monkeypatch):
    monkeypatch.setattr("capture.format.pieces.workers", lambda: 2)
    done = []

    def work(number):
        done.append(number)
        if number == 3:
            raise ValueError(number)

    with pytest.raises(ValueError, match="3"):
        list(in_order(work, range(1_000)))
    assert len(done) < 20
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pieces")]
