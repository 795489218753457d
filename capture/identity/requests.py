"""Requests of io_uring: which one each completion finishes, for the time it took and the names it had."""

from __future__ import annotations

from functools import cache

import numpy as np

from capture.format.joins import Latest, pair_codes
from capture.identity.events import EventColumns
from capture.model.catalogue import CATALOGUE
from capture.model.requests_uring import PREFIX

_SUBMIT = "io_uring_submit"
_REQUEST, _RING = 3, 4
"""Arguments that name a request, of both events."""


@cache
def _completions() -> tuple[str, ...]:
    return tuple(spec.name for spec in CATALOGUE if spec.name.startswith(PREFIX))


def match_requests(events: EventColumns) -> tuple[np.ndarray, np.ndarray]:
    """Rows of completions, and the row of the request that each finishes.

    An address names a request until it is finished, and another one later: the latest before counts. One
    that was handed in before the recording, and a completion that belongs to no request, are in neither.
    """
    asked, done = events.rows_of([_SUBMIT]), events.rows_of(_completions())
    if not len(asked) or not len(done):
        return done[:0], done[:0]
    both = np.concatenate((asked, done))
    _, _, code = pair_codes(events.arguments(_REQUEST, both), events.arguments(_RING, both))
    found = Latest(code[: len(asked)], asked, int(code.max()) + 1).find(code[len(asked) :], done)
    known = found >= 0
    return done[known], asked[found[known]]


def with_latencies(
    latency: np.ndarray, time: np.ndarray, matched: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """`latency` with the time that requests took."""
    done, asked = matched
    if not len(done):
        return latency
    known = latency.copy()
    known[done] = time[done] - time[asked]
    return known
