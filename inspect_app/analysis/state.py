"""The machine as it was at one moment: processes, descriptors, connections, containers, mounts, users.

Each is a frame of its own. What happened at the moment itself has happened: the state is that after the last
event which returned at or before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from capture.identity.endpoints import end_text
from inspect_app.analysis.holdings import Held, held_at
from inspect_app.analysis.later_names import DELETED, named_since, names_at, opened_without_name
from inspect_app.analysis.mount_state import mounts_at
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import argument_at
from inspect_app.filters.entities import event_array
from inspect_app.filters.holding_entries import pairs_of
from inspect_app.filters.postings import last_before
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.host_numbers import account_rows
from inspect_app.frames.parents import adoption


@dataclass(frozen=True, eq=False)
class State:
    """What was there at a moment. Times are nanoseconds since 1970 UTC.

    Of a capture of several hosts every frame has a column `host`: the name of each row's.
    """

    time: int
    row: int
    """Row of the first event after the moment."""
    processes: pd.DataFrame
    """Who lived: `process`, `pid`, `ppid` (who created it), `parent` (pid of who has it then), `orphan`
    (bool: its creator had ended), `name`, `command`, `exepath`, `user`, `uid`, `container`, `threads` (alive
    then), `start`."""
    descriptors: pd.DataFrame
    """What each held: `process`, `pid`, `name`, `fd`, `type`, `file`, `protocol` and `role` (of sockets, else
    empty), `how` and `since` (-1: since before the recording), `descriptor` (row, -1 where no event ever
    touched it)."""
    containers: pd.DataFrame
    """Which lived: `id`, `name`, `image`, `birth`, `processes` (alive then), `row` (of containers)."""
    mounts: pd.DataFrame
    """`target`, `source`, `type`, `since` (-1: by the runtime, or since before the recording), `process` (who
    mounted it), `space` (where: `host`, a container's name, or the number of another mount namespace)."""
    users: pd.DataFrame
    """Who ran something: `uid`, `user`, `processes`."""

    @property
    def connections(self) -> pd.DataFrame:
        """The descriptors that are IPv4 or IPv6 sockets."""
        return self.descriptors[self.descriptors["type"].isin(["ipv4", "ipv6"])].reset_index(drop=True)


def state_at(frames: CaptureFrames, time: int) -> State:
    """The state after the last event that returned at or before `time`.

    A process whose start was not seen counts as alive from the beginning.
    """
    row = int(np.searchsorted(frames.events["time"].to_numpy(), time, side="right"))
    start, end = frames.processes["start"].to_numpy(), frames.processes["end"].to_numpy()
    alive = np.flatnonzero((start <= time) & ((end < 0) | (end > time))).astype(np.int32)
    uid = _uids_at(frames, alive, row)
    processes = _processes(frames, alive, time, uid)
    containers = _containers(frames, alive, time)
    return State(
        time,
        row,
        processes,
        _descriptors(frames, held_at(frames, alive, row), row),
        containers,
        _mounts(frames, row, alive, containers["row"].to_numpy()),
        _users(processes),
    )


def _with_hosts(frames: CaptureFrames, table: pd.DataFrame, hosts: np.ndarray) -> pd.DataFrame:
    """The table with the name of each row's host, where there are several. `hosts`: rows of hosts."""
    if len(frames.hosts) < 2:
        return table
    return table.assign(host=frames.hosts["hostname"].to_numpy()[hosts])


def _processes(frames: CaptureFrames, alive: np.ndarray, time: int, uid: np.ndarray) -> pd.DataFrame:
    table = frames.processes
    parent, end = table["parent"].to_numpy()[alive], table["end"].to_numpy()
    parent_end = np.where(parent >= 0, end[parent], -1)
    image = _images_at(frames, alive, time)
    lived = frames.threads
    begun, ended = lived["start"].to_numpy(), lived["end"].to_numpy()
    running = lived["process"].to_numpy()[(begun <= time) & ((ended < 0) | (ended > time))]
    counts = np.bincount(running[running >= 0], minlength=len(table))
    adopted = remember(
        frames,
        ("adoption",),
        lambda: adoption(
            frames.events,
            frames.processes,
            frames.containers,
            lambda index, rows: argument_at(frames, index, rows),
        ),
    )
    parents = adopted.parents_at(time)[alive]
    names = {"name": "comm", "command": "cmdline", "exepath": "exepath"}
    there = pd.DataFrame(
        {
            "process": alive,
            "pid": table["pid"].to_numpy()[alive],
            "ppid": table["ppid"].to_numpy()[alive],
            "parent": np.append(table["pid"].to_numpy(), -1)[parents],
            "orphan": (parent_end >= 0) & (parent_end <= time),
            **{name: _of(frames.images[column], image) for name, column in names.items()},
            "user": _user_names(frames, alive, uid),
            "uid": uid,
            "container": _container_names(frames, table["container"].to_numpy()[alive]),
            "threads": np.maximum(counts[alive], 1),
            "start": table["start"].to_numpy()[alive],
        }
    )
    return _with_hosts(frames, there, table["host"].to_numpy()[alive])


def _of(column: pd.Series, rows: np.ndarray) -> pd.Series:
    """The texts of some rows; row -1 gives an empty one."""
    taken = column.reindex(pd.Index(rows), fill_value="") if len(column) else pd.Series([""] * len(rows))
    return taken.reset_index(drop=True)


def _images_at(frames: CaptureFrames, processes: np.ndarray, time: int) -> np.ndarray:
    """The program that each process ran at a moment: row of images, -1 not known."""
    images = frames.images
    since = images["since"].to_numpy()
    begun = np.flatnonzero(since <= time)
    begun = begun[np.argsort(since[begun], kind="stable")]
    latest = np.full(len(frames.processes) + 1, -1)
    latest[images["process"].to_numpy()[begun]] = begun
    latest[-1] = -1
    found: np.ndarray = latest[processes]
    return found


def _uids_at(frames: CaptureFrames, processes: np.ndarray, row: int) -> np.ndarray:
    """int64: the user of each process at its last event before `row`, else when it was first seen."""
    last = last_before(processes, row, event_array(frames, "process"), len(frames.processes))
    found: np.ndarray = frames.processes["uid"].to_numpy()[processes].copy()
    seen = np.flatnonzero(last >= 0)
    found[seen] = frames.events["uid"].to_numpy()[last[seen]]
    return found


def _user_names(frames: CaptureFrames, processes: np.ndarray, uid: np.ndarray) -> list[str]:
    rows = account_rows(frames.users, "uid", uid, frames.processes["host"].to_numpy()[processes])
    names = [*frames.users["name"].tolist(), ""]
    return [names[row] for row in rows.tolist()]


def _container_names(frames: CaptureFrames, rows: np.ndarray) -> list[str]:
    """Name, else id; empty where it could not be told."""
    pairs = zip(frames.containers["name"].tolist(), frames.containers["id"].tolist(), strict=True)
    names = [name or identity for name, identity in pairs]
    return [names[row] if row >= 0 else "" for row in rows.tolist()]


def _descriptors(frames: CaptureFrames, held: Held, row: int) -> pd.DataFrame:
    listed = held.opened >= 0
    opened, events = frames.opened, frames.events
    thing = held.thing.copy()
    in_pair = _fill_pairs(frames, held, thing)
    kinds = _of(frames.descriptors["type"], thing)
    kinds = kinds.where(kinds != "", _of(opened["type"], held.opened))
    since = np.full(len(listed), -1)
    since[~listed] = events["time"].to_numpy()[held.event[~listed]]
    processes = frames.processes
    images = processes["image"].to_numpy()[held.process]
    how = np.where(held.inherited, "inherited", np.where(listed, "open at the start", "opened or used"))
    there = pd.DataFrame(
        {
            "process": held.process,
            "pid": processes["pid"].to_numpy()[held.process],
            "name": _of(frames.images["comm"], images),
            "fd": held.fd,
            "type": kinds.where(~in_pair | (kinds != ""), "pipe"),
            "file": _names_at(frames, held, thing, row),
            "protocol": _of(frames.descriptors["l4proto"], thing),
            "role": _of(frames.descriptors["role"], thing),
            "how": how,
            "since": since,
            "descriptor": thing,
        }
    )
    return _with_hosts(frames, there, processes["host"].to_numpy()[held.process])


def _fill_pairs(frames: CaptureFrames, held: Held, thing: np.ndarray) -> np.ndarray:
    """Fill in what the numbers of pipes and socketpairs stand for; bool: a pipe, known or not."""
    made, piped = pairs_of(frames), np.zeros(len(thing), bool)
    if not len(made.rows):
        return piped
    things = remember(frames, ("pair things",), lambda: made.things(frames))
    kinds = frames.events["type"].cat
    is_pipe, kind = kinds.categories.isin(["pipe", "pipe2"]), kinds.codes.to_numpy()
    # Both ends of a pipe are one thing: where one was used, both are known.
    things = np.where((things < 0) & is_pipe[kind[made.rows]], things[::-1], things)
    keys = (made.rows << 32 | (made.fds & 0xFFFFFFFF)).ravel()
    order = np.argsort(keys)
    asked = held.event << 32 | (held.fd & 0xFFFFFFFF)
    place = order[np.minimum(np.searchsorted(keys[order], asked), len(keys) - 1)]
    found = np.flatnonzero((held.opened < 0) & (thing < 0) & (keys[place] == asked))
    thing[found] = things.ravel()[place[found]]
    piped[found] = is_pipe[kind[held.event[found]]]
    return piped


def _names_at(frames: CaptureFrames, held: Held, thing: np.ndarray, row: int) -> pd.Series:
    """What each is called just before the event at `row`: as snapshot or event told, renamed since."""
    told, names = _of(frames.opened["name"], held.opened), _of(_own_ends(frames), thing)
    is_socket = told.str.startswith("socket:[") & (names != "")
    names = told.where((told != "") & ~is_socket, names)
    container = frames.processes["container"].to_numpy()[held.process]
    since = named_since(frames, thing, held.event)
    called = pd.Series(names_at(frames, names.tolist(), container, since, row), dtype="str")
    nameless = remember(frames, ("nameless",), lambda: opened_without_name(frames))[thing]
    is_named = ~nameless | ~called.str.startswith("/") | called.str.endswith(DELETED)
    return called.where(is_named, called + DELETED)


def _own_ends(frames: CaptureFrames) -> pd.Series:
    """The names of descriptors; of a datagram socket that many may talk to only its own end."""
    things = frames.descriptors
    talks = (
        (things["l4proto"] == "udp")
        & (things["role"] == "")
        & (things["rport"] >= 0)
        & (things["lport"] >= 0)
    )
    names = things["name"].copy()
    if talks.any():
        mine = things[talks]
        names[talks] = [end_text(*one) for one in zip(mine["laddr"], mine["lport"].tolist(), strict=True)]
    return names


def _containers(frames: CaptureFrames, alive: np.ndarray, time: int) -> pd.DataFrame:
    table = frames.containers
    birth, death = table["birth"].to_numpy(), table["death"].to_numpy()
    rows = np.flatnonzero((birth <= time) & ((death < 0) | (death > time)))
    member = frames.processes["container"].to_numpy()[alive]
    counts = np.bincount(member[member >= 0], minlength=len(table))
    # Which existed before the recording and whose end was not seen is there with or without a process.
    chosen = table.iloc[rows][["id", "name", "image", "birth"]].reset_index(drop=True)
    counted = chosen.assign(processes=counts[rows], row=rows)
    return _with_hosts(frames, counted, table["host"].to_numpy()[rows])


def _mounts(frames: CaptureFrames, row: int, alive: np.ndarray, containers: np.ndarray) -> pd.DataFrame:
    table, host = mounts_at(frames, row, alive, containers)
    return _with_hosts(frames, table, host)


def _users(processes: pd.DataFrame) -> pd.DataFrame:
    by = [name for name in ("host", "uid", "user") if name in processes]
    counted = processes.groupby(by, sort=True, observed=True).size()
    return counted.rename("processes").reset_index()
