"""What waits for the disk is bounded, and comes out in order."""

import threading
import time

import pytest

from capture.agent.backlog import Backlog


def test_pieces_come_out_in_order_and_their_memory_is_counted_until_they_are_done():
    backlog = Backlog(most_bytes=100)
    for size in (10, 20, 0):
        backlog.put(lambda: None, size)
    assert [backlog.get()[1] for _ in range(3)] == [10, 20, 0]
    assert backlog.bytes == 30
    backlog.done(10)
    backlog.done(20)
    assert backlog.bytes == 0


@pytest.mark.parametrize("size", [100, 1_000])
def test_who_hands_over_more_than_there_is_room_for_waits_until_something_is_done(size):
    backlog = Backlog(most_bytes=100)
    # A piece that is larger than the room is taken all the same, for it has to go through once.
    backlog.put(lambda: None, size)
    assert backlog.is_full
    passed = threading.Event()
    other = threading.Thread(target=lambda: (backlog.put(lambda: None, 1), passed.set()))
    other.start()
    time.sleep(0.05)
    assert not passed.is_set(), "it waits"
    backlog.get()
    time.sleep(0.05)
    assert not passed.is_set(), "what is being written still takes its memory"
    backlog.done(size)
    assert passed.wait(10)
    other.join()
    assert not backlog.is_full


def test_pieces_without_size_have_an_end_too():
    backlog = Backlog()
    while not backlog.is_full:
        backlog.put(lambda: None)
        assert len(backlog._pieces) < 100_000
    backlog.get()
    assert not backlog.is_full
