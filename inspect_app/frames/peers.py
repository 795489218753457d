"""Which thing is the other end of which: connections, unix sockets, pipes.

How the other end is known:

    addresses   an IP socket whose addresses and ports are the same the other way round, on whichever host
    order       a unix socket: connects to a path are accepted in their order; none reads what none wrote
    pair        both ends are of one socketpair
    shared      a pipe, whose ends are one thing: who writes talks to who reads

Where addresses were translated on the way (NAT), or where an end is on a machine that was not recorded, the
other is not known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from capture.format.joins import codes_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.pairs import pairs_made
from inspect_app.frames.segments import Segments
from inspect_app.frames.types import rows_of_types

HOWS = ("addresses", "order", "pair", "shared")
_ADDRESSES, _ORDER, _PAIR, SHARED = range(4)
_NONE = -1
_ANY = ("0.0.0.0", "::", "")  # noqa: S104 - recorded, not bound to
_MOST_ALIKE = 4_096
"""Pairs of sockets with the same two ports that are looked at: more are made to exhaust."""
_CONNECTS, _ACCEPTS = ("connect", "uring_connect"), ("accept", "accept4", "uring_accept")


@dataclass(frozen=True, eq=False)
class Peers:
    """The other end of each thing; arrays of one length, a row of descriptors each."""

    other: np.ndarray
    """int32, row of descriptors; of a pipe itself; -1 not known."""
    how: np.ndarray
    """int8, position in HOWS, -1 not known."""
    user: np.ndarray
    """int32, row of processes: who used it most, -1 nobody."""
    reader: np.ndarray
    """int32: who read from it most, -1 nobody."""
    writer: np.ndarray
    """int32: who wrote to it most, -1 nobody."""


def find_peers(frames: CaptureFrames, moved: Segments) -> Peers:
    """The other end of each thing of a capture. `moved`: its transfers."""
    count = len(frames.descriptors)
    other, how = np.full(count, _NONE, np.int32), np.full(count, _NONE, np.int8)
    kinds = frames.descriptors["type"]
    pipes = np.flatnonzero(kinds.isin(["pipe", "fifo"]).to_numpy())
    other[pipes], how[pipes] = pipes, SHARED
    thing, process = (frames.events[name].to_numpy()[moved.rows] for name in ("descriptor", "process"))
    user = _most_often(count, thing, process)
    _fill_from_events(frames, user)
    for pairs, known in (
        (_by_socketpair(frames), _PAIR),
        (_by_order(frames, moved), _ORDER),
        (_by_addresses(frames, user), _ADDRESSES),
    ):
        free = (other[pairs[0]] < 0) & (other[pairs[1]] < 0) & (pairs[0] != pairs[1])
        one, two = pairs[:, free]
        other[one], other[two] = two, one
        how[one] = how[two] = known
    return Peers(
        other,
        how,
        user,
        _most_often(count, thing[~moved.writes], process[~moved.writes]),
        _most_often(count, thing[moved.writes], process[moved.writes]),
    )


def _most_often(count: int, thing: np.ndarray, process: np.ndarray) -> np.ndarray:
    """Of each thing the process that occurs with it most often, -1 none."""
    known = (thing >= 0) & (process >= 0)
    packed = thing[known].astype(np.int64) << 32 | process[known]
    packed.sort()
    begins = np.flatnonzero(np.append(True, packed[1:] != packed[:-1])[: len(packed)])
    pairs, times = packed[begins], np.diff(np.append(begins, len(packed)))
    order = np.argsort(times, kind="stable")
    found = np.full(count, _NONE, np.int32)
    found[pairs[order] >> 32] = pairs[order] & 0xFFFFFFFF
    return found


def _fill_from_events(frames: CaptureFrames, user: np.ndarray) -> None:
    """Who touched a thing last has it where nothing moved through it."""
    thing, process = (frames.events[name].to_numpy() for name in ("descriptor", "process"))
    last = np.full(len(user) + 1, _NONE, np.int32)
    last[thing] = process
    unused = np.flatnonzero(user < 0)
    user[unused] = last[unused]


def _by_addresses(frames: CaptureFrames, user: np.ndarray) -> np.ndarray:
    """int64[2, pairs]: IP sockets of which each has the other's addresses, nearest in time, each once."""
    things = frames.descriptors
    rows = np.flatnonzero(
        things["type"].isin(["ipv4", "ipv6"]).to_numpy()
        & ((things["lport"] > 0) & (things["rport"] > 0)).to_numpy()
    )
    wanted = ["l4proto", "laddr", "lport", "raddr", "rport", "first", "host"]
    ends = things.iloc[rows][wanted].assign(row=rows)
    home = np.append(frames.processes["container"].to_numpy(), _NONE)
    ends["container"] = home[user[rows]]
    # Sorted so that of the two ends of a pair each occurs on one side: the lower port on the left.
    left, right = ends[ends["lport"] <= ends["rport"]], ends[ends["lport"] >= ends["rport"]]
    ports = ["l4proto", "lport", "rport"]
    mirrored = ["l4proto", "rport", "lport"]
    left, right = _few_alike(left, right, ports, mirrored), _few_alike(right, left, mirrored, ports)
    pairs = left.merge(right, left_on=ports, right_on=mirrored, suffixes=("", "_other"))
    fits = _is(pairs["laddr"], pairs["raddr_other"]) & _is(pairs["laddr_other"], pairs["raddr"])
    local = pairs["raddr"].str.startswith("127.") | (pairs["raddr"] == "::1")
    abroad = pairs["host"] != pairs["host_other"]
    pairs = pairs.assign(local=local, abroad=abroad)[
        fits & (pairs["row"] != pairs["row_other"]) & ~(local & abroad)
    ]
    apart = (pairs["first"] - pairs["first_other"]).abs()
    elsewhere = pairs["container"] != pairs["container_other"]
    # Loopback addresses are the same in every container: nearest in time, and rather in the same one. Private
    # ones are the same in many networks: rather on the same host.
    pairs = pairs.assign(far=(pairs["local"] & elsewhere) | pairs["abroad"], apart=apart)
    pairs = pairs.sort_values(["far", "apart"], kind="stable")
    return _each_once(pairs[["row", "row_other"]])


