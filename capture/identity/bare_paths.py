"""Events that name a path but touched no descriptor: a stat, an unlink, an open that failed.

They are about the file that had this name in the same container, as far as one is known, else about a file of
which nothing but the name is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.format.joins import Latest, codes_of, first_of_each, pair_codes, taken
from capture.format.pieces import rows_where
from capture.identity.events import OPENS, EventColumns, kind_table
from capture.identity.name_codes import with_signs
from capture.identity.paths import Paths

_SECOND_IS_THE_RESULT = (
    *("rename", "renameat", "renameat2", "symlink", "symlinkat", "uring_renameat", "uring_symlinkat"),
)
_OF_DIRECTORIES = ("chdir", "mkdir", "mkdirat", "rmdir", "chroot", "pivot_root", "uring_mkdirat")
_NONE = -1
_OWN = ("/proc/self/", "/proc/thread-self/", "/dev/fd/", "/dev/stdin", "/dev/stdout", "/dev/stderr")


@dataclass(frozen=True)
class Bare:
    """Files of which nothing but a name is known, in one container each."""

    type: list[str]
    name: list[str]


def name_bare_events(
    events: EventColumns,
    paths: Paths,
    container: np.ndarray,
    of_event: np.ndarray,
    *,
    first: np.ndarray,
    label: np.ndarray,
) -> Bare:
    """Give events that name a path but touched no descriptor their thing.

    Args:
        events: the columns.
        paths: found in them.
        container: of each event.
        of_event: the thing of each event, -1 none; what is found is written into it. Files that are known by
            their name alone follow upon all others.
        first: the first event of each thing.
        label: its path.
    """
    rows = rows_where(len(events), lambda some: (of_event[some] < 0) & (paths.first[some] >= 0))
    second = events.rows_of(_SECOND_IS_THE_RESULT)
    if len(second):
        rows = rows[~kind_table(_SECOND_IS_THE_RESULT).take(events.kind.take(rows))]
        second = second[(of_event[second] < 0) & (paths.second[second] >= 0)]
    path = np.concatenate((paths.first.take(rows), paths.second[second]))
    rows = np.concatenate((rows, second))
    opens = events.rows_of(OPENS)
    opens = opens[(of_event.take(opens) >= 0) & (paths.first.take(opens) >= 0)]
    asked = (opens, paths.first.take(opens))
    found = _files_at(of_event, first, label, container, asked=asked, path=path, row=rows)
    found[_differs_by_process(path, paths)] = _NONE
    of_event[rows] = found
    bare = np.flatnonzero(found < 0)
    rows = rows[bare]
    _, where, code = pair_codes(container[rows] + np.int32(1), path[bare])
    of_event[rows] = len(first) + code
    directories = np.zeros(len(where), bool)
    directories[code[kind_table(_OF_DIRECTORIES)[events.kind[rows]]]] = True
    return Bare(
        ["directory" if is_one else "file" for is_one in directories.tolist()],
        [paths.names.all[at] for at in where.tolist()],
    )


def _differs_by_process(path: np.ndarray, paths: Paths) -> np.ndarray:
    """Which names lead each process somewhere else: what one opened by them tells nothing of others."""
    used, code = codes_of(path)
    differs = np.zeros(len(used), np.bool_)
    names = [paths.names.all[at] for at in used.tolist()]
    likely = with_signs(names, [f"\0{own}" for own in _OWN])
    differs[[at for at in likely if names[at].startswith(_OWN)]] = True
    found: np.ndarray = differs.take(code)
    return found


def _files_at(
    of_event: np.ndarray,
    first: np.ndarray,
    label: np.ndarray,
    container: np.ndarray,
    *,
    asked: tuple[np.ndarray, np.ndarray],
    path: np.ndarray,
    row: np.ndarray,
) -> np.ndarray:
    """The file that had a path in its event's container at a row: seen before, else later, else -1.

    `asked`: rows of opens and the paths that they gave, which may be others than those of the files.
    """
    wanted_name = np.zeros(max(int(label.max(initial=-1)), int(path.max(initial=-1))) + 2, bool)
    wanted_name[path] = True
    wanted_name[-1] = False  # what -1, no name, points to
    thing, since = _seen(of_event, first, container, wanted_name[label])
    opens, given = asked
    other = label.take(of_event.take(opens)) != given
    opens, given = opens[other], given[other]
    name = np.concatenate((label[thing], given, path))
    thing, since = np.concatenate((thing, of_event[opens])), np.concatenate((since, opens))
    where = container[np.concatenate((since, row))] + np.int32(1)
    _, _, code = pair_codes(where, name)
    life = Latest(code[: len(since)], since, int(code.max(initial=-1)) + 1)
    wanted = code[len(since) :]
    found = life.find(wanted, row)
    found = np.where(found >= 0, found, life.first(wanted))
    return taken(thing, found).astype(np.int32)


def _seen(
    of_event: np.ndarray, first: np.ndarray, container: np.ndarray, useful: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Useful things and the rows at which each was first seen in a container. `first`: in any."""
    where = np.append(container[first], np.int32(_NONE))

    def is_elsewhere(some: slice) -> np.ndarray:
        thing = of_event[some]
        found: np.ndarray = (container[some] != where.take(thing)) & (thing >= 0)
        return found

    rows = rows_where(len(of_event), is_elsewhere)
    rows = rows[useful[of_event[rows]]]
    thing, _, code = pair_codes(of_event[rows], container[rows] + np.int32(1))
    own = np.flatnonzero(useful)
    rows = rows[first_of_each(code, len(thing))]
    return np.concatenate((own, thing)), np.concatenate((first[own], rows))
