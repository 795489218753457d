"""What streams there were: everything that bytes went through, what went each way, how much was kept."""

from __future__ import annotations

import numpy as np
import pandas as pd

from inspect_app.analysis.streams import Streams


def conversations(streams: Streams) -> pd.DataFrame:
    """A row for each connection, pipe, file or other thing that bytes went through, in order of time.

    Columns: `descriptor` (row of descriptors; transfers through what is not known are one row, -1), `type`,
    `name`, `role`, `processes` (how many), `process` (the first), `first`, `last` (ns since 1970 UTC),
    `transfers`, `read`, `written` (bytes), `kept` (bytes), `gaps` (transfers whose stream misses bytes before
    them), `peeked` (transfers that were received again).
    """
    frames, moved, places = streams.frames, streams.moved, streams.places
    time, process, things = (
        frames.events[name].to_numpy()[streams.rows] for name in ("time", "process", "descriptor")
    )
    size, kept = moved.size[places], moved.captured[places]
    occurs = np.zeros(len(frames.descriptors) + 1, bool)
    occurs[things] = True
    found = np.flatnonzero(occurs)
    code = (np.cumsum(occurs) - 1)[things]
    # Row -1 is what is not known: its place is the last one.
    found[found == len(frames.descriptors)] = -1
    counted, writes = ~moved.peeked[places], streams.writes
    first, last = np.zeros((2, len(found)), np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]
    last[code] = time
    pairs = np.sort(code << 32 | (process.astype(np.int64) & 0xFFFFFFFF))
    holders = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]] >> 32
    names = {name: _texts(frames.descriptors[name], found) for name in ("type", "name", "role")}
    table = pd.DataFrame(
        {
            "descriptor": found,
            **names,
            "processes": np.bincount(holders, minlength=len(found)),
            "process": process[first],
            "first": time[first],
            "last": last,
            "transfers": np.bincount(code, minlength=len(found)),
            "read": _sums(code, np.where(counted & ~writes, size, 0), len(found)),
            "written": _sums(code, np.where(counted & writes, size, 0), len(found)),
            "kept": _sums(code, np.where(counted, kept, 0), len(found)),
            "gaps": np.bincount(code[streams.gaps], minlength=len(found)),
            "peeked": np.bincount(code[~counted], minlength=len(found)),
        }
    )
    return table.sort_values("first", kind="stable").reset_index(drop=True)


def _texts(column: pd.Series, rows: np.ndarray) -> list[str]:
    values = [*column.tolist(), ""]
    return [values[row] for row in rows.tolist()]


def _sums(code: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    sums = np.zeros(count, np.int64)
    np.add.at(sums, code, values.astype(np.int64))
    return sums
