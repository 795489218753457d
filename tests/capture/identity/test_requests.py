"""Completions of io_uring and the requests that they finish."""

from dataclasses import dataclass

import numpy as np

from capture.identity.requests import match_requests, with_latencies
from capture.model.catalogue import spec_named, types_of

SUBMIT, READ, OPEN = (spec_named(name).x86_64 for name in ("io_uring_submit", "uring_read", "openat"))


@dataclass
class Events:
    """Events (code, request, ring)."""

    rows: list

    @property
    def kind(self):
        return types_of("x86_64")[[code for code, *_ in self.rows]]

    def rows_of(self, names):
        codes = [spec_named(name).x86_64 for name in names]
        return np.flatnonzero(np.isin([code for code, *_ in self.rows], codes))

    def arguments(self, index, rows):
        return np.array([self.rows[row][index - 2] for row in rows], np.int64)


def test_a_completion_belongs_to_the_latest_request_of_its_address_and_ring():
    events = Events(
        [
            (READ, 7, 1),  # handed in before the recording
            (SUBMIT, 7, 1),
            (SUBMIT, 7, 2),
            (READ, 7, 1),
            (OPEN, 7, 1),
            (SUBMIT, 7, 1),
            (READ, 7, 1),
            (READ, 7, 2),
            (READ, 7, 2),  # one request, several completions
            (READ, 0, 2),
        ]
    )
    done, asked = match_requests(events)
    assert dict(zip(done.tolist(), asked.tolist(), strict=True)) == {3: 1, 6: 5, 7: 2, 8: 2}
    time = np.arange(10) * 100
    took = with_latencies(np.full(10, -1), time, (done, asked))
    assert took.tolist() == [-1, -1, -1, 200, -1, -1, 100, 500, 600, -1]


def test_a_capture_without_requests_is_left_as_it_is():
    latency = np.array([5])
    assert with_latencies(latency, latency, match_requests(Events([(OPEN, 0, 0)]))) is latency
