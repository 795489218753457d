"""Which process sent bytes to which: over connections, unix sockets and pipes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from inspect_app.analysis.channels import KINDS
from inspect_app.filters.transfers import peers, transfers
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.peers import HOWS, SHARED

MAX_EDGES = 1_000_000
"""A pipe has an edge from each who writes to each who reads; a hostile capture may claim more of them."""


def edges(frames: CaptureFrames, selected: np.ndarray | slice | None = None) -> pd.DataFrame:
    """A row for each pair of processes and each thing through which one sent bytes to the other.

    Columns: `sender`, `receiver` (rows of processes, -1 not known: elsewhere, not recorded, or addresses
    are translated), `kind` (ipv4, ipv6, unix, pipe, fifo), `channel` (row of descriptors at the sender's
    end, or at the receiver's where the sender's is not known), `name`, `how` (the other end is known: see
    `frames.peers.HOWS`), `sent` and `received` (bytes; -1 where that end was not seen), `first`, `last`
    (ns since 1970 UTC). Where several share a pipe, `sent` is what the sender wrote, to whomever, and
    `received` what the receiver read, from whomever.

    Raises:
        ValueError: there are more than MAX_EDGES.
    """
    sides, found = _sides(frames, selected), peers(frames)
    one, other = _meeting(sides, found.other)
    left, right = one >= 0, other >= 0
    thing = _taken(sides["thing"], np.where(left, one, other))
    things = frames.descriptors
    met = left & right
    # Who holds the other end of a connection and has read nothing is known, too.
    user = np.append(found.user, -1)[np.append(found.other, -1)[np.where(left, thing, -1)]]
    idle = left & ~right & (user >= 0) & (found.how[thing] != SHARED)
    start, end = ([_taken(sides[name], rows) for rows in (one, other)] for name in ("first", "last"))
    table = pd.DataFrame(
        {
            "sender": _taken(sides["process"], one).astype(np.int32),
            "receiver": np.where(idle, user, _taken(sides["process"], other)).astype(np.int32),
            "kind": things["type"].to_numpy()[thing],
            "channel": thing.astype(np.int32),
            "name": things["name"].to_numpy()[thing],
            "how": np.where(met | idle, np.array([*HOWS, ""], object)[found.how[thing]], ""),
            "sent": _taken(sides["size"], one),
            "received": np.where(idle, 0, _taken(sides["size"], other)),
            "first": np.where(met, np.minimum(*start), np.maximum(*start)),
            "last": np.maximum(*end),
        }
    )
    return table.sort_values("first", kind="stable", ignore_index=True)


def _meeting(sides: pd.DataFrame, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of sides: who wrote, and who read at the other end; -1 nobody was seen there."""
    thing, write = sides["thing"].to_numpy(), sides["write"].to_numpy()
    written = pd.DataFrame({"one": np.flatnonzero(write), "end": np.append(other, -1)[thing[write]]})
    read = pd.DataFrame({"other": np.flatnonzero(~write), "end": thing[~write]})
    meetings = written["end"].map(read.groupby("end").size()).fillna(0)
    if int(meetings.sum()) > MAX_EDGES:
        raise ValueError(f"there are more than {MAX_EDGES:,} pairs of processes with something between them")
    both = written.merge(read, how="outer", on="end")
    one, two = (both[name].fillna(-1).to_numpy().astype(np.int64) for name in ("one", "other"))
    return one, two


def _taken(column: pd.Series, rows: np.ndarray) -> np.ndarray:
    """Some values of a column, -1 for row -1."""
    values: np.ndarray = np.append(column.to_numpy().astype(np.int64), -1)[rows]
    return values


def _sides(frames: CaptureFrames, selected: np.ndarray | slice | None) -> pd.DataFrame:
    """What each process wrote to and read from each thing."""
    moved = transfers(frames)
    channel = np.append(frames.descriptors["type"].isin(list(KINDS)).to_numpy(), False)
    thing = frames.events["descriptor"].to_numpy()[moved.rows]
    chosen = channel[thing] & ~moved.peeked
    if selected is not None:
        inside = np.zeros(len(frames.events), bool)
        inside[selected] = True
        chosen &= inside[moved.rows]
    rows = moved.rows[chosen]
    columns = {name: frames.events[name].to_numpy()[rows] for name in ("process", "size", "time")}
    table = pd.DataFrame({**columns, "thing": thing[chosen], "write": moved.writes[chosen]})
    grouped = table.groupby(["thing", "write", "process"], sort=False)
    return grouped.agg(size=("size", "sum"), first=("time", "min"), last=("time", "max")).reset_index()
