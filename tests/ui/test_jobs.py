"""Work off the window's thread."""

import threading
import time

import pytest

from inspect_app.ui.jobs import Jobs


@pytest.fixture
def jobs(qtbot):
    made = Jobs()
    yield made
    made.close()


class Caught:
    """What came back."""

    def __init__(self):
        self.results, self.errors, self.threads = [], [], []

    def done(self, result):
        self.results.append(result)
        self.threads.append(threading.current_thread())

    def failed(self, error):
        self.errors.append(error)


def test_a_result_arrives_on_the_windows_thread(jobs, qtbot):
    caught = Caught()
    jobs.start("page", "Counting", lambda _: threading.current_thread(), caught.done, caught.failed)
    qtbot.waitUntil(lambda: not jobs.busy())
    assert caught.threads == [threading.main_thread()]
    assert caught.results != [threading.main_thread()]


def test_a_newer_job_makes_the_older_result_stale(jobs, qtbot):
    caught, gate = Caught(), threading.Event()
    jobs.start("page", "Old", lambda _: gate.wait(5) and "old", caught.done, caught.failed)
    jobs.start("page", "New", lambda _: "new", caught.done, caught.failed)
    gate.set()
    qtbot.waitUntil(lambda: not jobs.busy())
    assert caught.results == ["new"]
    assert not caught.errors


def test_lanes_do_not_disturb_each_other(jobs, qtbot):
    caught = Caught()
    jobs.start("page", "One", lambda _: 1, caught.done, caught.failed)
    jobs.start("strip", "Two", lambda _: 2, caught.done, caught.failed)
    qtbot.waitUntil(lambda: not jobs.busy())
    assert sorted(caught.results) == [1, 2]


def test_a_failure_is_handed_over_and_the_pool_goes_on(jobs, qtbot):
    caught = Caught()
    jobs.start("page", "Dividing", lambda _: 1 // 0, caught.done, caught.failed)
    qtbot.waitUntil(lambda: not jobs.busy())
    assert isinstance(caught.errors[0], ZeroDivisionError)
    jobs.start("page", "Counting", lambda _: 3, caught.done, caught.failed)
    qtbot.waitUntil(lambda: not jobs.busy())
    assert caught.results == [3]


def test_work_that_reports_stops_when_cancelled(jobs, qtbot):
    caught, begun = Caught(), threading.Event()

    def work(job):
        begun.set()
        while True:
            job.report(1, 10)

    jobs.start("load", "Opening", work, caught.done, caught.failed)
    begun.wait(5)
    jobs.cancel_all()
    qtbot.waitUntil(lambda: not jobs.busy())
    assert not caught.results
    assert not caught.errors, "a cancelled job is no failure"


def test_long_work_is_shown_and_progress_is_told_at_most_thirty_times_a_second(jobs, qtbot):
    caught, told = Caught(), []
    jobs.slow.connect(lambda title, done, total: told.append((title, done, total)))

    def work(job):
        for step in range(2_000):
            job.report(step, 2_000)
            threading.Event().wait(0.0004)

    began = time.monotonic()
    jobs.start("load", "Opening", work, caught.done, caught.failed)
    qtbot.waitUntil(lambda: not jobs.busy())
    assert told[0] == ("Opening", 0, 0)
    assert 2 <= len(told) <= 2 + 30 * (time.monotonic() - began)


def test_short_work_shows_no_progress(jobs, qtbot):
    caught, told = Caught(), []
    jobs.slow.connect(lambda *_: told.append(1))
    # Work of any length is short on a machine that is quick enough.
    jobs._timer.setInterval(60_000)
    jobs.start("page", "Counting", lambda _: 1, caught.done, caught.failed)
    qtbot.waitUntil(lambda: not jobs.busy())
    assert not jobs._timer.isActive()
    assert not told


def test_closing_waits_for_the_workers(qtbot):
    jobs, gone = Jobs(), threading.Event()

    def work(job):
        while not job.cancelled():
            threading.Event().wait(0.005)
        gone.set()

    jobs.start("page", "Counting", work, lambda _: None, lambda _: None)
    jobs.close()
    assert gone.is_set()


def test_of_many_asked_in_a_row_only_the_last_is_answered_and_few_are_begun(jobs, qtbot):
    caught, begun = Caught(), []

    def work(number):
        begun.append(number)
        threading.Event().wait(0.02)
        return number

    for number in range(50):
        jobs.start("page", "Counting", lambda _, number=number: work(number), caught.done, caught.failed)
    qtbot.waitUntil(lambda: not jobs.busy())
    assert caught.results == [49]
    assert len(begun) <= 3
