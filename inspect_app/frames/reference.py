"""The reference of frames, from the declared columns: `python -m inspect_app.frames.reference`."""

from __future__ import annotations

from inspect_app.frames.columns import DERIVED, TABLES, FrameColumn

_INTRODUCTION = """\
# Frames

This page is written by `python -m inspect_app.frames.reference`; a test holds it against the declaration.

`open_capture(path)` of `inspect_app.frames` gives a capture, or several as one, as pandas frames: attributes
of one value, that point into each other by row number. [Using them in a notebook](notebooks.md) shows how.

- Times are int64 nanoseconds since 1970 UTC; -1 says: not seen, or not ended.
- A column that is a *row of* something, or a *position in* something, is a number; -1 says: none.
- An empty text says that there is none, or that it was not recorded; -1 says so of a number.
- Texts of events lie once in small frames: a question about text is asked of those and spread by code.
- Payload, raw arguments 3 to 5 and raw texts stay in the file until `frames.source` is asked for them.

Beside the frames: `host` (a dictionary of what was recorded of host, clock and recorder), `state` (whether
the file is whole), `paths` and `environments` (what columns are positions in), `source` (what stays in the
file).
"""
_MEANINGS = {
    "events": "A row an event, in the order in which the calls returned.",
    "processes": "A row a process that ever lived: pid and start, so that a pid used again is another.",
    "threads": "A row a thread.",
    "images": "A row a program that a process ran: a fork begins with its parent's, an exec adds one.",
    "descriptors": "A row a thing under a name that descriptors or paths referred to. An inode under several "
    "names has a row for each, with the time of its first and last event: its names over time.",
    "containers": "A row a container, alive or dead; row 0 is the host (of several hosts, the first).",
    "users": "The hosts' lists of users.",
    "groups": "The hosts' lists of groups.",
    "samples": "What processes used: a row for each that was active in a second.",
    "drops": "What was not seen, not recorded one by one, or cut: a row an interval and kind.",
    "counted": "Sums of calls that were not recorded one by one: they are in no other frame.",
    "opened": "A row a descriptor number that was open when the recording began.",
    "mounts": "What was mounted when the recording began.",
    "hosts": "A row a recorded machine: there are several where captures of several were opened as one.",
    "recordings": "A row a recording: where it lies, whose it is, and how its times were put right. Times of "
    "a host are UTC by its own clock; recordings of the same boot follow the clock of the first of them.",
    "files": "The rows of `descriptors` that are files or directories, under their row numbers there.",
    "connections": "The rows of `descriptors` that are IPv4 or IPv6 sockets, under their row numbers there.",
    "pods": "A row a pod, from what was recorded of its containers.",
}


def reference() -> str:
    """The whole page as Markdown."""
    tables = [*TABLES.items(), *DERIVED.items()]
    return "\n".join([_INTRODUCTION, *(_table(name, columns) for name, columns in tables)])


def _table(name: str, columns: tuple[FrameColumn, ...]) -> str:
    rows = [(f"`{one.name}`", one.dtype, one.unit, one.meaning) for one in columns]
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    head = ["| column | dtype | unit | meaning |", "|---|---|---|---|"]
    return "\n".join([f"## `{name}`\n", f"{_MEANINGS[name]}\n", *head, *lines, ""])


if __name__ == "__main__":
    print(reference(), end="")