def _each_once(pairs: pd.DataFrame) -> np.ndarray:
    """Of pairs, the best first, those of which neither end is in a better one that is taken."""
    taken = []
    while len(pairs):
        best = pairs[~pairs["row"].duplicated() & ~pairs["row_other"].duplicated()]
        taken.append(best.to_numpy().T)
        gone = pairs["row"].isin(best["row"]) | pairs["row_other"].isin(best["row_other"])
        pairs = pairs[~gone]
    return np.concatenate(taken, axis=1) if taken else np.empty((2, 0), np.int64)


def _few_alike(
    ends: pd.DataFrame, others: pd.DataFrame, ports: list[str], mirrored: list[str]
) -> pd.DataFrame:
    """Without those whose ports so many sockets have that a hostile capture would exhaust memory."""
    alike = ends.groupby(ports, observed=True)["row"].transform("size")
    mine = pd.MultiIndex.from_frame(ends[ports])
    theirs = others.groupby(mirrored, observed=True).size()
    met = theirs.reindex(mine).fillna(0).to_numpy()
    return ends[alike.to_numpy() * met <= _MOST_ALIKE]


def _is(local: pd.Series, told: pd.Series) -> pd.Series:
    """A local address is the one that the other end tells, or was left to the kernel."""
    return (local == told) | local.isin(list(_ANY))


def _by_order(frames: CaptureFrames, moved: Segments) -> np.ndarray:
    """int64[2, pairs]: the n-th connect to a unix path and the n-th accept there."""
    things, events = frames.descriptors, frames.events
    unix = np.append((things["type"] == "unix").to_numpy() & (things["name"] != "").to_numpy(), False)
    thing, ret = (events[name].to_numpy() for name in ("descriptor", "ret"))
    time, latency = (events[name].to_numpy() for name in ("time", "latency"))
    names = pd.factorize(things["name"])[0].astype(np.int64) * len(frames.hosts) + things["host"].to_numpy()
    _, path = codes_of(np.append(names, _NONE))
    sides = []
    for called in (_CONNECTS, _ACCEPTS):
        rows = rows_of_types(events["type"], called)
        rows = rows[(ret[rows] >= 0) & unix[thing[rows]]]
        _, first = np.unique(thing[rows], return_index=True)
        rows = rows[np.sort(first)]
        sides.append((rows, _nth(path[thing[rows]])))
    (asked, asked_key), (taken, taken_key) = sides
    _, one, two = np.intersect1d(asked_key, taken_key, assume_unique=True, return_indices=True)
    asked, taken = asked[one], taken[two]
    in_time = time[taken] >= time[asked] - np.maximum(latency[asked], 0)
    client, server = thing[asked[in_time]].astype(np.int64), thing[taken[in_time]].astype(np.int64)
    read, written = _bytes(frames, moved)
    possible = (read[server] <= written[client]) & (read[client] <= written[server])
    return np.array([client[possible], server[possible]])


def _nth(group: np.ndarray) -> np.ndarray:
    """int64: the group above, how many of it came before below."""
    order = np.argsort(group, kind="stable")
    sorted_group = group[order].astype(np.int64)
    new = np.append(True, sorted_group[1:] != sorted_group[:-1])[: len(order)]
    place = np.arange(len(order))
    found = np.empty(len(order), np.int64)
    found[order] = sorted_group << 32 | (place - np.maximum.accumulate(np.where(new, place, 0)))
    return found


def _bytes(frames: CaptureFrames, moved: Segments) -> tuple[np.ndarray, np.ndarray]:
    """int64, of each thing: bytes read from it and written to it."""
    thing, size = (frames.events[name].to_numpy()[moved.rows] for name in ("descriptor", "size"))
    sums = np.zeros((2, len(frames.descriptors) + 1), np.int64)
    for side, mine in enumerate((~moved.writes & ~moved.peeked, moved.writes)):
        np.add.at(sums[side], thing[mine], size[mine].astype(np.int64))
    return sums[0], sums[1]


def _by_socketpair(frames: CaptureFrames) -> np.ndarray:
    """int64[2, pairs]: the ends of socketpairs, by what the two numbers stood for when next used."""
    made = pairs_made(frames, ("socketpair",))
    found = made.things(frames)
    unix = np.append((frames.descriptors["type"] == "unix").to_numpy(), False)
    pairs: np.ndarray = found[:, (found >= 0).all(axis=0) & unix[found].all(axis=0)]
    return pairs
