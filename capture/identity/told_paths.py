"""The paths that the kernel told of what was opened or run: preferred to those that programs asked for.

A path is told once for each way to a file, so most opens have none of their own. An open gets what was told
of the same file under the same name asked for, in the same container; else the latest told of the file there;
else anywhere. Two hard links that are asked for through symbolic links may be taken for each other.
"""

from __future__ import annotations

import numpy as np

from capture.format.joins import Latest, pair_codes, taken
from capture.identity.events import EventColumns, kind_table

TELLS = "opened_path"


def told_names(
    events: EventColumns, rows: np.ndarray, identity: np.ndarray, asked: np.ndarray, container: np.ndarray
) -> np.ndarray:
    """int64: the name of what each event opened, ran or told of; `asked` where the kernel told none.

    Args:
        events: the columns.
        rows: events, ascending.
        identity: of each of `rows`, a small number.
        asked: of each of `rows`, position of the path that it gives, -1 none.
        container: of each of `rows`.
    """
    tells = kind_table([TELLS])[events.kind[rows]]
    told = np.flatnonzero(tells & (asked >= 0))
    opens = np.flatnonzero(~tells & (asked >= 0))
    if not len(told) or not len(opens):
        return asked
    opener = _openers(events, rows, identity, told, opens)
    since = np.where(opener >= 0, taken(rows, opener), rows[told])
    question = np.where(opener >= 0, taken(asked, opener), asked[told])
    name = asked.copy()
    place = _codes(identity, container.astype(np.int64) + 1)
    for keys_told, keys_asked in (
        (identity[told], identity[opens]),
        (place[told], place[opens]),
        _together(place, told, question, opens, asked),
    ):
        groups = int(max(keys_told.max(), keys_asked.max())) + 1
        found = Latest(keys_told, since, groups).find(keys_asked, rows[opens])
        name[opens] = np.where(found >= 0, taken(asked[told], found), name[opens])
    return name


def _openers(
    events: EventColumns, rows: np.ndarray, identity: np.ndarray, told: np.ndarray, opens: np.ndarray
) -> np.ndarray:
    """Of each that tells, which of `rows` opened it: the thread's latest open of the same file before."""
    place = _codes(identity, events.tid[rows].astype(np.int64))
    found = Latest(place[opens], rows[opens], int(place.max()) + 1).find(place[told], rows[told])
    return taken(opens, found)


def _together(
    place: np.ndarray, told: np.ndarray, question: np.ndarray, opens: np.ndarray, asked: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Codes of (file and container, name asked for): of those that tell, of those that ask."""
    code = _codes(np.concatenate((place[told], place[opens])), np.concatenate((question, asked[opens])))
    return code[: len(told)], code[len(told) :]


def _codes(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return pair_codes(left.astype(np.int64), right)[2]
