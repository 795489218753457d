"""What a program was begun with: the file given, its arguments, and what was known of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from capture.format.convert.collecting import Slices, end_to_end
from capture.format.convert.interning import Texts
from capture.format.convert.parameters import MISSING
from capture.model.program_file import ProgramFlag

if TYPE_CHECKING:
    from capture.format.convert.piece import Piece

Array = np.ndarray[Any, np.dtype[Any]]

_LAYERS = {1 << 1: ProgramFlag.UPPER, 1 << 2: ProgramFlag.MEMFD, 1 << 3: ProgramFlag.LOWER}
"""scap's flags of a program's file, and ours."""
_FILE = 64
_COMM = 16
_UNKNOWN_OWNER = 0xFFFFFFFF


def program_texts(piece: Piece, is_exec: Array) -> list[Texts]:
    """Complete the texts of programs that were begun; returns those of the column `exe`."""
    found = piece.found
    ret = found.number("ret")
    begun = np.flatnonzero(is_exec & (ret == 0))
    if not len(begun):
        return []
    name = found.slice("text")
    for role in ("exepath", "exe"):
        if role in found.slices:
            other = found.slices[role]
            bare = begun[(name.size[begun] < 0) & _are_paths(piece.data, other, begun)]
            name.at[bare], name.size[bare] = other.at[bare], other.size[bare]
    _add_arguments(piece, begun)
    return _files(piece, begun) + _names(piece, begun[name.size[begun] < 0])


def _are_paths(data: Array, runs: Slices, rows: Array) -> Array:
    """bool: there is a slash in it. A first argument without one is a name that was looked for in PATH."""
    at, size = runs.at[rows], np.maximum(runs.size[rows], 0)
    owner = np.repeat(np.arange(len(rows)), size)
    slashes = end_to_end(data, at, size) == ord("/")
    found: Array = np.bincount(owner, slashes, minlength=len(rows)) > 0
    return found


def _add_arguments(piece: Piece, begun: Array) -> None:
    """The first argument stands right before the others in the file: together they are the list."""
    found = piece.found
    if "exe" not in found.slices:
        return
    first, others, words = found.slices["exe"], found.slice("args"), found.slice("text2")
    at, size = first.at[begun], first.size[begun]
    more = others.size[begun]
    joined = (more > 0) & (others.at[begun] == at + size + 1)
    end = np.where(joined, others.at[begun] + more, at + size)
    closed = joined & (piece.data[np.maximum(end - 1, 0)] == 0)
    known = size >= 0
    words.at[begun[known]] = at[known]
    words.size[begun[known]] = (end - closed - at)[known]


def _files(piece: Piece, begun: Array) -> list[Texts]:
    found = piece.found
    flags = found.number("exe_flags")
    rows = begun[flags[begun] != MISSING]
    if not len(rows):
        return []
    packed = np.zeros((len(rows), _FILE), np.uint8)
    words = packed.view("<u4")
    for bit, flag in _LAYERS.items():
        words[:, 0] |= np.where(flags[rows] & bit != 0, int(flag), 0).astype(np.uint32)
    words[:, 1] = 1
    words[:, 8:10] = _UNKNOWN_OWNER
    packed[:, 48:] = _comms(piece, rows)
    times = packed.view("<i8")
    for place, role in ((2, "exe_mtime"), (3, "exe_ctime")):
        told = found.number(role)[rows]
        times[:, place] = np.where(told == MISSING, 0, told)
    return [Texts("exe", rows, packed, np.full(len(rows), _FILE, np.int64))]


def _names(piece: Piece, rows: Array) -> list[Texts]:
    """The name of programs of which no path is told, where nothing else is told of their file either."""
    rows = rows[piece.found.number("exe_flags")[rows] == MISSING]
    if not len(rows):
        return []
    return [Texts("exe", rows, _comms(piece, rows), np.full(len(rows), _COMM, np.int64))]


def _comms(piece: Piece, rows: Array) -> Array:
    """uint8[rows, 16]: what programs are called; by their first argument where older files do not say."""
    told = np.zeros((len(rows), _COMM), np.uint8)
    within = np.arange(_COMM)
    for role in ("exe", "comm"):
        if role in piece.found.slices:
            runs = piece.found.slices[role]
            size = np.minimum(runs.size[rows], _COMM - 1)
            picked = piece.data[np.minimum(runs.at[rows][:, None] + within, len(piece.data) - 1)]
            some = (runs.size[rows] > 0) & ((role == "comm") | ~_are_paths(piece.data, runs, rows))
            told[some] = np.where(within < size[:, None], picked, 0)[some]
    return told
