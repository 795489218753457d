"""How many bytes went each way with a question, until the next one on the same side of the socket."""

from __future__ import annotations

import numpy as np


def exchanged(
    thing: np.ndarray, writes: np.ndarray, size: np.ndarray, asked: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bytes that went the way of each question, and those that came back; int64, one a question.

    Args:
        thing: of each transfer, in order of time, what it went through.
        writes: bool, of each transfer: written or sent.
        size: bytes of each transfer.
        asked: positions of transfers that begin a question.
    """
    asking = np.zeros(int(thing.max(initial=0)) + 2, bool)
    asking[thing[asked]] = True
    order = np.flatnonzero(asking[thing])
    order = order[np.argsort(thing[order], kind="stable")]
    rank = np.zeros(len(thing), np.int64)
    rank[order] = np.arange(len(order))
    everything = _running(size[order])
    written = _running(np.where(writes[order], size[order], 0))
    begin = rank[asked]
    end = np.searchsorted(thing[order], thing[asked], side="right")
    way = writes[asked]
    by_way = np.lexsort((begin, way, thing[asked]))
    one, following = by_way[:-1], by_way[1:]
    same = (thing[asked[one]] == thing[asked[following]]) & (way[one] == way[following])
    end[one[same]] = begin[following[same]]
    out = written[end] - written[begin]
    total = everything[end] - everything[begin]
    own = np.where(way, out, total - out)
    return own, total - own


def _running(values: np.ndarray) -> np.ndarray:
    """The sum of all values before each place, and of all of them at the end."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)))
